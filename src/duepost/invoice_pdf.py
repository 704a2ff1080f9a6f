"""How does a billing app that brings no PDF get a plain, correct invoice?

The same data gives the same bytes, whenever and wherever one version of reportlab renders it, so that the document
store keeps one. Needs the extra `pdf`.
"""

from pathlib import Path
from threading import Lock

from duepost.invoice_checked import checked
from duepost.invoice_data import InvoiceData, InvoiceLine, Party, VatTotal
from duepost.invoice_font import font
from duepost.invoice_sums import exact, sums
from duepost.invoice_words import words

__all__ = ["InvoiceData", "InvoiceLine", "Party", "VatTotal", "render"]

_one_at_a_time = Lock()


def render(data: InvoiceData, *, regular: Path | None = None, bold: Path | None = None) -> bytes:
    """The PDF, on as many A4 pages as it takes. regular, bold: TrueType files for letters that Vera lacks.

    Raises: InvalidSend, whose field is the attribute's path (`lines[0].total`), for sums that do not agree and texts
    that cannot be printed; ConfigError when reportlab or a font is missing.
    """
    # reportlab's fonts keep a state that threads would share: KeyError or other bytes in one of 6 runs of 8 threads.
    with _one_at_a_time, exact():
        letters = font(regular, bold)
        from duepost.invoice_layout import laid_out  # noqa: PLC0415 - reportlab is an extra; font has told its absence

        data = checked(data, letters)
        return laid_out(data, sums(data), words(data.language), letters)

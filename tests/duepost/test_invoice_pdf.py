"""Is an invoice from data a document that a customer can read, the same each time?"""

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal, Inexact, localcontext
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from duepost.document_kinds import judged
from duepost.errors import ConfigError, InvalidSend
from duepost.invoice_pdf import InvoiceData, InvoiceLine, Party, render
from duepost.pages import pages_of
from duepost.sends import Kind

LETTERS = "æøå ÆØÅ ãçßéŁ łöüñ €"
LINE = InvoiceLine(description="Desk", quantity=Decimal("1.5"), unit_price=Decimal("1234.5"), vat_rate=Decimal(25))
DATA = InvoiceData(
    seller=Party(name="Havnehuset ApS", address=("Kajgaden 14", "1799 København V"), vat_number="DK12345674"),
    buyer=Party(name=LETTERS, address=("Rua 1", "São Paulo")),
    number="1001",
    issued=date(2026, 11, 6),
    due=date(2026, 12, 1),
    currency="DKK",
    lines=(LINE,),
    iban="DK50 00400440116243",
    reference="+71<000000000010015",
    note="Thank you.\n\n<b>No</b> markup & no harm.",
)


def text_of(content: bytes) -> str:
    """What a reader copies from the pages, as poppler sees it; skipped where that is missing, except in CI."""
    program = shutil.which("pdftotext")
    if program is None:
        lack = "pdftotext is not installed"
        pytest.fail(lack) if os.environ.get("CI") else pytest.skip(lack)
    assert program
    asked = [program, "-layout", "-", "-"]
    return subprocess.run(asked, input=content, capture_output=True, check=True, timeout=30).stdout.decode()


def words_of(content: bytes) -> str:
    return " ".join(text_of(content).split())


def test_the_callers_own_precision_changes_no_number() -> None:
    with localcontext() as context:
        context.prec = 3
        context.traps[Inexact] = True
        content = render(DATA)
    assert content == render(DATA)


def test_the_store_takes_it_as_a_whole_pdf_of_one_page() -> None:
    content = render(DATA)
    assert judged(content, 100_000, content).media_type == "application/pdf"
    assert pages_of(content) == 1


def test_everything_that_was_given_stands_on_it() -> None:
    said = words_of(render(DATA))
    for text in (
        "Invoice",
        "1001",
        LETTERS,
        "São Paulo",
        "VAT no. DK12345674",
        "6 Nov 2026",
        "1 Dec 2026",
        "Desk 1.5 1,234.50 25 1,851.75",
        "VAT 25 % of 1,851.75 462.94",
        "Amount due DKK 2,314.69",
        "DK50 0040 0440 1162 43",
        "+71<000000000010015",
        "<b>No</b> markup & no harm.",
        "1/1",
    ):
        assert text in said


@pytest.mark.parametrize(
    ("language", "kind", "title", "day", "amount"),
    [
        ("en", Kind.CREDIT_NOTE, "Credit note", "6 Nov 2026", "Amount credited DKK 2,314.69"),
        ("da", Kind.INVOICE, "Faktura", "06.11.2026", "At betale DKK 2.314,69"),
        ("da-DK", Kind.REMINDER, "Betalingspåmindelse", "06.11.2026", "At betale DKK 2.314,69"),
        ("nl", Kind.CREDIT_NOTE, "Creditnota", "06-11-2026", "Gecrediteerd bedrag DKK 2.314,69"),
        ("pt", Kind.REMINDER, "Lembrete de pagamento", "06/11/2026", "Total a pagar DKK 2.314,69"),
        ("fi", Kind.INVOICE, "Invoice", "6 Nov 2026", "Amount due DKK 2,314.69"),
    ],
)
def test_it_speaks_its_readers_language(language: str, kind: Kind, title: str, day: str, amount: str) -> None:
    said = words_of(render(replace(DATA, language=language, kind=kind, concerning="999")))
    assert all(text in said for text in (title, day, amount, "999"))


SAME = """
import hashlib
from tests.duepost.test_invoice_pdf import DATA, render
print(hashlib.sha256(render(DATA)).hexdigest())
"""


def test_two_processes_make_the_same_bytes() -> None:
    def digest(seed: str, zone: str) -> str:
        surroundings = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        asked = [sys.executable, "-c", SAME]
        return subprocess.run(asked, env=surroundings, capture_output=True, check=True, text=True).stdout.strip()

    render(replace(DATA, buyer=Party(name="Another, with other letters: ÿ")))
    here = hashlib.sha256(render(DATA)).hexdigest()
    assert digest("1", "UTC") == digest("2", "Asia/Tokyo") == here


def test_many_threads_make_the_same_bytes() -> None:
    several = [replace(DATA, number=str(number)) for number in range(16)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(render, several)) == [render(one) for one in several]


def test_many_lines_run_over_numbered_pages_and_none_is_lost() -> None:
    lines = tuple(replace(LINE, description=f"Charge-{number}.") for number in range(150))
    content = render(replace(DATA, lines=lines))
    pages = pages_of(content)
    said = words_of(content)
    assert pages > 3
    assert all(f"Charge-{number}." in said for number in range(150))
    assert all(f"Invoice 1001 {page}/{pages}" in said for page in range(1, pages + 1))
    assert said.count("Unit price") == pages


@pytest.mark.parametrize(
    "changed",
    [
        {"lines": (replace(LINE, description="W" * 1000),)},
        {"lines": (replace(LINE, description="\n".join("W" * 33 for _ in range(29))),) * 2},
        {"lines": (replace(LINE, quantity=Decimal("999999999999.123456"), unit_price=Decimal("0.123456")),)},
        {"number": "W" * 64, "concerning": "W" * 64, "reference": "W" * 120},
        {"buyer": Party(name="W" * 120, address=("W" * 120,) * 8)},
        {"note": "a\n" * 1900},
        {"note": "W" * 4000},
    ],
)
def test_the_longest_texts_find_room(changed: dict[str, Any]) -> None:
    assert pages_of(render(replace(DATA, **changed))) >= 1


def test_its_letters_are_embedded() -> None:
    with pikepdf.open(BytesIO(render(DATA))) as pdf:
        fonts: Any = pdf.pages[0].Resources.Font
        embedded = [name for name, one in fonts.items() if "/FontDescriptor" in one]
        assert embedded
        used = {str(fonts[name].BaseFont) for name in embedded}
    assert any("Vera" in name for name in used)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"number": " "}, "number"),
        ({"number": "10\n01"}, "number"),
        ({"number": 1001}, "number"),
        ({"currency": "kr."}, "currency"),
        ({"issued": "2026-11-06"}, "issued"),
        ({"due": "tomorrow"}, "due"),
        ({"kind": "receipt"}, "kind"),
        ({"lines": ()}, "lines"),
        ({"lines": (LINE, replace(LINE, description=""))}, "lines[1].description"),
        ({"buyer": Party(name="")}, "buyer.name"),
        ({"buyer": Party(name="Γιώργος")}, "buyer.name"),
        ({"seller": Party(name="A", address=("1",) * 9)}, "seller.address"),
        ({"seller": Party(name="A", address=("a\x00b",))}, "seller.address[0]"),
        ({"iban": "DK5100400440116243"}, "iban"),
        ({"note": "W" * 4001}, "note"),
        ({"total": Decimal(1)}, "total"),
    ],
)
def test_what_cannot_be_printed_is_refused_by_its_name(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSend) as refused:
        render(replace(DATA, **changed))
    assert refused.value.field == field


def test_a_composed_and_a_decomposed_letter_are_the_same() -> None:
    assert render(replace(DATA, note="e\u0301")) == render(replace(DATA, note="\u00e9"))


DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


@pytest.mark.skipif(not DEJAVU.exists(), reason="needs the font DejaVu Sans")
def test_another_font_writes_other_letters() -> None:
    assert "Γιώργος ąęźő" in words_of(render(replace(DATA, buyer=Party(name="Γιώργος ąęźő")), regular=DEJAVU))


def test_a_font_that_is_none_is_the_operators_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.ttf").write_bytes(b"no font")
    for path in ("a.ttf", "missing.ttf"):
        with pytest.raises(ConfigError, match=r"^The invoice's font"):
            render(DATA, regular=tmp_path / path)


def test_without_reportlab_the_extra_is_named() -> None:
    asked = (
        "import sys; sys.modules['reportlab'] = None\n"
        "from tests.duepost.test_invoice_pdf import DATA, render, ConfigError\n"
        "try: render(DATA)\n"
        "except ConfigError as told: print(told)\n"
    )
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True, text=True).stdout
    assert "duepost[pdf]" in said


def test_no_personal_data_is_in_a_repr() -> None:
    assert LETTERS not in repr(DATA)
    assert "DK50" not in repr(DATA)

"""What does the file beside a run's PDF say of each letter?"""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO

from duepost.ledger.print_runs import Enveloped

COLUMNS = ("run", "sequence", "send", "sha256", "pages", "address", "filename")


def manifest(run: str, letters: Iterable[Enveloped], pages: Mapping[int, int]) -> bytes:
    """CSV in UTF-8 as RFC 4180 has it, one row a letter in the PDF's order.

    sha256: of the letter's own document. pages: in the PDF, blank ones included.
    """
    text = StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for one in letters:
        facts = (run, one.sequence, one.send_id, one.document_sha256.hex(), pages[one.sequence])
        rows.writerow([*facts, one.address or "", one.filename or ""])
    return text.getvalue().encode()

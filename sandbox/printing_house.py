"""Which printing house can the demo send its print runs to, and ask afterwards what it printed?

It looks into the folder that it shares with duepost. When a run's `.done` is there it takes the run away, counts the
pages of each letter by the manifest, reads on the paper which invoice they are, writes them down, and its list goes to
the clerk, who confirms the run.
"""

import argparse
import csv
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf

from sandbox.append_only import AppendOnlyFile, read_records

LOOK_SECONDS = 0.2
CONFIRMS_WITHIN = timedelta(seconds=30)
TAKEN = "taken.ndjson"
# As sandbox.invoice_pdf writes it: beside these words on the first page, after one of them on the second.
INVOICE = re.compile(rb"\(Invoice (?:number\) Tj.*?\()?(\d+)\) Tj", re.DOTALL)


@dataclass(frozen=True)
class Letter:
    """One letter that was printed: its pages lie in the run's PDF. sha256: of its document, as the manifest says.

    invoice: the number on its own pages, all of them where they differ, by blanks; empty where none bears one.
    """

    run: str
    sequence: int
    send: str
    sha256: str
    pages: int
    address: str
    invoice: str


def fetch(shared: Path, own: Path) -> Iterator[tuple[str, list[Letter]]]:
    """Take every run that is whole out of the shared folder.

    Raises: ValueError when the manifest and the PDF do not agree.
    """
    for done in sorted(shared.glob("*.done")):
        run = done.stem
        done.unlink()
        paper, manifest = ((shared / f"{run}.{kind}").read_bytes() for kind in ("pdf", "csv"))
        for kind, content in (("pdf", paper), ("csv", manifest)):
            (own / f"{run}.{kind}").write_bytes(content)
            (shared / f"{run}.{kind}").unlink()
        yield run, _letters(run, paper, manifest)


def read_letters(folder: Path) -> list[Letter]:
    """Everything printed into this folder so far, in the order of the runs; from any process."""
    return [Letter(**record) for record in read_records(folder / TAKEN)]


def _letters(run: str, paper: bytes, manifest: bytes) -> list[Letter]:
    rows = csv.DictReader(io.StringIO(manifest.decode("utf-8-sig")))
    with pikepdf.open(io.BytesIO(paper)) as opened:
        told = [_number_on(page) for page in opened.pages]
    letters, taken = [], 0
    for row in rows:
        first, taken = taken, taken + int(row["pages"])
        invoice = " ".join(dict.fromkeys(number for number in told[first:taken] if number))
        facts = (run, int(row["sequence"]), row["send"], row["sha256"], taken - first, row["address"])
        letters.append(Letter(*facts, invoice))
    if len(told) != taken:
        raise ValueError(f"{run}: the PDF has {len(told)} pages, the manifest {taken}")
    return letters


def _number_on(page: pikepdf.Page) -> str | None:
    """The invoice's number in the page's text; None on a blank one."""
    contents: Any = page.obj.get("/Contents", ())
    streams = contents if isinstance(contents, pikepdf.Array | tuple) else (contents,)
    found = INVOICE.search(b"\n".join(stream.read_bytes() for stream in streams))
    return found[1].decode() if found else None


def confirm(run: str) -> bool:
    """Tell duepost that it was printed; False when it did not believe it in time."""
    program = [sys.executable, "-m", "duepost", "print", "confirm", run, "--reason", "the printing house's list"]
    by = ["--by", "printing house"]
    until = time.monotonic() + CONFIRMS_WITHIN.total_seconds()
    while time.monotonic() < until:  # handing over is recorded a moment after `.done` is there
        if not subprocess.run([*program, *by], check=False).returncode:
            return True
        time.sleep(LOOK_SECONDS)
    return False


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.printing_house", description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="where print runs appear")
    parser.add_argument("--folder", type=Path, required=True, help="for its ledger and what it fetched")
    asked = parser.parse_args()
    parent = os.getppid()
    asked.shared.mkdir(parents=True, exist_ok=True)
    asked.folder.mkdir(parents=True, exist_ok=True)
    ledger = AppendOnlyFile(asked.folder / TAKEN)
    (asked.folder / "ready").touch()
    while os.getppid() == parent:
        for run, letters in fetch(asked.shared, asked.folder):
            ledger.append([vars(letter) for letter in letters])
            confirm(run)
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()

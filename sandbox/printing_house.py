"""Which printing house can the demo send its print runs to, and ask afterwards what it printed?

It looks into the folder that it shares with duepost. When a run's `.done` is there it takes the run away, counts the
pages of each letter by the manifest, writes them down, and its list goes to the clerk, who confirms the run.
"""

import argparse
import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pikepdf

from sandbox.append_only import AppendOnlyFile, read_records

LOOK_SECONDS = 0.2
CONFIRMS_WITHIN = timedelta(seconds=30)
TAKEN = "taken.ndjson"


@dataclass(frozen=True)
class Letter:
    """One letter that was printed: its pages lie in the run's PDF. sha256: of its document, as the manifest says."""

    run: str
    sequence: int
    send: str
    sha256: str
    pages: int
    address: str


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
    letters = [
        Letter(run, int(row["sequence"]), row["send"], row["sha256"], int(row["pages"]), row["address"]) for row in rows
    ]
    with pikepdf.open(io.BytesIO(paper)) as opened:
        pages = len(opened.pages)
    if pages != sum(letter.pages for letter in letters):
        raise ValueError(f"{run}: the PDF has {pages} pages, the manifest {sum(letter.pages for letter in letters)}")
    return letters


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

"""How fast is duepost, beside the plain way of doing it? `python -m benchmarks [PART …]`, all parts by default."""

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.status import Status

from benchmarks import drain, enqueue, gateway, letters, memory, message, release
from benchmarks.report import RESULTS, Figure, show, write
from duepost.errors import DuepostError
from sandbox.processes import RECORD, clear_leftovers
from sandbox.stack import ROOT

FOLDER = ROOT / ".duepost" / "bench"

# part -> what measures it
PARTS: Mapping[str, Callable[[Callable[[str], None], Path], list[Figure]]] = {
    "message": message.measure,
    "enqueue": enqueue.measure,
    "gateway": gateway.measure,
    "release": release.measure,
    "drain": drain.measure,
    "memory": memory.measure,
    "print": letters.measure,
}


def main() -> int:
    """Measure; 0 when every target is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    asked = parser.parse_args().parts or list(PARTS)
    for part in asked:
        if part not in PARTS:
            parser.error(f"there is no part {part}; choose from {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped"))
    console = Console()
    try:
        measured = {part: _measured(console, part) for part in asked}
    except DuepostError as wrong:
        console.print(f"bench: {wrong}", style="red", markup=False)
        return 1
    write(measured)
    console.print(f"written to {RESULTS.relative_to(ROOT)}")
    missed = [one for figures in measured.values() for one in figures if one.met is False]
    return 1 if missed else 0


def _measured(console: Console, part: str) -> list[Figure]:
    started = time.monotonic()
    with _fresh_folder() as folder, console.status(part) as status:
        figures = PARTS[part](partial(_say, status, part), folder)
    show(console, f"{part} ({time.monotonic() - started:.0f} s)", figures)
    return figures


@contextmanager
def _fresh_folder() -> Iterator[Path]:
    """An empty folder for stacks; what a killed bench left running is ended. Raises: Refused while another one runs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for record in FOLDER.rglob(RECORD):
        clear_leftovers(record.parent)
    shutil.rmtree(FOLDER)
    FOLDER.mkdir()
    yield FOLDER
    shutil.rmtree(FOLDER)


def _say(status: Status, part: str, step: str) -> None:
    status.update(f"{part}: {step}")


if __name__ == "__main__":
    sys.exit(main())

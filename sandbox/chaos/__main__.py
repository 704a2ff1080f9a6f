"""Does the promise hold while things break? `make chaos`."""

import argparse
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from duepost.errors import DuepostError
from sandbox.chaos import (
    drills_broker,
    drills_crash,
    drills_database,
    drills_guards,
    drills_providers,
    drills_stops,
    drills_time,
)
from sandbox.chaos.drill import Drill, Row, run
from sandbox.chaos.rig import Rig
from sandbox.chaos.soak import soak_drill
from sandbox.stack import ROOT

FOLDER = ROOT / ".duepost" / "chaos"
DRILLS: tuple[Drill, ...] = (
    *drills_crash.DRILLS,
    *drills_broker.DRILLS,
    *drills_database.DRILLS,
    *drills_stops.DRILLS,
    *drills_providers.DRILLS,
    *drills_guards.DRILLS,
    *drills_time.DRILLS,
)


def main() -> int:
    """Run the drills; 0 only when every one kept the promise, or, without protection, when none did."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the short set")
    parser.add_argument("--only", action="append", default=[], help="drills whose name holds this")
    parser.add_argument("--times", type=int, default=1, help="how often in a row")
    parser.add_argument("--unprotected", action="store_true", help="switch each drill's protection off: it must fail")
    parser.add_argument("--soak", type=float, default=0, help="seconds of random faults instead of the drills")
    parser.add_argument("--seed", type=int, default=None, help="of the random faults; default: another one each time")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for data and logs; emptied first")
    asked = parser.parse_args()
    for asks_to_stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(asks_to_stop, lambda *_: sys.exit("chaos: stopped"))
    console = Console(highlight=False)
    drills = [one for one in DRILLS if not asked.short or one.short]
    drills = [one for one in drills if not asked.only or any(word in one.name for word in asked.only)]
    if not drills:
        console.print(f"chaos: no drill's name holds {' or '.join(asked.only)}; there are:", style="red", markup=False)
        console.print(", ".join(one.name for one in DRILLS), markup=False)
        return 1
    if asked.soak:
        seed = random.randrange(1_000_000) if asked.seed is None else asked.seed  # noqa: S311 - it is told
        drills = [soak_drill(asked.soak, seed, console)]
    try:
        rows = _unprotected(console, drills, asked.folder) if asked.unprotected else _drills(console, drills, asked)
    except DuepostError as wrong:
        console.print(f"chaos: {wrong}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("chaos: stopped; nothing is left running")
        return 1
    console.print(_table(rows))
    kept = [row.passed for row in rows]
    return 0 if rows and (not any(kept) if asked.unprotected else all(kept)) else 1


def _drills(console: Console, drills: list[Drill], asked: argparse.Namespace) -> list[Row]:
    rows: list[Row] = []
    able = [drill for drill in drills if _can(console, drill)]
    for faked in (False, True):
        chosen = [drill for drill in able if drill.faked is faked]
        if chosen:
            with Rig(asked.folder, faked=faked) as rig:
                for _ in range(asked.times):
                    rows += [_told(console, run(drill, rig)) for drill in chosen]
    return rows


def _unprotected(console: Console, drills: list[Drill], folder: Path) -> list[Row]:
    """Each drill on a stack of its own, whose processes run without the drill's protection."""
    rows = []
    for drill in drills:
        if _can(console, drill):
            with Rig(folder, sabotage=drill.sabotage, faked=drill.faked) as rig:
                rows.append(_told(console, run(drill, rig)))
    return rows


def _can(console: Console, drill: Drill) -> bool:
    missing = [program for program in drill.needs if shutil.which(program) is None]
    if missing:
        console.print(f"{time.strftime('%H:%M:%S')}  {drill.name}: left out, {', '.join(missing)} is not installed")
    return not missing


def _told(console: Console, row: Row) -> Row:
    line = f"{time.strftime('%H:%M:%S')}  {row.drill}: {'kept' if row.passed else 'BROKEN'} in {row.seconds:.0f} s"
    console.print(line, style=None if row.passed else "red", markup=False)
    for breach in row.found.breaches[:10]:
        console.print(f"    {breach}", style="red", markup=False)
    return row


def _table(rows: list[Row]) -> Table:
    table = Table("drill", "sends", "lost", "repeated", "unknown", "seconds", "promise")
    for row in rows:
        found = row.found
        numbers = [f"{one:,}" for one in (found.sends, found.lost, found.repeated, found.unknown)]
        table.add_row(row.drill, *numbers, f"{row.seconds:.0f}", "kept" if row.passed else "BROKEN")
    return table


if __name__ == "__main__":
    sys.exit(main())

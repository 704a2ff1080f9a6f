"""How far is the run? Drawn while it goes."""

import time
from collections import Counter
from datetime import timedelta

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from duepost.ledger.look import counts
from duepost.statuses import Status

LOOK_SECONDS = 0.5
RATE_OVER_SECONDS = 5.0

# status -> colour
COLOURS = {Status.SENT: "green", Status.QUEUE: "cyan", Status.ERROR_SENDING_EMAIL: "yellow"}


def watch(engine: Engine, console: Console, limit: timedelta) -> bool:
    """Draw counts per status, rate and time left until nothing waits, nor lies for print; False at the limit."""
    started = time.monotonic()
    seen: list[tuple[float, int]] = []
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            with engine.connect() as connection:
                found = counts(connection)
            now = time.monotonic()
            done = sum(count for status, count in found.items() if not _goes_on(status))
            seen = [*(one for one in seen if one[0] > now - RATE_OVER_SECONDS), (now, done)]
            live.update(_picture(Counter(found), now - started, _rate(seen)), refresh=True)
            if done == sum(found.values()):
                return True
            if now - started > limit.total_seconds():
                return False
            time.sleep(LOOK_SECONDS)


def _goes_on(status: Status) -> bool:
    return status.waiting or status is Status.READY_TO_PRINT


def _rate(seen: list[tuple[float, int]]) -> float:
    seconds = seen[-1][0] - seen[0][0]
    return (seen[-1][1] - seen[0][1]) / seconds if seconds else 0.0


def _picture(found: Counter[Status], seconds: float, rate: float) -> Group:
    total = found.total()
    waiting = sum(count for status, count in found.items() if _goes_on(status))
    left = f"{waiting / rate:.0f} s left at this rate" if rate and waiting else "waiting for the next due time"
    table = Table.grid(padding=(0, 2))
    for status, count in sorted(found.items()):
        bar = ProgressBar(total=total, completed=count, width=40)
        table.add_row(Text(f"{int(status)} {status.label}", style=COLOURS.get(status, "red")), bar, f"{count:,}")
    return Group(table, Text(f"{seconds:.0f} s · {rate:,.0f} settled/s · {waiting:,} waiting · {left}", style="dim"))

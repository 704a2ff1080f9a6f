"""What does duepost do? The main job on real input: a month-end file goes out, and every invoice is accounted for."""

import argparse
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import Engine, create_engine

from duepost.credentials import Scope
from duepost.errors import DuepostError, Refused
from duepost.ledger.keys import add_key
from duepost.ledger.look import counts
from duepost.settings import SANDBOX
from duepost.statuses import Status
from sandbox.channels import Counterparts, start_counterparts
from sandbox.child import wait_until
from sandbox.held import held_by
from sandbox.month_end import Expected, write_month_end
from sandbox.ports import free_port, require_free
from sandbox.processes import clear_leftovers
from sandbox.reconcile import Account, accepted_sends, reconcile
from sandbox.sms_counterpart import NUMBERS
from sandbox.sms_ledger import read_reported, read_taken
from sandbox.stack import FLOWER_PASSWORD, FLOWER_USER, ROOT, Stack
from sandbox.systems import SYSTEMS
from sandbox.tongues import EACH, speak
from sandbox.watch import watch

FOLDER = ROOT / ".duepost" / "demo"
PDFS = ROOT / ".duepost" / "month-end"
FILE = ROOT / "examples" / "month-end.ndjson"
RUN = "month-end"
ZONE = "Europe/Copenhagen"
AHEAD = timedelta(seconds=30)  # the scheduled sends are at least this far away when the file is written
LIMIT = timedelta(seconds=140)
GATHERED_WITHIN = timedelta(seconds=60)
UNTOLD = {"unreported", "silent, unreported"}
REPORTED_WITHIN = timedelta(seconds=15)
WORKERS = 2

# A night's retries in seconds, and a mail server that hangs is given up on at once.
SETTINGS = {
    "DUEPOST_RETRY__WAITS_SECONDS": "[2, 3, 5, 8]",
    "DUEPOST_PROVIDERS__SMTP__COMMAND_SECONDS": "3",
    "DUEPOST_PROVIDERS__SMTP__FINAL_DOT_SECONDS": "5",
    "DUEPOST_RETRY__PENDING_SECONDS": "2",
}
# channel or invoice system -> who holds what left by it
HOLDERS = {
    "email": "mail server",
    "sms": "SMS gateway",
    "xml": "access point",
    "print": "printing house",
    "farpay": "FarPay",
    "saphety": "Saphety",
    "abillify": "Abillify",
    "acumulus": "Acumulus",
}


def main() -> int:
    """Run the demo; 0 only when every accepted send is explained."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the stack up at the end for a look around")
    parser.add_argument("--count", type=int, default=1000, help="invoices in the file")
    parser.add_argument("--flower-port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for data, logs and messages; emptied first")
    parser.add_argument("--picture", type=Path, help="write the end of the demo as an SVG picture")
    asked = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would start with it ignored
    for asks_to_stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(asks_to_stop, lambda *_: sys.exit("demo: stopped"))
    console = Console(record=asked.picture is not None, width=100 if asked.picture else None, highlight=False)
    try:
        return _run(console, asked)
    except DuepostError as wrong:
        console.print(f"demo: {wrong}", style="red", markup=False)
    except OSError as trouble:
        console.print(f"demo: {trouble.strerror}: {trouble.filename or FOLDER}", style="red", markup=False)
    except KeyboardInterrupt:
        console.print("demo: stopped; nothing is left running")
    return 1


def _run(console: Console, asked: argparse.Namespace) -> int:
    if asked.flower_port:
        require_free(asked.flower_port, "FLOWER_PORT")
    folder = asked.folder
    folder.mkdir(parents=True, exist_ok=True)
    clear_leftovers(folder)
    shutil.rmtree(folder)
    console.print("[bold]duepost[/bold]: a month-end file goes out, and every invoice is accounted for\n")
    console.print("1  PostgreSQL, Valkey; eight counterparts that misbehave, one for each channel and invoice system …")
    with Stack(folder, zone=ZONE, settings=SETTINGS) as stack:
        counterparts = start_counterparts(stack)
        console.print("2  scheduler, beat, workers and Flower …")
        stack.start_scheduler()
        stack.start_beat()
        for number in range(WORKERS):
            stack.start_worker(f"worker{number + 1}", lanes=",".join(["email", "sms", "xml", "print", *SYSTEMS]))
        stack.start_checker()
        flower = stack.start_flower(asked.flower_port or free_port())
        console.print(f"   Flower: {flower}  (user {FLOWER_USER}, password {FLOWER_PASSWORD})")
        expected = _write_file(console, asked.count)
        engine = create_engine(stack.database_url)
        _enqueue(console, stack, engine, asked.count)
        _close_print_run(console, stack, engine, expected)
        console.print("6  beat ticks every minute, workers deliver, what fails for now is tried again …")
        ended = watch(engine, console, LIMIT)
        wait_until(lambda: _reported(counterparts.sms), REPORTED_WITHIN)
        with engine.connect() as connection:
            sends = accepted_sends(connection)
        account = reconcile(sends, held_by(counterparts), expected)
        engine.dispose()
        _show(console, account)
        if asked.picture:
            # Without rich's web font: a page that shows the picture asks no stranger for anything.
            picture = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="make demo"), flags=re.DOTALL)
            asked.picture.write_text(picture)
        if asked.keep:
            _keep(console, stack, flower, counterparts)
    return 0 if ended and not account.unexplained and account.accepted == asked.count else 1


def _write_file(console: Console, count: int) -> Expected:
    due = (datetime.now(UTC) + AHEAD).replace(second=0, microsecond=0) + timedelta(minutes=1)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"   {count:,} invoices", total=count)
        expected = write_month_end(
            FILE,
            PDFS,
            count=count,
            scheduled=count // 10,
            scheduled_for=due,
            zone=ZONE,
            progress=lambda done: progress.update(task, completed=done),
        )
    console.print(
        f"3  {FILE.relative_to(ROOT)}: {count:,} invoices over four channels and systems,"
        f" {count // 10:,} of them for {due:%H:%M} UTC",
    )
    return expected


def _enqueue(console: Console, stack: Stack, engine: Engine, count: int) -> None:
    """Through the gateway: some invoices in the tongue of each system, then the whole file; none comes twice."""
    url = f"http://127.0.0.1:{stack.settings['DUEPOST_GATEWAY__PORT']}"
    with engine.begin() as connection:
        key = add_key(connection, "default", name="billing", scopes=Scope, kind="live", actor="demo").secret
    spoken = speak(url, key, FILE, each=EACH * count // 1000)
    told = ", ".join(f"{number} as to {name}" for name, number in spoken.items())
    console.print(f"4  the gateway, {url}: {told or 'none in a tongue of another system'}; then the whole file:")
    gateway = {"DUEPOST_URL": url, "DUEPOST_API_KEY": key}
    _duepost(stack, console, "   ", "import", str(FILE.relative_to(ROOT)), "--run", RUN, env=gateway)


def _duepost(
    stack: Stack, console: Console, step: str, *arguments: str, env: Mapping[str, str] = MappingProxyType({})
) -> None:
    console.print(f"{step}duepost {' '.join(arguments)}", highlight=False)
    program = [sys.executable, "-m", "duepost", *arguments]
    if subprocess.run(program, env={**stack.environment, **env}, cwd=ROOT, check=False).returncode:
        raise Refused("that did not work, as it says above: the demo ends here")


def _close_print_run(console: Console, stack: Stack, engine: Engine, expected: Expected) -> None:
    """Once every letter lies ready, today's print run may close at the next minute."""

    def gathered() -> bool:
        with engine.connect() as connection:
            return counts(connection).get(Status.READY_TO_PRINT, 0) >= expected.held.get("print", 0)

    if not wait_until(gathered, GATHERED_WITHIN):
        raise Refused(f"after {GATHERED_WITHIN.seconds} s not every letter was gathered: see {stack.folder}/*.log")
    minute = datetime.now(ZoneInfo(ZONE)) + timedelta(minutes=1)
    _duepost(stack, console, "5  ", "account", "cutoff", "default", f"{minute:%H:%M}")


def _reported(folder: Path) -> bool:
    """True when the SMS gateway has told the end of everything that it tells of."""
    told = {one.id for one in read_reported(folder) if one.state != "accepted"}
    return all(one.id in told for one in read_taken(folder) if NUMBERS.get(one.number[-3:], "") not in UNTOLD)


def _show(console: Console, account: Account) -> None:
    table = Table("left by", *(str(int(status)) for status in account.by_status), "sends", "there", "held by")
    for channel, holder in HOLDERS.items():
        counts_here = [each[channel] for each in account.by_status.values()]
        cells = (f"{count:,}" if count else "" for count in counts_here)
        table.add_row(channel, *cells, f"{sum(counts_here):,}", f"{account.held.get(channel, 0):,}", holder)
    table.add_section()
    sums = (f"{sum(each.values()):,}" for each in account.by_status.values())
    table.add_row("", *sums, f"{account.accepted:,}", f"{sum(account.held.values()):,}", "")
    console.print(table)
    console.print(" · ".join(f"{int(status)} {status.label}" for status in account.by_status))
    console.print(
        f"{account.asked + account.unknown:,} sends were answered by silence: the provider could be asked for"
        f" {account.asked:,}, and {account.unknown:,} are 300 OUTCOME_UNKNOWN, for a person",
    )
    for line in account.unexplained[:20]:
        console.print(line, style="red", markup=False)
    console.print(f"\n{account.line}", style="bold red" if account.unexplained else "bold green")


def _keep(console: Console, stack: Stack, flower: str, counterparts: Counterparts) -> None:
    console.print("\nThe stack is up; end it with Ctrl-C. For a look around:")
    console.print(f"  Flower       {flower}  (user {FLOWER_USER}, password {FLOWER_PASSWORD})")
    console.print(f"  messages     {counterparts.mail}/messages", soft_wrap=True)
    console.print(f"  print runs   {counterparts.printing_house}", soft_wrap=True)
    console.print(f"  logs         {stack.folder}", soft_wrap=True)
    console.print(
        f"  the ledger   DUEPOST_ENVIRONMENT={SANDBOX} DUEPOST_DATABASE_URL='{stack.database_url}'"
        " .venv/bin/duepost status",
        soft_wrap=True,
    )
    signal.pause()


if __name__ == "__main__":
    sys.exit(main())

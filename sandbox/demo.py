"""What does duepost do? The main job on real input: a month-end file goes out, and every invoice is accounted for."""

import argparse
import re
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import create_engine

from duepost.errors import DuepostError, Refused
from duepost.settings import SANDBOX
from sandbox.mail_ledger import read_taken
from sandbox.month_end import Expected, write_month_end
from sandbox.ports import free_port, require_free
from sandbox.processes import clear_leftovers
from sandbox.reconcile import Account, reconcile
from sandbox.stack import FLOWER_PASSWORD, FLOWER_USER, ROOT, Stack
from sandbox.watch import watch

FOLDER = ROOT / ".duepost" / "demo"
PDFS = ROOT / ".duepost" / "month-end"
FILE = ROOT / "examples" / "month-end.ndjson"
RUN = "month-end"
ZONE = "Europe/Copenhagen"
AHEAD = timedelta(seconds=30)  # the scheduled sends are at least this far away when the file is written
LIMIT = timedelta(seconds=140)
WORKERS = 2

# A night's retries in seconds, and a mail server that hangs is given up on at once.
SETTINGS = {
    "DUEPOST_RETRY__WAITS_SECONDS": "[2, 3, 5, 8]",
    "DUEPOST_PROVIDERS__SMTP__COMMAND_SECONDS": "3",
    "DUEPOST_PROVIDERS__SMTP__FINAL_DOT_SECONDS": "5",
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
    console.print("1  PostgreSQL, Valkey and a mail server that misbehaves on demand …")
    with Stack(folder, zone=ZONE, settings=SETTINGS) as stack:
        mail = stack.start_mail_server()
        console.print("2  scheduler, beat, workers and Flower …")
        stack.start_scheduler()
        stack.start_beat()
        for number in range(WORKERS):
            stack.start_worker(f"worker{number + 1}")
        flower = stack.start_flower(asked.flower_port or free_port())
        console.print(f"   Flower: {flower}  (user {FLOWER_USER}, password {FLOWER_PASSWORD})")
        expected = _write_file(console, asked.count)
        _import(console, stack)
        console.print("5  beat ticks every minute, workers deliver, what fails for now is tried again …")
        engine = create_engine(stack.database_url)
        ended = watch(engine, console, LIMIT)
        with engine.connect() as connection:
            account = reconcile(connection, read_taken(mail), expected)
        engine.dispose()
        _show(console, account)
        if asked.picture:
            # Without rich's web font: a page that shows the picture asks no stranger for anything.
            picture = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="make demo"), flags=re.DOTALL)
            asked.picture.write_text(picture)
        if asked.keep:
            _keep(console, stack, flower, mail)
    return 0 if ended and not account.unexplained and account.accepted == asked.count else 1


def _write_file(console: Console, count: int) -> Expected:
    due = (datetime.now(UTC) + AHEAD).replace(second=0, microsecond=0) + timedelta(minutes=1)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"   {count:,} two-page PDF invoices", total=count)
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
        f"3  {FILE.relative_to(ROOT)}: {count:,} invoices with PDFs, {count // 10:,} of them for {due:%H:%M} UTC",
    )
    return expected


def _import(console: Console, stack: Stack) -> None:
    console.print(f"4  duepost import {FILE.relative_to(ROOT)} --run {RUN}")
    program = [sys.executable, "-m", "duepost", "import", str(FILE), "--run", RUN]
    if subprocess.run(program, env=stack.environment, check=False).returncode:
        raise Refused("the import took nothing, as it says above: the demo ends here")


def _show(console: Console, account: Account) -> None:
    table = Table("status", "name", "sends", "meaning", title="the ledger")
    for status, count in account.by_status.items():
        table.add_row(str(int(status)), status.label, f"{count:,}", status.meaning)
    table.add_section()
    table.add_row("", "accepted", f"{account.accepted:,}", "the sum of the above")
    console.print(table)
    console.print(
        f"the mail server holds {account.messages:,} messages; of {account.unknown:,} sends nobody knows whether it"
        " took them: 300 OUTCOME_UNKNOWN, for a person",
    )
    for line in account.unexplained[:20]:
        console.print(line, style="red", markup=False)
    console.print(f"\n{account.line}", style="bold red" if account.unexplained else "bold green")


def _keep(console: Console, stack: Stack, flower: str, mail: Path) -> None:
    console.print("\nThe stack is up; end it with Ctrl-C. For a look around:")
    console.print(f"  Flower       {flower}  (user {FLOWER_USER}, password {FLOWER_PASSWORD})")
    console.print(f"  messages     {mail}/messages", soft_wrap=True)
    console.print(f"  logs         {stack.folder}", soft_wrap=True)
    console.print(
        f"  the ledger   DUEPOST_ENVIRONMENT={SANDBOX} DUEPOST_DATABASE_URL='{stack.database_url}'"
        " .venv/bin/duepost status",
        soft_wrap=True,
    )
    signal.pause()


if __name__ == "__main__":
    sys.exit(main())

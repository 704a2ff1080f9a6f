"""How does a stack get channels and invoice systems, each with a counterpart that can be asked what it holds?"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.ports import free_port
from sandbox.sms_stack import start_sms_counterpart
from sandbox.stack import READY_WITHIN, Stack
from sandbox.systems import start_systems

SENDER = "0184:DK12345674"
TOKEN = "demo"  # noqa: S105 - a sandbox on loopback
WORDS = ("pending", "sent")  # of the access point: handed over, and signed for when asked

LANES = {
    "email": ("email", "smtp"),
    "check": ("xml", "rules"),
    "xml": ("xml", "ap"),
    "print": ("print", "house"),
}


@dataclass(frozen=True)
class Counterparts:
    """The folder of each one's own ledger."""

    mail: Path
    sms: Path
    access_point: Path
    printing_house: Path
    systems: Mapping[str, Path]


def start_counterparts(stack: Stack) -> Counterparts:
    """Start them, describe accounts and lanes for them, and listen for reports. Call it before any Celery program."""
    stack.settings = {**_settings(stack.folder / "print"), **stack.settings}
    mail = stack.start_mail_server()
    sms = _start_sms(stack)
    access_point = stack.folder / "access-point"
    point = stack.start(
        "access-point",
        "sandbox.access_point",
        *("--folder", str(access_point), "--token", TOKEN, "--words", *WORDS),
    )
    port = access_point / "port"
    point.wait_ready(port.exists, READY_WITHIN)
    stack.settings = {**stack.settings, "DUEPOST_PROVIDERS__AP__URL": f"http://127.0.0.1:{port.read_text().strip()}"}
    house = stack.folder / "printing-house"
    printing = ("--shared", str(stack.folder / "print"), "--folder", str(house))
    stack.start("printing-house", "sandbox.printing_house", *printing).wait_ready(
        (house / "ready").exists, READY_WITHIN
    )
    return Counterparts(mail, sms, access_point, house, start_systems(stack))


def _start_sms(stack: Stack) -> Path:
    """With the door that its delivery reports come back to."""
    port = free_port()
    stack.settings = {**stack.settings, "DUEPOST_GATEWAY__PORT": str(port)}
    folder = start_sms_counterpart(stack, report_url=f"http://127.0.0.1:{port}/reports")
    stack.start_gateway()
    return folder


def _settings(printed: Path) -> dict[str, str]:
    accounts = {
        "RULES": {"KIND": "einvoice-rules"},
        "AP": {"KIND": "as4", "URL": "http://127.0.0.1:1", "SENDER": SENDER, "COUNTRY": "DK", "TOKEN": TOKEN},
        "HOUSE": {"KIND": "print-run", "FOLDER": str(printed)},
    }
    return {
        "DUEPOST_REPORTS_KEY": secrets.token_hex(16),
        "DUEPOST_ROUTES": '{"xml": ["check", "xml"]}',
        **{
            f"DUEPOST_LANES__{lane.upper()}": f'{{"channel": "{channel}", "provider": "{account}"}}'
            for lane, (channel, account) in LANES.items()
        },
        **{
            f"DUEPOST_PROVIDERS__{account}__{name}": value
            for account, fields in accounts.items()
            for name, value in fields.items()
        },
    }

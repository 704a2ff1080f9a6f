"""How does a stack get an SMS gateway, and a lane that delivers through it?

A real Kannel where it is installed, and the counterpart in the shape of any of the three everywhere.
"""

import secrets
from pathlib import Path

from sandbox.kannel import Kannel
from sandbox.sms_counterpart import SmsCounterpart
from sandbox.stack import READY_WITHIN, Stack

ACCOUNT = "sms"  # provider account and lane
SENDER = "Duepost"
# kind of provider account -> its settings, URL standing for the counterpart's address
FIELDS = {
    "kannel": {"URL": "URL/cgi-bin/sendsms", "USER": "duepost", "PASSWORD": "secret"},
    "gatewayapi": {"URL": "URL/rest/mtsms", "TOKEN": "secret"},
    "twilio": {"URL": "URL", "SID": "AC0123", "TOKEN": "secret"},
}


def start_sms_counterpart(stack: Stack, kind: str = "gatewayapi", *, report_url: str | None = None) -> Path:
    """Start the counterpart and describe an account and lane `sms`; returns the folder of its ledger.

    Call it before scheduler and workers. report_url: where reports go; None asks for none.
    """
    folder = stack.folder / "sms"
    server = stack.start("sms", SmsCounterpart.__module__, "--folder", str(folder))
    port = folder / "port"
    server.wait_ready(port.exists, READY_WITHIN)
    url = f"http://127.0.0.1:{port.read_text().strip()}"
    _describe(stack, kind, {name: value.replace("URL", url) for name, value in FIELDS[kind].items()}, report_url)
    return folder


def start_kannel(stack: Stack, *, report_url: str | None = None) -> Kannel:
    """Start a real Kannel, which ends with the stack, and describe an account and lane `sms`.

    Raises: AssertionError when Kannel is not installed; `kannel.missing` says so before.
    """
    kannel = Kannel(stack.folder / "kannel", stack.processes).__enter__()
    _describe(stack, "kannel", {"URL": kannel.url, "USER": kannel.user, "PASSWORD": kannel.password}, report_url)
    return kannel


def _describe(stack: Stack, kind: str, fields: dict[str, str], report_url: str | None) -> None:
    reports = {"REPORT_URL": report_url} if report_url else {}
    described = {"KIND": kind, "SENDER": SENDER, **fields, **reports}
    stack.settings = {
        "DUEPOST_REPORTS_KEY": secrets.token_hex(16),
        "DUEPOST_LANES__EMAIL": '{"channel": "email", "provider": "smtp"}',
        **stack.settings,
        "DUEPOST_LANES__SMS": f'{{"channel": "sms", "provider": "{ACCOUNT}"}}',
        **{f"DUEPOST_PROVIDERS__{ACCOUNT.upper()}__{name}": value for name, value in described.items()},
    }

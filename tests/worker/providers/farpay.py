"""What do the tests of the FarPay adapter share?"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.farpay_counterpart import FarPayCounterpart
from sandbox.http_behaviour import Answer
from worker.providers.farpay import FarPay
from worker.providers.port import Job, Outcome, Verdict

KEY = "farpay-secret-key"
Said = tuple[Verdict, int, str]

# channel -> address, of a send that meets nothing special
ADDRESSES: dict[str, str | None] = {
    "email": "anna@customer.test",
    "sms": "+4533445566",
    "xml": "5790000435975",
    "print": None,
}


def account(at: FarPayCounterpart, *, key: str = KEY, seconds: float = 10, **changes: Any) -> FarPay:
    """The adapter for the counterpart, as a process that has just started has it."""
    return FarPay(url=at.api, key=key, total_limit=timedelta(seconds=seconds), **changes)


def said(outcome: Outcome | None) -> Said | None:
    """What counts of an outcome."""
    return None if outcome is None else (outcome.verdict, int(outcome.status), outcome.reason.code)


AT_WORK: Said = (Verdict.PENDING, 100, "IN_PROGRESS")
SENT: Said = (Verdict.ACCEPTED, 200, "ACCEPTED")

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FOUND = b'[{"Id": 7, "InvoiceNumber": "1001"}]'
TAKEN = b'{"Message": "10009::Invoice number used"}'
MAIL = {"Channel": "Email", "ToAddress": "anna@customer.test"}
UNDECIDED: Said = (Verdict.REFUSED, 300, "NOT_TOLD_APART")
BUSY: Said = (Verdict.WAIT, 310, "INVOICE_BUSY")
OTHER: Said = (Verdict.TRANSIENT, 310, "OTHER_SEND")
TROUBLE: Said = (Verdict.PENDING, 310, "MAIL_TROUBLE")


def z(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def bare(moment: datetime) -> str:
    """Without a zone; read as UTC by the account below."""
    return z(moment).removesuffix("Z")


def shows(status: int = 200, sent: str | None = None, *, created: str | None = None, send: Any = MAIL) -> bytes:
    """An invoice as GET shows it."""
    node = {"Send": {**send, "SentDate": sent or "0001-01-01T00:00:00"}} if send else {}
    return json.dumps({"Id": 7, "SendStatus": status, "Created": created, **node}).encode()


def at(farpay: FarPayCounterpart) -> FarPay:
    return account(farpay, zone=UTC, now=lambda: NOW)


def asked(farpay: FarPayCounterpart, send: Job, shown: bytes) -> Outcome | None:
    """What is made of an invoice that is found by its number, or by what the ledger has."""
    if send.provider_reference is None:
        farpay.answer(200, FOUND)
    farpay.answer(200, shown)
    return at(farpay).ask(send)


def sent(farpay: FarPayCounterpart, send: Job, shown: bytes, patched: Answer | None = None) -> Outcome:
    """What comes of a send whose number FarPay has already; only a PATCH is answered by `patched`."""
    farpay.answer(400, TAKEN)
    farpay.answer(200, FOUND)
    farpay.answer(200, shown)
    patched = patched or Answer(200, shows(100))
    farpay.answer(patched.status, patched.body)
    return at(farpay).send(send)


def patches(farpay: FarPayCounterpart) -> int:
    return sum(one.method == "PATCH" for one in farpay.requests)

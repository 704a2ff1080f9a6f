"""What do the tests of the FarPay adapter share?"""

from datetime import timedelta
from typing import Any

from sandbox.farpay_counterpart import FarPayCounterpart
from worker.providers.farpay import FarPay
from worker.providers.port import Outcome, Verdict

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

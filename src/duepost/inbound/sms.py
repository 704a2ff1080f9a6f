"""What does a gateway's delivery report do to a send?"""

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from duepost.receipts import NewReceipt, Source, Word
from duepost.sms_reports import STATES, parse_report

# state of a report -> what it says, and the reason of a failure
WORDS: Mapping[str, tuple[Word, str | None]] = {
    "accepted": (Word.ACCEPTED, None),
    "unknown": (Word.NOTED, None),
    "delivered": (Word.DELIVERED, None),
    "read": (Word.READ, None),
    "expired": (Word.FAILED, "EXPIRED"),
    "failed": (Word.FAILED, "UNREACHABLE"),
    "number_unknown": (Word.FAILED, "NUMBER_UNKNOWN"),
    "spam": (Word.FAILED, "SPAM"),
    "rejected": (Word.FAILED, "REJECTED"),
    "opted_out": (Word.FAILED, "OPTED_OUT"),
    "cancelled": (Word.FAILED, "CANCELLED"),
}
ATTENTION = frozenset({"opted_out"})  # nothing more is wanted at this number


def read_report(kind: str, form: Mapping[str, str], send_id: UUID) -> NewReceipt | None:
    """The report of an account of this kind on this send; None when it is none, or in words that nobody knows.

    When it happened no gateway tells reliably: a report counts from when it came.
    """
    report = parse_report(kind, form)
    if report is None:
        return None
    word, reason = WORDS[report.state]
    return NewReceipt(
        send_id=send_id,
        source=Source.SMS,
        word=word,
        status=STATES[report.state] if word is Word.FAILED else None,
        reason=reason,
        code=report.code,
        raw=urlencode(sorted(form.items())),
        attention=report.state in ATTENTION,
    )

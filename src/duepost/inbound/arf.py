"""What does a mailbox provider report of its user's complaint? RFC 5965, RFC 6591 of failed authentication."""

from email.message import Message
from email.utils import getaddresses

from duepost.inbound.fields import (
    date_in,
    fields_of,
    first_word,
    parts_of,
    recipients_in,
    returned_headers,
    send_of,
    text_of,
)
from duepost.receipts import NewReceipt, Source, Word

REPORT = "message/feedback-report"

# kind of feedback -> what it says, and whether a person should look
FEEDBACK = {
    "abuse": (Word.COMPLAINT, False),
    "fraud": (Word.COMPLAINT, False),
    "virus": (Word.COMPLAINT, False),
    "other": (Word.COMPLAINT, False),
    "miscategorized": (Word.COMPLAINT, False),
    "not-spam": (Word.NOT_SPAM, False),
    "auth-failure": (Word.NOTED, True),  # SPF, DKIM or DMARC of our domain: the operator's matter
    "dmarc": (Word.NOTED, False),
    "opt-out": (Word.OPT_OUT, True),
    "opt-out-list": (Word.OPT_OUT, True),
}


def read_arf(mail: Message) -> list[NewReceipt]:
    """The complaint; none when it is no such report, or of no mail of ours.

    A provider may hide whom it is from (RFC 6590): a report that names nobody is taken for the id alone.
    """
    report = next((part for part in parts_of(mail) if part.get_content_type() == REPORT), None)
    if report is None:
        return []
    text = text_of(report)
    fields, returned = fields_of(text), returned_headers(mail)
    send_id = send_of(fields.get("original-envelope-id"), returned.get("message-id"))
    if send_id is None:
        return []
    kind = first_word(fields.get("feedback-type", ""))
    word, attention = FEEDBACK.get(kind, (Word.NOTED, True))
    return [
        NewReceipt(
            send_id=send_id,
            source=Source.ARF,
            word=word,
            at=date_in(mail["Date"]),
            code=kind or None,
            raw=text,
            recipients=recipients_in(fields, "original-rcpt-to") or _addresses(returned.get("to", "")) or None,
            attention=attention,
        )
    ]


def _addresses(to: str) -> tuple[str, ...]:
    """Whom a mail says it is to."""
    return tuple(address for _, address in getaddresses([to]) if address)

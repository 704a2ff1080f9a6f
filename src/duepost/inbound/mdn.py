"""What does the receiver's mail program tell of a mail that was opened? RFC 8098.

Easily forged, and proof of little: it changes no status, and counts only with our Message-ID and our receiver.
"""

from email.message import Message

from duepost.inbound.fields import date_in, fields_of, parts_of, recipients_in, send_of, text_of
from duepost.receipts import NewReceipt, Source, Word

NOTIFICATION = "message/disposition-notification"
DISPLAYED = "displayed"  # the one disposition that says the mail was read; of it alone, without a modifier


def read_mdn(mail: Message) -> list[NewReceipt]:
    """The notification; none when it is none, or of no mail of ours."""
    report = next((part for part in parts_of(mail) if part.get_content_type() == NOTIFICATION), None)
    if report is None:
        return []
    text = text_of(report)
    fields = fields_of(text)
    send_id = send_of(None, fields.get("original-message-id"))
    if send_id is None:
        return []
    disposition = "".join(fields.get("disposition", "").lower().rpartition(";")[2].split())
    return [
        NewReceipt(
            send_id=send_id,
            source=Source.MDN,
            word=Word.READ if disposition == DISPLAYED else Word.NOTED,
            at=date_in(mail["Date"]),
            code=disposition or None,
            raw=text,
            recipients=recipients_in(fields, "original-recipient", "final-recipient"),
        )
    ]

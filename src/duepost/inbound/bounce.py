"""What does a bounce without a machine-readable part say?

Only Exim's is read, which names the failed recipients in a header of its own and quotes our mail: that it failed is
sure then, why is told by its words. Whatever else looks like a bounce stays for a person.
"""

import re
from email.message import Message

from duepost.inbound.dsn import GAVE_UP
from duepost.inbound.fields import date_in, fields_of, send_of
from duepost.mail_verdicts import by_text, own_words
from duepost.receipts import NewReceipt, Source, Word
from duepost.statuses import Status
from duepost.verdicts import Verdict

HEADER = "X-Failed-Recipients"
OUR_ID = re.compile(r"^Message-ID:.*(?:\n[ \t].*)*", re.IGNORECASE | re.MULTILINE)
COPY = re.compile(r"^-+ This is a copy of", re.MULTILINE)


def read_bounce(mail: Message) -> list[NewReceipt]:
    """One receipt for the recipients that Exim names; none of any other mail."""
    named, content = mail[HEADER], mail.get_payload(decode=True)
    if named is None or not isinstance(content, bytes):
        return []
    text = content.decode(errors="replace").replace("\r\n", "\n")
    quoted = OUR_ID.search(text)
    send_id = send_of(None, fields_of(quoted[0])["message-id"]) if quoted else None
    if send_id is None:
        return []
    words = COPY.split(text)[0]
    found = by_text(own_words(words))
    judged = found if found and found.verdict is Verdict.REFUSED and found.status is not Status.ERROR else GAVE_UP
    return [
        NewReceipt(
            send_id=send_id,
            source=Source.DSN,
            word=Word.FAILED,
            at=date_in(mail["Date"]),
            status=judged.status,
            reason=judged.code,
            raw=words,
            recipients=tuple(one.strip() for one in str(named).split(",")),
        )
    ]

"""Which receipts are in a mail?"""

from email import message_from_bytes

from duepost.inbound.arf import read_arf
from duepost.inbound.bounce import read_bounce
from duepost.inbound.dsn import read_dsn
from duepost.inbound.mdn import read_mdn
from duepost.receipts import NewReceipt

LARGEST = 30_000_000  # bytes; a report may return the whole mail that it is about


def read_mail(content: bytes) -> list[NewReceipt]:
    """Its receipts; none when it is no report of a form that is known, or names no send of ours."""
    if len(content) > LARGEST:
        return []
    try:
        mail = message_from_bytes(content)
        return read_dsn(mail) or read_arf(mail) or read_mdn(mail) or read_bounce(mail)
    except (RecursionError, LookupError, TypeError, ValueError):  # what the email package raises at malformed mail
        return []

"""How do words and addresses stand in a mail's header, so that no value can start a header of its own?

RFC 5322 and 2047 by the email package's older (compat32) encoders; the newer policy costs seven times as much.
"""

import re
from collections.abc import Iterable
from email.header import Header

from duepost.errors import InvalidSend

# Control characters but the tab, every line separator of Unicode, and half of a character.
UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LONGEST_WORD = 300  # characters without a blank; an SMTP line ends at 998
LINE = 76
UNDISCLOSED = "undisclosed-recipients:;"


def safe(field: str, value: str) -> str:
    """The value on one line. Raises: InvalidSend for the field."""
    if UNSAFE.search(value):
        raise InvalidSend(field, "holds a line break or a control character", "remove it", value)
    return value.replace("\t", " ")


def words(field: str, value: str, header: str) -> str:
    """Free text, encoded and folded as it needs. Raises: InvalidSend for the field."""
    value = safe(field, value)
    # "=?" would be taken for an encoded word; a longest word could not be folded.
    plain = value.isascii() and "=?" not in value and not any(len(word) > LONGEST_WORD for word in value.split(" "))
    if plain and len(header) + 2 + len(value) <= LINE:
        return value
    return Header(value, "us-ascii" if plain else "utf-8", header_name=header).encode(linesep="\r\n")


def mailbox(address: str, name: str | None) -> str:
    """An address with the name before it. Raises: InvalidSend for sender or sender_name."""
    address = safe("sender", address)
    if not name:
        return address
    name = safe("sender_name", name)
    if name.isascii() and "=?" not in name:
        escaped = name.replace("\\", r"\\").replace('"', r"\"")
        return f'"{escaped}" <{address}>'
    return f"{words('sender_name', name, 'From')} <{address}>"


def address_list(addresses: Iterable[str], *, utf8: bool) -> str:
    """Addresses that are fit for the wire, folded.

    One that is not ASCII stands as it is in a mail that needs SMTPUTF8 anyway. In any other it becomes the name of an
    empty group (RFC 6857 3.1.8): the mail goes through every server, and the other receivers see whom it went to.
    """
    shown = (one if utf8 or one.isascii() else f"{words('ToAddress', one, 'To')}:;" for one in addresses)
    return ",\r\n ".join(shown)

"""What stands in the machine-readable part of a mail, and in the headers that it returns?

Read by hand: the email package's own decoding gives up at bytes that are no ASCII, which UTF-8 reports hold (RFC 6533).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from uuid import UUID

Fields = Mapping[str, str]

HEADERS = frozenset({"text/rfc822-headers", "message/global-headers"})
WHOLE = frozenset({"message/rfc822", "message/global"})

_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.DOTALL)
_FOLD = re.compile(r"\n(?=[ \t])")
_COMMENT = re.compile(r"\([^()]*\)")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_MESSAGE_ID = re.compile(r"<\s*([0-9a-f-]{36})@", re.IGNORECASE)


def parts_of(mail: Message) -> Iterator[Message]:
    """The parts of a multipart mail; never those of a mail within it, which proves nothing."""
    content = mail.get_payload()
    for part in content if isinstance(content, list) and mail.get_content_maintype() == "multipart" else ():
        if isinstance(part, Message):
            yield from parts_of(part) if part.get_content_maintype() == "multipart" else (part,)


def text_of(part: Message) -> str:
    """What the part holds, as it came, without the part's own headers."""
    content = part.get_payload(decode=True)
    if isinstance(content, bytes):
        return _decoded(content)
    _, _, inside = _decoded(part.as_bytes()).partition("\n\n")
    return inside


def blocks_of(text: str) -> list[Fields]:
    """The groups of fields, in small letters, which blank lines divide; the first of equal fields counts."""
    return [found for block in _BLANK_LINE.split(text.strip("\n")) if (found := fields_of(block))]


def fields_of(block: str) -> Fields:
    """Names in small letters, each with its value on one line."""
    found: dict[str, str] = {}
    for line in _FOLD.sub(" ", block).split("\n"):
        field = _FIELD.fullmatch(line)
        if field:
            found.setdefault(field[1].lower(), " ".join(field[2].split()))
    return found


def returned_headers(mail: Message) -> Fields:
    """The headers of the mail that the report is about, as far as it returns them."""
    for part in parts_of(mail):
        kind = part.get_content_type()
        if kind in HEADERS or kind in WHOLE:
            head, _, _ = text_of(part).lstrip("\n").partition("\n\n")
            return fields_of(head)
    return {}


def first_word(value: str) -> str:
    """In small letters, without comments: `failed` of `Failed (no such user)`."""
    return next(iter(_COMMENT.sub(" ", value).lower().split()), "")


def address_of(value: str) -> str:
    """The address in `rfc822; anna@example.com`, or in a bare one."""
    kind, semicolon, address = value.rpartition(";") if ";" in value else ("", "", value)
    address = (address if semicolon else value).strip().strip("<>")
    return _XTEXT.sub(lambda code: chr(int(code[1], 16)), address) if kind else address


def recipients_in(fields: Fields, *names: str) -> tuple[str, ...]:
    """Whom these fields name."""
    return tuple(address for name in names if (address := address_of(fields.get(name, ""))))


def send_of(envelope_id: str | None, message_id: str | None) -> UUID | None:
    """The send that a report is about: by the envelope id we gave, else by the Message-ID of our mail."""
    if envelope_id:
        found = _uuid(_XTEXT.sub(lambda code: chr(int(code[1], 16)), envelope_id.strip().strip("<>")))
        if found:
            return found
    named = _MESSAGE_ID.search(message_id or "")
    return _uuid(named[1]) if named else None


def date_in(*values: object) -> datetime | None:
    """The first of them that is a date, aware."""
    for value in filter(None, values):
        try:
            found = parsedate_to_datetime(_COMMENT.sub("", str(value)))
        except (ValueError, OverflowError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)  # "-0000": the zone is not said
    return None


def _decoded(content: bytes) -> str:
    return content.decode(errors="replace").replace("\r\n", "\n")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

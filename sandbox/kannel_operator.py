"""What did the operator behind Kannel really get? Read from the log of fakesmsc.

A text with a line break in it cannot be read: fakesmsc itself talks in lines.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import unquote_to_bytes

# sender, number, kind; then the text, which is URL-encoded unless it is short GSM, and behind `udh` a header before it
LINE = re.compile(r"Got message \d+: <(.*?) (\+?\d*) (text|ucs-2|udh) (.*)>")
HEADER = re.compile(r"(\S+) data (.*)")


@dataclass(frozen=True)
class Got:
    """One message, put together as a telephone does."""

    sender: str
    number: str
    text: str
    parts: int = 1


@dataclass(frozen=True)
class _Part:
    sender: str
    number: str
    content: bytes
    encoding: str | None = None
    of: bytes = b""  # which message: the header's reference and number of parts
    place: int = 1


def read_operator(log: str) -> list[Got]:
    """Every message of which all parts have come, oldest first."""
    parts = [_part(*found) for found in LINE.findall(log)]
    return [got for _, group in groupby(parts, key=_message) for got in _whole(list(group))]


def _message(part: _Part) -> tuple[object, ...]:
    return (part.sender, part.number, part.of or id(part))


def _part(sender: str, number: str, kind: str, rest: str) -> _Part:
    if kind == "text":
        return _Part(sender, number, rest.encode(), "utf-8")
    if kind == "ucs-2":
        return _Part(sender, number, _unquoted(rest), "utf-16-be")
    found = HEADER.fullmatch(rest)
    assert found, rest
    header = _unquoted(found[1])  # 5, 0, 3, reference, parts, place: TS 23.040 9.2.3.24.1
    return _Part(sender, number, _unquoted(found[2]), None, header[3:5], header[5])


def _whole(parts: list[_Part]) -> Iterator[Got]:
    count = parts[0].of[1] if parts[0].of else 1
    if len({part.place for part in parts}) < count:
        return
    content = b"".join(part.content for part in sorted(parts, key=lambda part: part.place))
    encoding = parts[0].encoding or _guessed(content)
    yield Got(parts[0].sender, parts[0].number, content.decode(encoding, "replace"), count)


def _guessed(content: bytes) -> str:
    """The log does not say it of long texts; UCS-2 with a blank or a Latin letter in it has a NUL."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return "utf-16-be"
    return "utf-16-be" if b"\0" in content else "utf-8"


def _unquoted(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " "))

"""Is the value of a field what it has to be: a text, one line of it, a known word, a number?"""

import re
from collections.abc import Mapping
from typing import TypeVar

from duepost.errors import InvalidSend
from duepost.sends import Priority

Meaning = TypeVar("Meaning")

# Longest values, in characters.
NAME_LIMIT = 64  # account, invoice and customer number
LINE_LIMIT = 255  # subject and reference
NOTE_LIMIT = 10_000
SEQUENCE_LIMIT = 32_767  # the ledger's smallint

# In a mail header the first would start a new one; PostgreSQL keeps no NUL, UTF-8 no lone surrogate.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
UNKEPT = re.compile("[\x00\ud800-\udfff]")
DIGITS = re.compile(r" *[0-9]{1,9} *")

# number, its digit or its name in small letters -> priority
PRIORITIES: dict[int | str, Priority] = {
    **{priority.value: priority for priority in Priority},
    **{str(priority.value): priority for priority in Priority},
    **{priority.name.lower(): priority for priority in Priority},
}


def string(field: str, value: object) -> str:
    """The text. Raises: InvalidSend when it is something else."""
    if not isinstance(value, str):
        raise InvalidSend(field, "is not text", "give a string", value)
    return value


def word(field: str, value: object, meanings: Mapping[str, Meaning], hint: str) -> Meaning:
    """What the word means, in any case. Raises: InvalidSend when it is not known."""
    given = string(field, value)
    found = meanings.get(given) or meanings.get(given.strip().lower())
    if found is None:
        raise InvalidSend(field, "is not known" if given.strip() else "is missing", hint, value)
    return found


def line(field: str, value: object, limit: int) -> str | None:
    """One line of text, trimmed; None for a blank one. Raises: InvalidSend when it is longer or more than a line."""
    if value is None:
        return None
    text = string(field, value)
    if not text.isprintable() and CONTROL.search(text):
        raise InvalidSend(field, "has a line break or control character in it", "write it on one line", value)
    text = text.strip()
    if len(text) > limit:
        raise InvalidSend(field, f"has more than {limit} characters", "shorten it", value)
    return text or None


def required(field: str, value: object) -> str:
    """A name. Raises: InvalidSend when there is none."""
    text = line(field, value, NAME_LIMIT)
    if text is None:
        raise InvalidSend(field, "is missing", "give one", value)
    return text


def note(value: object, field: str = "Note") -> str | None:
    """The text of a message; None for a blank one. Raises: InvalidSend for the field."""
    text = string(field, value)
    if len(text) > NOTE_LIMIT:
        raise InvalidSend(field, f"has more than {NOTE_LIMIT} characters", "shorten it", value)
    if UNKEPT.search(text):
        raise InvalidSend(field, "has a NUL or half a character in it", "send plain text", value)
    return None if not text or text.isspace() else text


def priority(value: object) -> Priority:
    """Raises: InvalidSend for Priority."""
    if isinstance(value, str):
        value = value.strip().lower() or Priority.NORMAL
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        found = PRIORITIES.get(value)
        if found is not None:
            return found
    raise InvalidSend("Priority", "is not known", "use 0 (urgent), 1 (normal) or 2 (bulk)", value)


def sequence(value: object) -> int:
    """The resend number. Raises: InvalidSend for Sequence."""
    number = value
    if isinstance(number, str) and DIGITS.fullmatch(number):
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= SEQUENCE_LIMIT:
        raise InvalidSend("Sequence", "is no resend number", f"use a whole number from 0 to {SEQUENCE_LIMIT}", value)
    return number

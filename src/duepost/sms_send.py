"""What does an SMS send say, from whom, and how many parts is that?"""

import re

from duepost.errors import InvalidSend
from duepost.rules import Rules
from duepost.sms import PARTS_LIMIT, fit, written
from duepost.texts import built_in

SENDER_FIELD = "From"
PARTS_FIELD = "MaxSegments"
NAME_LIMIT = 11  # characters: an alphanumeric address of TS 23.040, 7 bits each in 10 octets
# Letters, digits, blanks and the few signs that every large gateway takes; at least one letter.
NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &+._-]+")
NUMBER = re.compile(r"\+?[0-9]{3,15}")  # a short code or E.164
DIGITS = re.compile(r" *[0-9]{1,3} *")


def sms_text(
    note: str | None,
    kind: str,
    language: str | None,
    invoice: str,
    *,
    rules: Rules,
    max_segments: int | str | None = None,
) -> tuple[str, int, str, tuple[str, ...]]:
    """The text as it leaves, its parts, its encoding (`GSM 03.38` or `UCS-2`), and warnings.

    note: the send's own text; without one it is a line in the language. max_segments: the send's own limit, 1 to 255;
    None: the rules'. Raises: InvalidSend for Note or MaxSegments.
    """
    most = rules.sms_max_segments if max_segments is None else read_max_segments(max_segments)
    text = written(note or "") or written(built_in(kind, language).about(invoice).sms)
    fitted, warnings = fit(text, most, rules.sms_too_long)
    return fitted.text, fitted.parts, fitted.encoding.value, warnings


def read_max_segments(given: int | str) -> int:
    """The limit as a number. Raises: InvalidSend when it is none from 1 to 255."""
    number = int(given) if isinstance(given, str) and DIGITS.fullmatch(given) else given
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= PARTS_LIMIT:
        raise InvalidSend(PARTS_FIELD, "is no number of parts", f"use a whole number from 1 to {PARTS_LIMIT}", given)
    return number


def sender_id(given: str) -> str:
    """Who an SMS says it is from: a name of at most 11 characters, or a number of at most 15 digits.

    A name has a letter in it and is of A to Z, digits, blank and `& + . _ -`, which every network shows. Whether the
    receiver's country allows names, or wants them registered, only the gateway knows. Raises: InvalidSend for From.
    """
    sender = given.strip()
    if NUMBER.fullmatch(sender):
        return sender
    if not sender:
        raise InvalidSend(SENDER_FIELD, "is empty", "give a name or a number", given)
    if not NAME.fullmatch(sender):
        raise InvalidSend(
            SENDER_FIELD,
            "is no sender id of an SMS",
            f"use at most {NAME_LIMIT} letters A to Z, digits and blanks, or 3 to 15 digits",
            given,
        )
    if len(sender) > NAME_LIMIT:
        raise InvalidSend(
            SENDER_FIELD, f"has {len(sender)} characters", f"a sender id of an SMS has at most {NAME_LIMIT}", given
        )
    return sender

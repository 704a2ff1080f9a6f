"""What does a text cost as SMS, and does it fit?

GSM 03.38 holds 160 septets in one SMS and 153 in each part of a longer one, UCS-2 70 and 67 code units. A character of
the extension table (`€`, brackets) takes two septets, one beyond the Basic Multilingual Plane (emoji) two code units;
no part ends in the middle of either. Source: 3GPP TS 23.038, TS 23.040.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from smsutil import gsm_split, unicode_split
from smsutil.codecs import GSM_CHARSET

from duepost.errors import InvalidSend

FIELD = "Note"
PARTS_LIMIT = 255  # the protocol's: one octet counts them
GSM = frozenset(GSM_CHARSET) - {"\x1b"}  # the escape is no character of its own
# Joins two emoji to one; a text is not cut beside it.
JOINER = "\u200d"
# Blanks and control characters that would cost a whole text its encoding, or escape into the extension table.
LINE_BREAKS = {"\r\n": "\n", "\r": "\n", "\f": "\n", "\v": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"}

TooLong = Literal["refuse", "truncate"]


class Encoding(StrEnum):
    """How the characters of an SMS travel."""

    GSM = "GSM 03.38"
    UCS2 = "UCS-2"


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it leaves, and how many parts of SMS it takes."""

    text: str = field(repr=False)
    parts: int
    encoding: Encoding


def written(text: str) -> str:
    """The text in the form that costs least and looks the same.

    Composed characters (NFC), line breaks as LF; other blanks and control characters as a blank each.
    """
    text = unicodedata.normalize("NFC", text)
    for given, ours in LINE_BREAKS.items():
        text = text.replace(given, ours)
    return "".join(" " if unicodedata.category(one) in {"Zs", "Cc"} and one != "\n" else one for one in text).strip()


def measure(text: str) -> Text:
    """Its parts and encoding; an empty text is one part."""
    if not text:
        return Text(text, 1, Encoding.GSM)
    if GSM.issuperset(text):
        return Text(text, len(gsm_split(text).parts), Encoding.GSM)
    return Text(text, len(unicode_split(text).parts), Encoding.UCS2)


def fit(text: str, max_segments: int, too_long: TooLong) -> tuple[Text, tuple[str, ...]]:
    """The text in at most so many parts, and warnings for the caller.

    `truncate` cuts it where it must and ends it with `…`, or with `...` where `…` would change the encoding. A cut
    falls neither into a character nor into an emoji made of several. Raises: InvalidSend by `refuse`.
    """
    whole = measure(text)
    costs = _costs(whole)
    if whole.parts <= max_segments:
        return whole, costs
    if too_long == "refuse":
        problem = f"takes {whole.parts} parts of SMS and {max_segments} {'is' if max_segments == 1 else 'are'} allowed"
        culprit = _foreign(text)
        without = measure(_replaced(text))
        if culprit and without.parts <= max_segments:
            hint = f"leave out characters such as {_named(culprit)}: without them it takes {without.parts}"
        else:
            hint = "shorten it, or allow more parts"
        raise InvalidSend(FIELD, problem, hint, text)
    cut = measure(_cut(text, max_segments))
    said = f"{FIELD} was cut from {whole.parts} to {cut.parts} part{'s' * (cut.parts > 1)} of SMS."
    return cut, (said, *_costs(cut))


def _cut(text: str, parts: int) -> str:
    """The longest beginning that fits with its ellipsis."""
    foreign = next((at for at, one in enumerate(text) if one not in GSM), len(text))
    # A beginning without the first foreign character has more room: the two are two searches.
    long = _longest(foreign + 1, len(text), lambda length: measure(_ended(text, length, "…")).parts <= parts)
    if long is not None and not GSM.issuperset(_ended(text, long, "")):
        return _ended(text, long, "…")
    short = _longest(0, foreign, lambda length: measure(_ended(text, length, "...")).parts <= parts)
    return _ended(text, short or 0, "...")


def _longest(low: int, high: int, fits: Callable[[int], bool]) -> int | None:
    if low > high or not fits(low):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _ended(text: str, length: int, ellipsis: str) -> str:
    while 0 < length < len(text) and _joined(text[length - 1], text[length]):
        length -= 1
    return text[:length].rstrip() + ellipsis


def _joined(before: str, after: str) -> bool:
    """True when the two are seen as one character: accents, variants and skins, emoji made of several."""
    return JOINER in {before, after} or (after not in GSM and unicodedata.category(after) in {"Mn", "Me", "Sk"})


def _costs(text: Text) -> tuple[str, ...]:
    culprit = _foreign(text.text)
    if culprit is None:
        return ()
    without = measure(_replaced(text.text)).parts
    instead = f" instead of {without}" if without != text.parts else ""
    parts = f"{text.parts} part{'s' * (text.parts > 1)} of SMS"
    return (f"{FIELD} goes as {Encoding.UCS2} because of {_named(culprit)}: {parts}{instead}.",)


def _foreign(text: str) -> str | None:
    """The first character that GSM 03.38 has not."""
    return next((one for one in text if one not in GSM), None)


def _replaced(text: str) -> str:
    return "".join(one if one in GSM else "?" for one in text)


def _named(character: str) -> str:
    number = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    return f"{number} {name}" if name else number

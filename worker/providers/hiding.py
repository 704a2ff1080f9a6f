"""How does a secret stay out of what the ledger keeps, however an answer or a library's error may write it?"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import lru_cache
from html.entities import codepoint2name

from worker.providers.finding import ANSWER_LIMIT
from worker.providers.port import Outcome

WORD_LIMIT = 100  # characters; no shorter word in a reason was cut
NAMES = {**codepoint2name, ord("'"): "apos"}  # number of a letter -> its name in XML and HTML
ALSO = {" ": {"+"}, "/": {"\\/"}}  # letter -> what a form and PHP's JSON write instead


def hide(outcome: Outcome, secrets: Iterable[str]) -> Outcome:
    """The outcome without the secrets: as they are, or escaped for an address, JSON, XML or HTML, wholly or in part."""
    patterns = {secret: _pattern(secret) for secret in sorted(secrets, key=len, reverse=True) if secret}

    def cleaned(words: str | None, limit: int = ANSWER_LIMIT) -> str | None:
        cut = words is not None and len(words) >= limit
        for secret, pattern in patterns.items():
            words = words and pattern.sub("***", words)
            words = _without_end(words, secret) if words and cut else words
        return words

    # A provider's own word may stand in a reason's values, cut.
    values = {
        name: cleaned(value, WORD_LIMIT) or "" if isinstance(value, str) else value
        for name, value in outcome.reason.values.items()
    }
    return replace(
        outcome,
        reason=replace(outcome.reason, values=values),
        answer=cleaned(outcome.answer),
        provider_reference=cleaned(outcome.provider_reference),
    )


@lru_cache(maxsize=256)  # compiling costs more than all the rest
def _pattern(secret: str) -> re.Pattern[str]:
    return re.compile("".join(f"(?:{'|'.join(map(re.escape, _ways(letter)))})" for letter in secret))


@lru_cache(maxsize=1024)
def _ways(letter: str) -> Collection[str]:
    """The ways to write one letter, the longest first. Nobody escapes letters and digits of ASCII."""
    if letter.isascii() and letter.isalnum():
        return (letter,)
    number = ord(letter)
    octets = letter.encode(errors="replace")
    pairs = letter.encode("utf-16-be", "replace")
    units = [int.from_bytes(pairs[at : at + 2]) for at in range(0, len(pairs), 2)]
    ways = {letter, json.dumps(letter)[1:-1]}
    ways |= {"".join(f"%{octet:02{case}}" for octet in octets) for case in "xX"}
    ways |= {"".join(f"\\u{unit:04{case}}" for unit in units) for case in "xX"}
    ways |= {f"&#{number};", f"&#{number:03};", f"&#x{number:x};", f"&#x{number:X};"}
    ways |= {f"&{NAMES[number]};"} if number in NAMES else set()
    return sorted(ways | ALSO.get(letter, set()), key=len, reverse=True)


def _without_end(words: str, secret: str) -> str:
    """Of an answer that was cut: its end may be the beginning of a secret."""
    firsts = {way[0] for way in _ways(secret[0])}
    begun = (at for at, letter in enumerate(words) if letter in firsts and _begins(words, at, secret))
    return words[: next(begun, len(words))]


def _begins(words: str, start: int, secret: str) -> bool:
    """True when all from there is a beginning of the secret."""
    places = {start}
    for letter in secret:
        if any(way.startswith(words[place:]) for place in places for way in _ways(letter)):
            return True
        places = {place + len(way) for place in places for way in _ways(letter) if words.startswith(way, place)}
        if not places:
            return False
    return False

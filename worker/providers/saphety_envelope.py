"""What is every answer of SIN wrapped in?

{"CorrelationId", "IsValid", "Errors": [{"Code", "Field", "Values"}], "Data"}, with 200 for a yes and a no; a client of
the real service meets noes with 4xx as well.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from worker.http_line import Answer, NoAnswer

CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
CODES_LIMIT = 200  # characters
NOES = frozenset({400, 404, 409, 422})  # HTTP status, beside 200, of a no; the others say more than an envelope
NOT_LOGGED_IN = "invalid_authentication_data"  # a code in small letters


@dataclass(frozen=True)
class Envelope:
    """What every answer is wrapped in."""

    valid: bool
    errors: tuple[Mapping[str, Any], ...]
    data: Any
    correlation: str | None
    answer: Answer


def envelope(answer: Answer | NoAnswer) -> Envelope | None:
    """The envelope of a yes or no; None when it is none. Keys in any case: ASP.NET takes and gives them so."""
    if not (isinstance(answer, Answer) and answer.whole and answer.status in {200, *NOES}):
        return None
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or nested to break the parser
        return None
    fields = folded(said)
    valid, errors, correlation = fields.get("isvalid"), fields.get("errors"), fields.get("correlationid")
    if not isinstance(valid, bool) or (valid and answer.status in NOES):
        return None
    found = tuple(folded(one) for one in errors) if isinstance(errors, list) else ()
    return Envelope(valid, found, fields.get("data"), correlation if isinstance(correlation, str) else None, answer)


def codes_of(errors: Sequence[Mapping[str, Any]]) -> dict[str, str | int]:
    """Their codes and fields as a reason's values; the words of `Values` are for the answer alone."""
    values: dict[str, str | int] = {}
    for name, key in (("code", "code"), ("about", "field")):
        words = [str(one[key]) for one in errors if CODE.fullmatch(str(one.get(key) or ""))]
        if words:
            values[name] = ",".join(dict.fromkeys(words))[:CODES_LIMIT]
    return values


def folded(said: object) -> dict[str, Any]:
    """An object with its keys in small letters; an empty one when it is none."""
    return {str(key).lower(): value for key, value in said.items()} if isinstance(said, dict) else {}

"""What does a gateway's report say, field by field, whether in a query, a form or JSON?"""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

MOST_FIELDS = 100


def fields_of(query: str, content_type: str, body: bytes) -> Mapping[str, str] | None:
    """The fields as text, without JSON's nulls, lists and objects; of equal names the first counts.

    None for a body that is not what its type says, or holds too many of them.
    """
    found: dict[str, str] = {}
    if body and content_type.partition(";")[0].strip().lower() == "application/json":
        said = _json(body)
        if said is None:
            return None
        found.update(said)
        body = b""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        pairs += parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:  # no UTF-8, or more fields than that
        return None
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _json(body: bytes) -> dict[str, str] | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or len(said) > MOST_FIELDS:
        return None
    plain = {name: value for name, value in said.items() if isinstance(value, str | int | float)}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in plain.items()}

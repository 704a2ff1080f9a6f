"""What does the gateway mean by an answer that is no success?"""

import json
from collections.abc import Mapping
from typing import Any

from duepost.client_wire import Answer
from duepost.errors import Conflict, DuepostError, InvalidSend, NotFound, Refused, TryLater, Unexpected

LONGEST = 500  # characters of what is not ours
AWAY = frozenset({429, 502, 503, 504})
KEY_REUSED = "ERR_KEY_REUSED"
# HTTP status -> what its sentence becomes
KINDS: dict[int, type[DuepostError]] = {401: Refused, 403: Refused, 404: NotFound, 409: Conflict}


def error_of(answer: Answer) -> DuepostError:
    """422 InvalidSend, 413 InvalidSend, 409 Conflict, 404 NotFound, 401 and 403 Refused, 429 and 503 TryLater (so are
    a proxy's 502 and 504); what does not come from a gateway is Unexpected.
    """
    said = _problem(answer)
    if answer.status in AWAY:
        return TryLater(_message(said, f"the gateway answers {answer.status}") + _request_id(said))
    if not said:
        return Unexpected(f"what answers {answer.status} is no gateway of duepost's: check the address")
    message = _message(said, f"the gateway answers {answer.status}")
    if answer.status in KINDS or said.get("type") == KEY_REUSED:
        return KINDS.get(answer.status, Conflict)(message)
    if answer.status == 413:
        return InvalidSend("Document", "or the request is too large", message)
    if answer.status == 422:
        return invalid(said)
    return Unexpected(f"the gateway answers {answer.status}: {message}" + _request_id(said))


def invalid(said: Mapping[str, Any]) -> InvalidSend:
    """The first wrong field, and the others behind it."""
    found = [one for detail in said.get("details") or () if (one := _detail(detail)) is not None]
    if not found:
        return InvalidSend("The request", "is refused", _message(said, "no reason is given"))
    first, *others = found
    return InvalidSend(first.field, first.problem, first.hint, others=tuple(others))


def word_of(answer: Answer) -> str:
    """The problem's type, such as ERR_CONFLICT."""
    return str(_problem(answer).get("type", ""))


def _detail(detail: Any) -> InvalidSend | None:
    if not isinstance(detail, Mapping):
        return None
    fields = detail.get("fields") or ["The request"]
    name, error = str(fields[0]), str(detail.get("error", ""))
    return InvalidSend(name, error.removeprefix(name).strip(), str(detail.get("hint", "")))


def _problem(answer: Answer) -> dict[str, Any]:
    """The JSON object; nothing when it is none of a gateway's."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) and "message" in said else {}


def _message(said: Mapping[str, Any], otherwise: str) -> str:
    return str(said.get("message") or otherwise)[:LONGEST]


def _request_id(said: Mapping[str, Any]) -> str:
    return f" (request {str(said['request_id'])[:64]})" if said.get("request_id") else ""

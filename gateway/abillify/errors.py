"""How does an error of Abillify's look?

{"code","details":[{"error","fields","hint"}],"message","name","type"}, keys in this order. Source: Abillify API, Resend
Invoice; the kinds beside InvalidValue are chosen in its manner.
"""

import json
from collections.abc import Mapping

from fastapi import Request
from starlette.responses import Response

from gateway.own_words import OwnWords
from gateway.problems import JSON, Detail, Problem, id_of, noted
from gateway.taking import Answer

# HTTP status -> kind and type
KINDS: Mapping[int, tuple[str, str]] = {
    400: ("InvalidValue", "ERR_INVALID_VALUE"),
    401: ("Unauthorized", "ERR_UNAUTHORIZED"),
    403: ("Forbidden", "ERR_FORBIDDEN"),
    404: ("NotFound", "ERR_NOT_FOUND"),
    409: ("UniqueViolation", "ERR_UNIQUE_VIOLATION"),
    413: ("TooLarge", "ERR_TOO_LARGE"),
    429: ("TooManyRequests", "ERR_TOO_MANY_REQUESTS"),
    500: ("ServerError", "ERR_SERVER_ERROR"),
    503: ("TryLater", "ERR_TRY_LATER"),
}
AS_ABILLIFY_HAS_THEM = {422: 400}  # our status of a wrong field -> Abillify's
OTHER = 500


class Abillify(OwnWords):
    """An endpoint of Abillify."""

    def answer(self, request: Request, error: Exception) -> Response:
        """In Abillify's shape."""
        problem = noted(id_of(request), error)
        told = answer_of(problem)
        return Response(told.body, told.status, headers=dict(problem.headers), media_type=JSON)


def answer_of(problem: Problem) -> Answer:
    """Status and body."""
    status = AS_ABILLIFY_HAS_THEM.get(problem.status, problem.status)
    kind, word = KINDS.get(status, KINDS[OTHER])
    said = {
        "code": status,
        "details": [one.to_json() for one in problem.details or [Detail(problem.message)]],
        "message": f"{kind}, see error details",
        "name": "ServerError" if status >= 500 else "ClientError",
        "type": word,
    }
    return Answer(status, json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))

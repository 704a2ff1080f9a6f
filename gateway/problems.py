"""How does the gateway say what is wrong? One shape, in the manner of Abillify's errors."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from traceback import format_tb

from starlette.requests import Request
from starlette.responses import Response

from duepost.errors import InvalidSend, Refused, TryLater

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5
JSON = "application/json"

# HTTP status -> type, where a Problem brings none
TYPES = {
    400: "ERR_BAD_REQUEST",
    401: "ERR_UNAUTHORIZED",
    403: "ERR_FORBIDDEN",
    404: "ERR_NOT_FOUND",
    405: "ERR_METHOD_NOT_ALLOWED",
    408: "ERR_TIMEOUT",
    409: "ERR_CONFLICT",
    411: "ERR_LENGTH_REQUIRED",
    413: "ERR_TOO_LARGE",
    415: "ERR_UNSUPPORTED_MEDIA_TYPE",
    422: "ERR_INVALID_VALUE",
    429: "ERR_TOO_MANY_REQUESTS",
    500: "ERR_SERVER",
    503: "ERR_TRY_LATER",
}


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that is wrong: in which fields, and how to mend it."""

    error: str
    fields: Sequence[str] = ()
    hint: str = ""

    def to_json(self) -> dict[str, object]:
        """As Abillify writes it."""
        return {"error": self.error, "fields": list(self.fields), "hint": self.hint}


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - it is answered, not raised to a person
    """An answer that is no success. headers: further ones, such as Retry-After."""

    status: int
    message: str
    details: Sequence[Detail] = ()
    type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def problem_of(wrong: Sequence[InvalidSend]) -> Problem:
    """Every wrong field, each with its mend."""
    details = [Detail(f"{one.field} {one.problem}", [one.field], one.hint) for one in wrong]
    return Problem(422, "; ".join(str(one) for one in wrong[:3]), details)


def problem_from(error: Exception) -> Problem:
    """What a caller is told of an error of ours; nothing of what is inside."""
    match error:
        case Problem():
            return error
        case InvalidSend():
            return problem_of([error])
        case Refused():
            return Problem(409, str(error))
        case TryLater():
            return Problem(503, str(error), headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        case _:
            return Problem(500, "something went wrong here; it is in our log under this request_id")


def body_of_problem(problem: Problem, request_id: str) -> dict[str, object]:
    """The JSON object. Source: Abillify API, the schema of its errors; request_id is ours."""
    return {
        "code": problem.status,
        "details": [one.to_json() for one in problem.details],
        "message": problem.message,
        "name": "ServerError" if problem.status >= 500 else "ClientError",
        "request_id": request_id,
        "type": problem.type or TYPES.get(problem.status, "ERR_CLIENT"),
    }


def id_of(request: Request) -> str:
    """The request's id, as its answer says it."""
    return str(request.scope.get("request_id", ""))


def noted(request_id: str, error: Exception) -> Problem:
    """What the caller is told; an error that nobody expected is logged, without what the caller sent."""
    problem = problem_from(error)
    if problem.status >= 500:
        # Where it happened, without its words: PostgreSQL's quote the row, addresses and all.
        where = "".join(format_tb(error.__traceback__)) if problem.status == 500 else ""
        log.error("request %s: %s\n%s", request_id, type(error).__name__, where)
    return problem


def answer_problem(request: Request, error: Exception) -> Response:
    """The HTTP answer in the native API's shape."""
    request_id = id_of(request)
    problem = noted(request_id, error)
    body = json.dumps(body_of_problem(problem, request_id), ensure_ascii=False).encode(errors="replace")
    return Response(body, problem.status, headers=dict(problem.headers), media_type=JSON)


def unknown(what: str) -> Problem:
    """The same for what is not there and for what is another account's."""
    return Problem(404, f"there is no such {what}")

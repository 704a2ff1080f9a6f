"""What does an answer of SIN look like, to the byte?

{"CorrelationId":…,"IsValid":…,"Errors":[{"Code":…,"Field":…,"Values":[…]}],"Data":…}: without blanks, keys in this
order, 200 for every yes and no. Source: Saphety Invoice Network, Web API, "Response structure from server".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from gateway.own_words import OwnWords
from gateway.problems import id_of, noted

MEDIA_TYPE = "application/json; charset=utf-8"
EMPTY = "REQUIRED_FILED_IS_EMPTY"  # their spelling
DOCUMENT_ID = "OutboundFinancialDocumentId"

REUSED = 422  # an Idempotency-Key that came with another body before

# HTTP status of what is no answer of SIN's kind -> the code in its envelope; clients tell it by the status
CODES: Mapping[int, str] = {
    400: "INVALID_REQUEST",
    401: "INVALID_AUTHENTICATION_DATA",
    403: "FORBIDDEN",
    409: "REQUEST_UNDER_WAY",
    413: "REQUEST_TOO_LARGE",
    REUSED: "IDEMPOTENCY_KEY_REUSED",
    429: "TOO_MANY_REQUESTS",
    503: "TRY_LATER",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    code: str
    field: str | None = None
    values: tuple[str | None, ...] = ()

    def to_json(self) -> dict[str, object]:
        """In SIN's order."""
        return {"Code": self.code, "Field": self.field, "Values": list(self.values)}


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - it is answered, not raised to a person
    """A no in SIN's words: HTTP 200, IsValid false."""

    faults: Sequence[Fault]


def envelope(request: Request, data: object = None, faults: Sequence[Fault] = ()) -> bytes:
    """The body. CorrelationId is the id of the request, as X-Request-Id says it."""
    said = {
        "CorrelationId": str(request.scope["request_id"]),
        "IsValid": not faults,
        "Errors": [one.to_json() for one in faults],
        "Data": data,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def said(request: Request, data: object) -> Response:
    """A yes."""
    return Response(envelope(request, data), media_type=MEDIA_TYPE)


def no_such_document(given: str) -> Refusal:
    """The same for what is not there and for what is another account's."""
    return Refusal([Fault("DOCUMENT_NOT_FOUND", DOCUMENT_ID, (given,))])


class Sin(OwnWords):
    """An endpoint of SIN: its path, which is declared in small letters, matches in any case."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As ASP.NET does."""
        return super().matches({**scope, "path": scope["path"].lower()} if scope["type"] == "http" else scope)

    def answer(self, request: Request, error: Exception) -> Response:
        """A refusal has 200: clients look for IsValid there alone. What is no answer of SIN's has its own status."""
        if isinstance(error, Refusal):
            return Response(envelope(request, None, error.faults), media_type=MEDIA_TYPE)
        problem = noted(id_of(request), error)
        fault = Fault(CODES.get(problem.status, "SERVER_ERROR"), None, (problem.message,))
        status = 200 if problem.status == REUSED else problem.status
        return Response(envelope(request, None, [fault]), status, headers=dict(problem.headers), media_type=MEDIA_TYPE)

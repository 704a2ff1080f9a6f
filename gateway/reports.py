"""How do SMS gateways and access points tell what became of a send?

`/reports/ACCOUNT/TOKEN.SIGNATURE`, by GET or POST: our signature in the address is the proof that we asked for the
report. An address that is not ours, in whatever way, is answered alike and before its body is read.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from duepost.inbound.access_point import read_response
from duepost.inbound.sms import read_report
from duepost.ledger.engine import AWAY
from duepost.ledger.receipts import Effect, take_receipt
from duepost.receipts import NewReceipt, Source, Word
from duepost.signed import report_context, sign, verify
from duepost.sms_reports import PARSERS
from gateway.bodies import body_of
from gateway.form import fields_of
from gateway.service import service_of

log = logging.getLogger(__name__)

LARGEST = 64 * 1024  # bytes of a body
ROOM = "reports"
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]
WHOLE_ACCOUNT = "account"  # in a token's place: the report itself names the send
RETRY_AFTER_SECONDS = 60

Status: TypeAlias = str

OK = "200 OK"
BAD_REQUEST = "400 Bad Request"
NOT_FOUND = "404 Not Found"
NOT_ALLOWED = "405 Method Not Allowed"
AWAY_NOW = "503 Service Unavailable"

# status of the answer -> headers beside the usual
HEADERS: Mapping[Status, tuple[tuple[str, str], ...]] = {
    AWAY_NOW: (("Retry-After", str(RETRY_AFTER_SECONDS)),),
    NOT_ALLOWED: (("Allow", "GET, POST"),),
}


@dataclass(frozen=True)
class Report:
    """One request. path: decoded, with its leading slash."""

    method: str
    path: str
    query: str
    content_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class ReportsDoor:
    """Answers requests. kinds: provider account -> its kind. key: signs the addresses."""

    engine: Engine
    kinds: Mapping[str, str]
    key: str = field(repr=False)

    def knows(self, path: str) -> bool:
        """Whether the address is one of ours; else no body is read."""
        return self._addressed(path)[1] is not None

    def answer(self, report: Report) -> Status:
        """Take one report in."""
        try:
            return self._answer(report)
        except AWAY as away:
            log.warning("the ledger is away (%s): the report is to come again", type(away).__name__)
            return AWAY_NOW

    def _answer(self, report: Report) -> Status:
        account, token = self._addressed(report.path)
        if token is None:
            return NOT_FOUND
        if report.method not in {"GET", "POST"}:
            return NOT_ALLOWED
        send_id = None if token == WHOLE_ACCOUNT else UUID(token)
        found = self._read(account, send_id, report)
        if not found:
            log.warning("a report of provider account %s cannot be read", account)
            return BAD_REQUEST
        known = [self._take(account, one) for one in found]
        return OK if any(known) else NOT_FOUND

    def _addressed(self, path: str) -> tuple[str, str | None]:
        """The provider account and the token that the address was signed for, None when it is not ours."""
        parts = path.split("/")
        if len(parts) != len(("", ROOM, "account", "signed")) or parts[:2] != ["", ROOM] or parts[2] not in self.kinds:
            return "", None
        token = verify(parts[3], self.key, report_context(parts[2]))
        return parts[2], token if token == WHOLE_ACCOUNT or _is_uuid(token) else None

    def _read(self, account: str, send_id: UUID | None, report: Report) -> list[NewReceipt]:
        kind = self.kinds[account]
        if kind not in PARSERS:
            return read_response(report.body, send_id)
        form = fields_of(report.query, report.content_type, report.body)
        if not form or send_id is None:
            return []
        return [read_report(kind, form, send_id) or _unknown(form, send_id)]

    def _take(self, account: str, told: NewReceipt) -> bool:
        """False for a send that is not in the ledger."""
        with self.engine.begin() as connection:
            taken = take_receipt(connection, told)
        said = (account, told.send_id, told.word.value, taken.effect.value)
        if told.attention:
            log.warning("provider account %s: send %s: %s (%s); a person should look at it", *said)
        else:
            log.info("provider account %s: send %s: %s (%s)", *said)
        return taken.effect is not Effect.NO_SEND


def reports_router(kinds: Mapping[str, str], key: str) -> APIRouter:
    """The addresses of reports; the body of an answer is its status in words, and nothing of the request."""
    router = APIRouter(include_in_schema=False)

    @router.api_route(f"/{ROOM}/{{rest:path}}", methods=METHODS)
    async def take(request: Request) -> Response:
        door = ReportsDoor(service_of(request).engine, kinds, key)
        path, content_type = request.scope["path"], request.headers.get("content-type", "")
        body = await body_of(request, LARGEST) if door.knows(path) else b""
        report = Report(request.method, path, request.url.query, content_type, body)
        status = await run_in_threadpool(door.answer, report)
        code, _, words = status.partition(" ")
        return PlainTextResponse(f"{words}\n", int(code), dict(HEADERS.get(status, ())))

    return router


def address_of_account(account: str, key: str) -> str:
    """The path that an access point may report all sends of this provider account to."""
    return f"/{ROOM}/{account}/{sign(WHOLE_ACCOUNT, key, report_context(account))}"


def _unknown(form: Mapping[str, str], send_id: UUID) -> NewReceipt:
    """In words that nobody knows: kept for a person, no status by a guess."""
    raw = json.dumps(form, ensure_ascii=False, sort_keys=True)
    return NewReceipt(send_id=send_id, source=Source.SMS, word=Word.NOTED, raw=raw, attention=True)


def _is_uuid(token: str | None) -> bool:
    try:
        return token is not None and str(UUID(token)) == token
    except ValueError:
        return False

"""GET /v1/sends and what lies under it: how does a billing app see what became of its sends?"""

from collections.abc import Mapping
from datetime import time
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from config.account_print_run import PrintRunAccount
from config.settings import Settings
from duepost.errors import InvalidSend
from duepost.fields import LINE_LIMIT, NAME_LIMIT, line
from duepost.ledger.cutoffs import parse_cutoff
from duepost.ledger.engine import answered
from duepost.ledger.listing import Wanted, send_of, sends_of
from duepost.ledger.story import timeline_of
from duepost.ledger.why import why
from duepost.rows import ANY_SPELLING
from duepost.statuses import NAMED, Status
from duepost.validation import CHANNELS
from gateway.callers import Reader
from gateway.native.shapes import answers
from gateway.native.telling import (
    EVENT_EXAMPLE,
    SEND_EXAMPLE,
    SEND_SCHEMA,
    WHY_EXAMPLE,
    event_to_json,
    send_id_of,
    send_to_json,
    why_to_json,
)
from gateway.problems import problem_of, unknown
from gateway.service import service_of

router = APIRouter(tags=["sends"])

MOST = 200  # sends on a page
USUAL = 50

# filter, in small letters -> its name as a caller reads it in an error
FILTERS = {
    "invoicenumber": "InvoiceNumber",
    "customernumber": "CustomerNumber",
    "reference": "Reference",
    "status": "Status",
    "run": "Run",
    "channel": "Channel",
    "cursor": "cursor",
    "limit": "limit",
}

PARAMETERS = [
    {"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in FILTERS.values()
]
PAGE_EXAMPLE = {"sends": [SEND_EXAMPLE], "next_cursor": None}
PAGE_SCHEMA = {
    "type": "object",
    "required": list(PAGE_EXAMPLE),
    "properties": {"sends": {"type": "array", "items": SEND_SCHEMA}, "next_cursor": {"type": ["string", "null"]}},
}
TIMELINE_SCHEMA = {"type": "object", "required": ["events"], "properties": {"events": {"type": "array"}}}
WHY_SCHEMA = {"type": "object", "required": list(WHY_EXAMPLE), "properties": {name: {} for name in WHY_EXAMPLE}}
STATUS_EXAMPLE = {
    "number": 100,
    "name": Status.QUEUE.label,
    "meaning": Status.QUEUE.meaning,
    "final": False,
    "advice": Status.QUEUE.advice,
}
STATUSES_SCHEMA = {"type": "object", "required": ["statuses"], "properties": {"statuses": {"type": "array"}}}


@router.get(
    "/v1/sends",
    summary="List sends",
    openapi_extra={"parameters": PARAMETERS},
    responses=answers(PAGE_SCHEMA, PAGE_EXAMPLE, 200, problems=(422,)),
)
def list_sends(request: Request, caller: Reader) -> JSONResponse:
    """The newest first. `cursor` is the next_cursor of the page before; a page may be short and yet have a next one."""
    wanted, limit = _wanted(request)
    with answered(), service_of(request).engine.begin() as connection:
        page = sends_of(connection, caller.account_id, wanted, limit=limit)
    following = str(page.next) if page.next else None
    return JSONResponse({"sends": [send_to_json(one) for one in page.items], "next_cursor": following})


@router.get("/v1/sends/{send_id}", summary="A send", responses=answers(SEND_SCHEMA, SEND_EXAMPLE, 200, problems=(404,)))
def get_send(request: Request, caller: Reader, send_id: str) -> JSONResponse:
    """As it was asked for, and as it stands."""
    with answered(), service_of(request).engine.begin() as connection:
        found = send_of(connection, caller.account_id, send_id_of(send_id))
    if found is None:
        raise unknown("send")
    return JSONResponse(send_to_json(found))


@router.get(
    "/v1/sends/{send_id}/timeline",
    summary="What happened to a send",
    responses=answers(TIMELINE_SCHEMA, {"events": [EVENT_EXAMPLE]}, 200, problems=(404,)),
)
def get_timeline(request: Request, caller: Reader, send_id: str) -> JSONResponse:
    """Its acceptance, attempts, changes of status and receipts, the oldest first."""
    with answered(), service_of(request).engine.begin() as connection:
        events = timeline_of(connection, caller.account_id, send_id_of(send_id))
    if events is None:
        raise unknown("send")
    return JSONResponse({"events": [event_to_json(one) for one in events]})


@router.get(
    "/v1/sends/{send_id}/why",
    summary="Why a send stands where it does",
    responses=answers(WHY_SCHEMA, WHY_EXAMPLE, 200, problems=(404,)),
)
def get_why(request: Request, caller: Reader, send_id: str) -> JSONResponse:
    """In one sentence."""
    service = service_of(request)
    with answered(), service.engine.begin() as connection:
        found = why(connection, caller.account_id, send_id_of(send_id), cutoffs=cutoffs_of(service.settings))
    if found is None:
        raise unknown("send")
    return JSONResponse(why_to_json(found))


@router.get(
    "/v1/statuses",
    summary="What the statuses mean",
    responses=answers(STATUSES_SCHEMA, {"statuses": [STATUS_EXAMPLE]}, 200),
)
def list_statuses(caller: Reader) -> JSONResponse:  # noqa: ARG001 - it wants a key like all others
    """Numbers and names are FarPay's. final: duepost does nothing more by itself."""
    told = [
        {
            "number": int(one),
            "name": one.label,
            "meaning": one.meaning,
            "final": not (one.waiting or one.held),
            "advice": one.advice,
        }
        for one in Status
    ]
    return JSONResponse({"statuses": told})


def cutoffs_of(settings: Settings) -> dict[str, time]:
    """Lane -> when its print runs close, where the account has no time of its own."""
    accounts = {name: settings.providers[lane.provider] for name, lane in settings.lanes.items()}
    return {name: parse_cutoff(one.cutoff) for name, one in accounts.items() if isinstance(one, PrintRunAccount)}


def _wanted(request: Request) -> tuple[Wanted, int]:
    """Raises: Problem 422 that names every wrong filter."""
    given: dict[str, str] = {}
    wrong: list[InvalidSend] = []
    for name, value in request.query_params.multi_items():
        known = FILTERS.get(name.translate(ANY_SPELLING).lower())
        if known is None or known in given:
            how = "is not known" if known is None else "is given twice"
            wrong.append(InvalidSend(name[:NAME_LIMIT], how, f"use each of {', '.join(FILTERS.values())} once"))
        else:
            given[known] = value
    read: dict[str, Any] = {}
    for name, value in given.items():
        try:
            read[name] = _read(name, value)
        except InvalidSend as one:
            wrong.append(one)
    if wrong:
        raise problem_of(wrong)
    wanted = Wanted(
        invoice=read.get("InvoiceNumber"),
        customer=read.get("CustomerNumber"),
        reference=read.get("Reference"),
        status=read.get("Status"),
        run=read.get("Run"),
        channel=read.get("Channel"),
        before=read.get("cursor"),
    )
    return wanted, read.get("limit") or USUAL


def _read(name: str, value: str) -> Any:
    match name:
        case "Status":
            return _one_of(name, value, NAMED, "use a number or name that GET /v1/statuses lists")
        case "Channel":
            return _one_of(name, value, CHANNELS, "use email, sms, xml or print")
        case "cursor":
            try:
                return UUID(value)
            except ValueError:
                raise InvalidSend(name, "is none of ours", "give next_cursor as it came", value) from None
        case "limit":
            if not (value.isascii() and value.isdecimal() and len(value) < 4 and 0 < int(value) <= MOST):
                raise InvalidSend(name, "is no number of sends", f"use 1 to {MOST}", value)
            return int(value)
        case _:
            return line(name, value, LINE_LIMIT)


def _one_of(name: str, value: str, known: Mapping[str, Any], hint: str) -> Any:
    found = known.get(value.strip().lower())
    if found is None:
        raise InvalidSend(name, "is not known", hint, value)
    return found

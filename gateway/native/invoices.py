"""POST /v1/invoices: how does an invoice come to be held, so that a later call names it alone?"""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from duepost.errors import InvalidSend
from duepost.fields import NAME_LIMIT
from duepost.ledger.engine import answered
from duepost.ledger.invoices import Invoice, invoice_by
from duepost.rows import ANY_SPELLING
from gateway.bodies import body_of, object_of
from gateway.callers import Caller, Reader, Sender
from gateway.holding import ToHold, hold
from gateway.native.sends import limit_of
from gateway.native.shapes import DOCUMENT, TEXT, answers
from gateway.native.shapes import body as described
from gateway.problems import Problem, unknown
from gateway.service import Service, service_of

router = APIRouter(tags=["invoices"])

NAMES = (
    "InvoiceNumber",
    "Kind",
    "CustomerNumber",
    "Name",
    "Email",
    "Phone",
    "Gln",
    "Language",
    "Document",
    "Filename",
    "Guid",
    "Token",
)
SCHEMA = {
    "type": "object",
    "required": ["InvoiceNumber"],
    "properties": {**dict.fromkeys(NAMES, TEXT), "Document": DOCUMENT, "Attachments": {"type": ["array", "null"]}},
}
EXAMPLE = {"InvoiceNumber": "1001", "Email": "accounts@customer.dk", "Language": "da"}
HELD_EXAMPLE = {
    "id": 10000000,
    "guid": "fc5e547d-8537-4e05-97d5-1159c62efd6f",
    "token": "qegwDbCcka3sQvzgJCnKyM7IAu0gigtV",
    "invoice": "1001",
    "kind": "invoice",
    "customer": None,
    "document": None,
    "filename": None,
    "created_at": "2026-11-26T08:00:00+00:00",
}
HELD_SCHEMA = {"type": "object", "required": list(HELD_EXAMPLE), "properties": {name: {} for name in HELD_EXAMPLE}}


@router.post(
    "/v1/invoices",
    status_code=201,
    summary="Hold an invoice",
    openapi_extra=described(SCHEMA, EXAMPLE),
    responses=answers(HELD_SCHEMA, HELD_EXAMPLE, 201, problems=(400, 409, 413, 422)),
)
async def hold_invoice(request: Request, caller: Sender) -> JSONResponse:
    """With its documents and its customer's addresses, to be found by its number, id, guid or token in any dialect."""
    service = service_of(request)
    content = await body_of(request, limit_of(service))
    return await run_in_threadpool(_hold, service, caller, content)


@router.get(
    "/v1/invoices/{name}",
    summary="An invoice that is held",
    responses=answers(HELD_SCHEMA, HELD_EXAMPLE, 200, problems=(404,)),
)
def get_invoice(request: Request, caller: Reader, name: str) -> JSONResponse:
    """By its number, or by its guid."""
    with answered(), service_of(request).engine.begin() as connection:
        found = None if "\0" in name else invoice_by(connection, caller.account_id, reference=name)
        if found is None and (guid := _guid(name)):
            found = invoice_by(connection, caller.account_id, guid=guid)
    if found is None:
        raise unknown("invoice")
    return JSONResponse(_to_json(found))


def _hold(service: Service, caller: Caller, content: bytes) -> JSONResponse:
    known = {name.lower(): name for name in (*NAMES, "Attachments")}
    given: dict[str, Any] = {}
    for name, value in object_of(content).items():
        column = known.get(name.translate(ANY_SPELLING).lower())
        if column is None or column in given:
            how = "is not known" if column is None else "is given twice"
            raise InvalidSend(name[:NAME_LIMIT], how, f"use each of {', '.join(known.values())} once")
        given[column] = value
    made = hold(service, caller.account_id, ToHold(given))
    if made is None:
        raise Problem(409, f"invoice {given['InvoiceNumber']}, or one of its other names, is held already")
    return JSONResponse(_to_json(made), 201)


def _guid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _to_json(held: Invoice) -> dict[str, object]:
    return {
        "id": held.id,
        "guid": str(held.guid),
        "token": held.token,
        "invoice": held.reference,
        "kind": held.kind.value,
        "customer": held.customer,
        "document": f"sha256:{held.document[0].hex()}" if held.document else None,
        "filename": held.document[1] if held.document else None,
        "created_at": held.created_at.isoformat(),
    }

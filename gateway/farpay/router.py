"""Where does FarPay's dialect listen? `/v2/invoices`, with X-API-KEY, in JSON or XML."""

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from duepost.credentials import Scope, lookup_of
from duepost.ledger.engine import answered
from duepost.ledger.idempotency import LONGEST_KEY, Repeat
from duepost.ledger.invoice_lists import references
from duepost.ledger.invoices import invoice_by
from gateway.bodies import JSON_LIMIT, body_of
from gateway.callers import Caller, allowed
from gateway.farpay.acting import put, send_again
from gateway.farpay.answering import FarPay, answer, not_found, refused
from gateway.farpay.creating import create
from gateway.farpay.invoice import Given
from gateway.farpay.kept import PAYMENT_STATUS, REFERENCE_STATUS, reference, shown
from gateway.farpay.written import read
from gateway.farpay.xml_form import read_xml
from gateway.native.sends import limit_of
from gateway.once import key_of
from gateway.problems import Problem
from gateway.service import Service, service_of

router = APIRouter(prefix="/v2", route_class=FarPay, include_in_schema=False)

MOST_LISTED = 2000  # references in a list: some 600 kB
LONGEST_ID = 18  # digits
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def may(scope: Scope, of_login: Scope | None = None) -> Callable[[Request], Caller]:
    """The caller, by X-API-KEY: a key of ours, or one that FarPay gave out and the operator registered.

    of_login: what is wanted of the latter, which FarPay lets do all that its API has.
    """

    def known(request: Request) -> Caller:
        service = service_of(request)
        secret = request.headers.get("x-api-key", "").strip()
        caller = service.keyring.caller_of_login("farpay", "", secret) if secret else None
        if caller is None:
            raise Problem(401, "X-API-KEY is not authenticated")
        wanted = scope if of_login is None or lookup_of(secret) else of_login
        return allowed(request, wanted, caller)

    return known


Sender = Annotated[Caller, Depends(may(Scope.SEND))]
Reader = Annotated[Caller, Depends(may(Scope.READ))]
Operator = Annotated[Caller, Depends(may(Scope.OPERATE, of_login=Scope.SEND))]


@router.post("/invoices")
@router.post("/invoices/")
async def create_invoice(request: Request, caller: Sender) -> Response:
    """Hold an invoice, and send it if it brings a Send node."""
    service = service_of(request)
    said = await _said(request, limit_of(service))
    return answer(request, await run_in_threadpool(create, service, caller, said), "Invoice")


@router.get("/invoices")
@router.get("/invoices/")
def list_invoices(request: Request, caller: Reader) -> Response:
    """References to the account's invoices, by due date where one is asked for."""
    asked = {name.lower(): value.strip() for name, value in request.query_params.items() if value.strip()}
    first, last = _day(asked, "fromDueDate"), _day(asked, "toDueDate")
    if asked.get("paymentstatus", REFERENCE_STATUS).lower() not in {REFERENCE_STATUS.lower(), str(PAYMENT_STATUS)}:
        return answer(request, [], "ArrayOfInvoiceReference")
    with answered(), service_of(request).engine.connect() as connection:
        found = references(connection, caller.account_id, "farpay", first_due=first, last_due=last, limit=MOST_LISTED)
    return answer(request, [reference(one) for one in found], "ArrayOfInvoiceReference")


@router.get("/invoices/{number}")
def get_invoice(request: Request, caller: Reader, number: str) -> Response:
    """An invoice with its newest send."""
    wanted = _number(number)
    with answered(), service_of(request).engine.connect() as connection:
        held = None if wanted is None else invoice_by(connection, caller.account_id, id=wanted)
        if held is None:
            raise not_found()
        return answer(request, shown(connection, caller.account_id, held), "Invoice")


@router.patch("/invoices")
@router.patch("/invoices/")
async def patch_named_within(request: Request, caller: Sender) -> Response:
    """Send it again; its Id is in the body."""
    return await _sent_again(request, caller, None)


@router.patch("/invoices/{number}")
async def patch_invoice(request: Request, caller: Sender, number: str) -> Response:
    """Send it again."""
    return await _sent_again(request, caller, number)


@router.put("/invoices/{number}")
async def put_invoice(request: Request, caller: Operator, number: str) -> Response:
    """Put it into a state: the operation is in the query, or the body."""
    service: Service = service_of(request)
    asked = {name.lower(): value for name, value in request.query_params.items()}
    body = await body_of(request, JSON_LIMIT)
    operation = asked.get("operation") or _operation(request, body)
    return answer(request, await run_in_threadpool(put, service, caller, _number(number), operation), "Invoice")


@router.delete("/invoices/{number}")
def delete_invoice(request: Request, caller: Operator, number: str) -> Response:
    """Halt it."""
    return answer(request, put(service_of(request), caller, _number(number), "Error"), "Invoice")


@router.api_route("/{rest:path}", methods=METHODS)
def elsewhere(rest: str) -> Response:
    """What FarPay has and this gateway has not."""
    if rest.strip("/").partition("/")[0] == "invoices":
        raise Problem(405, "this address takes other methods")
    raise Problem(404, "there is nothing at this address: of FarPay's API only /v2/invoices is here")


async def _sent_again(request: Request, caller: Caller, named: str | None) -> Response:
    """named: the id in the address; None: it is in the body."""
    body = await body_of(request, JSON_LIMIT)
    given = Given(await run_in_threadpool(_object, request, body))
    number = _number(given.loose("Id") or "" if named is None else named)
    key = key_of(request.headers.get("idempotency-key"), LONGEST_KEY)
    scope = f"farpay PATCH invoices/{number}"
    repeat = Repeat(caller.account_id, scope, key, sha256(body).digest()) if key else None
    told = await run_in_threadpool(send_again, service_of(request), caller, number, given.get("Send"), repeat)
    headers = {"Idempotent-Replayed": "true"} if told.replayed else None
    return answer(request, read(told.body), "Invoice", headers=headers)


async def _said(request: Request, limit: int) -> dict[str, Any]:
    """The object in the body. Raises: Problem."""
    return await run_in_threadpool(_object, request, await body_of(request, limit))


def _object(request: Request, body: bytes) -> dict[str, Any]:
    said = _read(request, body)
    if not isinstance(said, dict):
        raise refused("the body is no object")
    return said


def _read(request: Request, body: bytes) -> Any:
    form = request.headers.get("content-type", "").lower()
    return read_xml(body) if "xml" in form and "json" not in form else read(body)


def _operation(request: Request, body: bytes) -> str:
    if not body.strip():
        return ""
    said = _read(request, body)
    if isinstance(said, dict):
        given = Given(said)
        said = next((given.get(name) for name in ("Operation", "SendStatus", "Status") if given.get(name)), "")
    return said if isinstance(said, str) else ""


def _number(said: str) -> int | None:
    """None for what no invoice has for an id."""
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= LONGEST_ID else None


def _day(asked: dict[str, str], name: str) -> date | None:
    said = asked.get(name.lower())
    try:
        return date.fromisoformat(said[:10]) if said else None
    except ValueError:
        raise refused(f"{name} is no day: write it like 2026-11-30") from None

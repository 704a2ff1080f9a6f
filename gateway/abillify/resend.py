"""POST …/invoices/{invoiceReference}/resendInvoice: how is an invoice's e-mail sent to its customer again?"""

import json
import re
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from urllib.parse import unquote

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from duepost.errors import InvalidSend, Refused, TryLater
from duepost.fields import CONTROL, NAME_LIMIT
from duepost.ledger.engine import AWAY
from duepost.ledger.idempotency import LONGEST_KEY, Repeat
from duepost.ledger.invoices import Invoice, invoice_by
from duepost.sends import Channel, NewSend
from gateway.abillify.errors import Abillify, answer_of
from gateway.abillify.login import Sender
from gateway.again import send_again
from gateway.bodies import object_of
from gateway.callers import Caller
from gateway.once import key_of, once
from gateway.own_words import Body
from gateway.problems import Detail, Problem, id_of, noted
from gateway.service import Service, service_of
from gateway.taking import Answer

router = APIRouter(route_class=Abillify, include_in_schema=False)

PATH = re.compile(rb"/invoices/([^/?]+)/resendInvoice$")
TRANSIENT = (TryLater, OSError, *AWAY)  # nothing was decided: the same key may come again


@router.post("/invoices/{reference:path}/resendInvoice")
@router.post("/{prefix:path}/invoices/{reference:path}/resendInvoice")
def resend_invoice(request: Request, caller: Sender, body: Body) -> Response:
    """The held invoice's e-mail, with its documents, to the address that is held; the body is not looked at.

    Under an Idempotency-Key the first answer comes again for a day, whatever it was, once the call itself was right.
    """
    object_of(body)
    key = key_of(request.headers.get("idempotency-key"), LONGEST_KEY)
    service = service_of(request)
    reference = _reference(request)
    repeat = key and Repeat(
        caller.account_id, f"abillify POST invoices/{reference}/resendInvoice", key, sha256(body).digest()
    )
    answer = once(service, repeat or None, partial(_decided, request, partial(_resent, service, caller, reference)))
    return answer.response()


def _reference(request: Request) -> str:
    """As it was before it was written into the address: a slash within it is `%2F` there."""
    found = PATH.search(request.scope.get("raw_path") or request.url.path.encode())
    try:
        reference = unquote(found[1].decode(), errors="strict") if found else ""
    except UnicodeDecodeError:
        reference = ""
    if not 0 < len(reference) <= NAME_LIMIT or CONTROL.search(reference):
        raise _unknown()  # no invoice can be held under it
    return reference


def _decided(request: Request, work: Callable[[Connection], Answer], connection: Connection) -> Answer:
    """What `work` answers; what goes wrong in it is an answer as well, and nothing of it stands."""
    try:
        with connection.begin_nested():
            return work(connection)
    except TRANSIENT:
        raise
    except Exception as error:  # noqa: BLE001 - Abillify remembers its 5xx too
        return answer_of(noted(id_of(request), error))


def _resent(service: Service, caller: Caller, reference: str, connection: Connection) -> Answer:
    held = invoice_by(connection, caller.account_id, reference=reference)
    if held is None:
        raise _unknown()
    if held.halted:
        raise Refused("nothing of this invoice is to be sent: it was halted")
    if not held.email:
        hint = "give the invoice one where it is held"
        raise Problem(400, "", [Detail("The invoice has no e-mail address to send to.", ["email"], hint)])
    try:
        [[receipt]] = send_again(service, connection, caller.account_id, [_send(held, caller)])
    except InvalidSend as wrong:
        raise Problem(400, "", [Detail(f"{wrong.field} {wrong.problem}", [wrong.field], wrong.hint)]) from None
    return Answer(
        200, json.dumps({"job": str(receipt.id), "result": "OK", "resultcode": "0"}, separators=(",", ":")).encode()
    )


def _send(held: Invoice, caller: Caller) -> NewSend:
    return NewSend(
        channel=Channel.EMAIL,
        invoice=held.reference,
        to_address=held.email,
        account=caller.account,
        kind=held.kind,
        customer=held.customer,
        document=held.source,
        filename=held.document[1] if held.document else None,
        attachments=held.enclosed,
        language=held.language,
    )


def _unknown() -> Problem:
    detail = Detail("There is no such invoice.", ["invoiceReference"], "hold it first, by POST /v1/invoices")
    return Problem(404, "", [detail])

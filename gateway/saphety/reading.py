"""GET …/api/OutboundFinancialDocument: where does a document stand?"""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from duepost.ledger.engine import answered
from duepost.ledger.invoice_story import Story, stories_of
from duepost.ledger.invoices import Invoice, invoice_by
from duepost.sends import Kind
from gateway.callers import Caller
from gateway.saphety.envelope import Sin, no_such_document, said
from gateway.saphety.login import Reader
from gateway.saphety.standing import date, integration_status, moves, notification_status
from gateway.service import service_of

router = APIRouter(route_class=Sin, include_in_schema=False)

TYPES = {Kind.INVOICE: "INVOICE", Kind.CREDIT_NOTE: "CREDIT_NOTE", Kind.REMINDER: "INVOICE"}


@router.get("/api/outboundfinancialdocument/statustransitions/{document}")
@router.get("/{prefix:path}/api/outboundfinancialdocument/statustransitions/{document}")
def status_transitions(request: Request, caller: Reader, document: str) -> Response:
    """Every change of state of the document's sends, the oldest first."""
    held, stories = _found(request, caller, document)
    return said(request, [one.to_json(held.guid, caller.zone) for one in moves(stories)])


@router.get("/api/outboundfinancialdocument/{document}")
@router.get("/{prefix:path}/api/outboundfinancialdocument/{document}")
def get_document(request: Request, caller: Reader, document: str) -> Response:
    """Where it stands: NotificationStatus is that of its mails, IntegrationStatus that of the e-invoice."""
    held, stories = _found(request, caller, document)
    told = moves(stories)
    return said(
        request,
        {
            "Id": str(held.guid),
            "DocumentNumber": held.reference,
            "DocumentType": TYPES[held.kind],
            "NotificationStatus": notification_status(stories),
            "IntegrationStatus": integration_status(stories),
            "LastUpdateDate": date(told[-1].at if told else held.created_at, caller.zone),
            "CreationDate": date(held.created_at, caller.zone),
        },
    )


def _found(request: Request, caller: Caller, document: str) -> tuple[Invoice, list[Story]]:
    try:
        guid = UUID(document)
    except ValueError:
        raise no_such_document(document) from None
    with answered(), service_of(request).engine.begin() as connection:
        held = invoice_by(connection, caller.account_id, guid=guid)
        if held is None:
            raise no_such_document(document)
        return held, stories_of(connection, caller.account_id, held.reference)

"""How does a Send node become sends of an invoice that is held, in the transaction of whoever asks?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from duepost.errors import InvalidSend, Refused
from duepost.intake import Intake
from duepost.ledger.invoices import Invoice, NewInvoice, update_invoice
from duepost.sends import Channel, NewSend
from duepost.validation import CHANNELS
from gateway.again import accept_anew
from gateway.callers import Caller
from gateway.farpay.answering import refused
from gateway.farpay.invoice import Given, send_of
from gateway.farpay.kept import DIALECT, echo_of, with_send
from gateway.farpay.paper import paper
from gateway.problems import problem_of
from gateway.service import Service

PAPER = {Channel.EMAIL, Channel.PRINT}  # channels in which a PDF is made of an invoice without one


def made_for(service: Service, caller: Caller, invoice: NewInvoice, said: Given, node: object) -> bytes | None:
    """The PDF for what the Send node asks, where the invoice brings none and its data is whole."""
    channel = (Given(node).loose("Channel") or "") if isinstance(node, Mapping) else ""
    if invoice.document is not None or CHANNELS.get(channel.lower()) not in PAPER:
        return None
    seller = service.settings.gateway.sellers.get(caller.account)
    return paper(said, invoice.reference, invoice.kind, invoice.language, seller)


def queue(
    connection: Connection,
    service: Service,
    caller: Caller,
    held: Invoice,
    node: Mapping[str, Any],
    *,
    again: bool,
    after: UUID | None = None,
    made: bytes | None = None,
) -> list[UUID]:
    """Accept what the Send node asks for, and let the invoice show it.

    again: one more sending, whatever was before; after: the send that it is told to repeat; made: what `made_for` gave.

    Raises: Problem or InvalidSend for wrong fields; OSError when the document store cannot be written.
    """
    said = Given(echo_of(held))
    send = replace(
        send_of(node, said),
        invoice=held.reference,
        account=caller.account,
        kind=held.kind,
        customer=held.customer,
        language=held.language,
        document=held.source or made or made_for(service, caller, held, said, node),
        filename=held.document[1] if held.document else None,
        attachments=held.enclosed,
    )
    intake = Intake(connection, service.door, source=DIALECT)
    ids = _accepted(connection, intake, send, caller.account_id, again=again, after=after)
    update_invoice(connection, caller.account_id, held.id, asked=with_send(held, node, ids), halted=False)
    return ids


def _accepted(
    connection: Connection, intake: Intake, send: NewSend, account_id: int, *, again: bool, after: UUID | None
) -> list[UUID]:
    try:
        checked = intake.check(send)
        if after is not None:
            checked = [replace(one, options=replace(one.options, resend_of=str(after))) for one in checked]
        if again:
            return [receipt.id for receipt in accept_anew(connection, account_id, intake, checked)]
        return [receipt.id for receipt in intake.accept_many([intake.prepare(one) for one in checked])]
    except Refused as often:
        raise refused(str(often)) from None
    except InvalidSend as first:
        others = intake.problems(send)
        raise problem_of([first, *(wrong for wrong in others if wrong.field != first.field)]) from None

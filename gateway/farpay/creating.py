"""POST /v2/invoices: how does an invoice come in with its send, both or neither?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from duepost import crash
from duepost.errors import InvalidSend, TryLater
from duepost.ledger.engine import answered
from duepost.ledger.invoices import Invoice, NewInvoice, add_invoice, free_number, invoice_by
from gateway.callers import Caller
from gateway.farpay.answering import NUMBER_USED, refused
from gateway.farpay.invoice import Given, due_of, echo_of, listed_of, to_hold
from gateway.farpay.kept import shown, to_keep
from gateway.farpay.sending import made_for, queue
from gateway.holding import ToHold, new_invoice
from gateway.problems import Detail, Problem, problem_of
from gateway.service import Service

TRIES = 5  # at a number of our own, which a client may have used for an invoice of its own


def create(service: Service, caller: Caller, said: Mapping[str, Any]) -> dict[str, Any]:
    """Hold the invoice and accept its send, in one transaction; what the answer shows.

    Raises: Problem that names every wrong field, or says that the number is used; OSError; TryLater.
    """
    given = Given(said)
    try:
        number = given.text("InvoiceNumber")
    except InvalidSend as wrong:
        raise problem_of([wrong]) from None
    for _ in range(1 if number else TRIES):
        made = _create(service, caller, given, number or _own_number(service))
        if made:
            crash.reached("accepted", number or "")
            return made
    if number is None:
        raise TryLater("no invoice number is free; nothing was stored: try again later")
    raise _used(service, caller, number)


def _create(service: Service, caller: Caller, given: Given, number: str) -> dict[str, Any] | None:
    """None when the account has an invoice of that number."""
    with answered(), service.engine.connect() as connection:
        if _there(number) and invoice_by(connection, caller.account_id, reference=number):
            return None
    new = _new(service, caller, given, number)
    node = given.get("Send")
    made = made_for(service, caller, new, given, node)  # before a connection is held: it takes some 20 ms
    with answered(), service.engine.begin() as connection:
        held = add_invoice(connection, caller.account_id, new)
        if held is None:
            return None
        if node is not None:
            queue(connection, service, caller, held, node, again=False, made=made)
            held = invoice_by(connection, caller.account_id, id=held.id) or held
        return shown(connection, caller.account_id, held)


def _new(service: Service, caller: Caller, given: Given, number: str) -> NewInvoice:
    try:
        asked = to_hold(given, number, service.door.rules)
    except InvalidSend as wrong:
        raise problem_of([wrong]) from None
    new = new_invoice(service, caller.account_id, ToHold(asked, to_keep(echo_of(given.said), listed_of(given))))
    return replace(new, due=due_of(given))


def _own_number(service: Service) -> str:
    with answered(), service.engine.begin() as connection:
        return free_number(connection)


def _used(service: Service, caller: Caller, number: str) -> Problem:
    """With the id of the invoice that has it, for a client that did not hear the first answer."""
    with answered(), service.engine.connect() as connection:
        first: Invoice | None = invoice_by(connection, caller.account_id, reference=number)
    hint = f"its Id is {first.id}" if first else ""
    return refused("Invoice number used", NUMBER_USED, [Detail("Invoice number used", ["InvoiceNumber"], hint)])


def _there(number: str) -> bool:
    """Whether it can be a number at all: PostgreSQL takes no NUL, UTF-8 no half a character."""
    return number.isprintable()

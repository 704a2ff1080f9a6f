"""PATCH, PUT and DELETE: how is an invoice sent again, stopped, or put into another state?

Nothing is said of a send that is not so: what a provider has cannot be halted, and only what is in doubt can be called
sent.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from duepost.ledger.acts import cancel, let_go, settle
from duepost.ledger.doubt import Finding
from duepost.ledger.engine import answered
from duepost.ledger.idempotency import Repeat
from duepost.ledger.invoice_lists import Standing, standings
from duepost.ledger.invoices import Invoice, invoice_by, locked_invoice, update_invoice
from duepost.sends import Channel
from duepost.statuses import HELD, WAITING, Status
from gateway.callers import Caller
from gateway.farpay.answering import not_found, refused
from gateway.farpay.kept import node_of, shown
from gateway.farpay.sending import queue
from gateway.farpay.written import written
from gateway.once import once
from gateway.service import Service
from gateway.taking import Answer


class At(NamedTuple):
    """An invoice that nobody else changes meanwhile, with all sends of its number, newest first."""

    connection: Connection
    service: Service
    caller: Caller
    held: Invoice
    sends: list[Standing]


def send_again(
    service: Service, caller: Caller, number: int | None, node: object, repeat: Repeat | None = None
) -> Answer:
    """One more sending, also of a halted invoice; what the answer shows, in JSON.

    repeat: under an Idempotency-Key it is sent once, and the first answer comes again.

    Raises: Problem, OSError, TryLater.
    """
    if node is None:
        raise refused('Send is missing: give {"Send": {"Channel": "Email", "Status": "Queue", …}}')
    if not isinstance(node, Mapping):
        raise refused('Send is no object: write it like {"Channel": "Email", "Status": "Queue", …}')

    def work(connection: Connection) -> Answer:
        at = _at(connection, service, caller, number)
        _again(at, node)
        return Answer(200, written(_shown(at)).encode())

    return once(service, repeat, work, same_body=True)


def put(service: Service, caller: Caller, number: int | None, operation: str) -> dict[str, Any]:
    """Carry the operation out. Raises: as send_again; Problem for what would not be true."""
    act = OPERATIONS.get(operation.strip().lower())
    if act is None:
        raise refused("the operation is not known: use Queue, Sent, ReadyToPrint or Error")
    with answered(), service.engine.begin() as connection:
        at = _at(connection, service, caller, number)
        act(at)
        return _shown(at)


def _at(connection: Connection, service: Service, caller: Caller, number: int | None) -> At:
    held = None if number is None else locked_invoice(connection, caller.account_id, number)
    if held is None:
        raise not_found()
    return At(connection, service, caller, held, standings(connection, caller.account_id, held.reference))


def _shown(at: At) -> dict[str, Any]:
    held = invoice_by(at.connection, at.caller.account_id, id=at.held.id)
    return shown(at.connection, at.caller.account_id, held or at.held)


def _halt(at: At) -> None:
    """Cancel what waits; what a provider has, or may have, goes on and is told as it is."""
    _cancel(at, "the invoice was halted")
    update_invoice(at.connection, at.caller.account_id, at.held.id, halted=True)


def _queue(at: At) -> None:
    """Send it, unless it waits already: what is held is let go, what has ended is sent again by the last Send node."""
    held = [one.id for one in at.sends if one.status is Status.PENDING_APPROVAL]
    if held:
        let_go(at.connection, at.caller.account_id, held, reason="the operation Queue", actor=at.caller.actor)
    elif not any(one.status in WAITING | HELD for one in at.sends):
        _not_in_doubt(at)
        node = node_of(at.held)
        if node is None:
            raise refused("the invoice has no Send node to repeat: give one by PATCH")
        _again(at, node)
    update_invoice(at.connection, at.caller.account_id, at.held.id, halted=False)


def _sent(at: At) -> None:
    """Settle what is in doubt; nothing else becomes sent by being called so."""
    doubtful = [one.id for one in at.sends if one.in_doubt and not one.in_hand]
    if doubtful:
        account_id, actor = at.caller.account_id, at.caller.actor
        doubtful = settle(at.connection, account_id, doubtful, Finding.SENT, reason="the operation Sent", actor=actor)
    if not doubtful and not (at.sends and at.sends[0].status is Status.SENT):
        status = at.sends[0].status if at.sends else Status.NA
        raise refused(f"the send is not in doubt, it is {status.label}: DELETE the invoice to stop it")


def _print(at: At) -> None:
    """Print it instead of what waits, unless a print waits already."""
    if any(one.channel is Channel.PRINT and one.status in WAITING | HELD for one in at.sends):
        return
    if any(one.in_hand for one in at.sends):
        raise refused("a provider has the send just now: try again when it has ended")
    _not_in_doubt(at)
    _cancel(at, "printed instead")
    _again(at, {"Channel": "Print"})


def _again(at: At, node: Mapping[str, Any]) -> None:
    after = at.sends[0].id if at.sends else None
    queue(at.connection, at.service, at.caller, at.held, node, again=True, after=after)


def _cancel(at: At, reason: str) -> None:
    waiting = [one.id for one in at.sends if one.status in WAITING | HELD]
    if waiting:
        cancel(at.connection, at.caller.account_id, waiting, reason=reason, actor=at.caller.actor)


def _not_in_doubt(at: At) -> None:
    if any(one.in_doubt for one in at.sends):
        raise refused("nobody knows yet whether the last send was delivered: PUT the operation Sent if it was")


# operation, in small letters -> what it does
OPERATIONS: dict[str, Callable[[At], None]] = {
    "queue": _queue,
    "sent": _sent,
    "readytoprint": _print,
    "error": _halt,
}

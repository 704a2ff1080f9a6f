"""What does FarPay's dialect keep beside an invoice that is held, and what does the invoice show?"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from duepost.ledger.invoice_lists import Newest, Reference, newest_send
from duepost.ledger.invoices import Invoice
from duepost.sends import Channel, Kind
from duepost.statuses import Status
from gateway.farpay.invoice import Given, plain
from gateway.farpay.written import read, written

DIALECT = "farpay"
# channel -> as FarPay's samples write it
CHANNELS = {Channel.EMAIL: "Email", Channel.SMS: "SMS", Channel.XML: "XML", Channel.PRINT: "Print"}
UNSET = "0001-01-01T00:00:00"
# Payments are not ours to know: as FarPay shows an invoice that nothing has been paid of.
PAYMENT_STATUS, INVOICE_STATUS, REFERENCE_STATUS = 100, "Ok", "Ok"
HALTED = "The invoice is halted and will not be sent."
GOOD = frozenset({Status.QUEUE, Status.PENDING_APPROVAL, Status.READY_TO_PRINT, Status.SENT, Status.NA})


def to_keep(
    echo: Mapping[str, Any], listed: Mapping[str, Any], node: object = None, ids: Sequence[UUID] = ()
) -> dict[str, Any]:
    """For `asked`: texts, so that numbers and the order of names stay as they were."""
    return {DIALECT: {"echo": written(echo), "listed": written(listed), **_sent(node, ids)}}


def with_send(held: Invoice, node: object, ids: Sequence[UUID]) -> dict[str, Any]:
    """The same with the newest Send node."""
    return {**(held.asked or {}), DIALECT: {**_own(held), **_sent(node, ids)}}


def echo_of(held: Invoice) -> dict[str, Any]:
    """The request as it was given; of an invoice that came by another door, what is known of it."""
    text = _own(held).get("echo")
    if text:
        said: dict[str, Any] = read(text)
        return said
    receiver = {"Name": held.name, "Email": held.email, "ContactPhone": held.phone, "Gln": held.gln}
    return {
        "InvoiceTypeCode": "PCM" if held.kind is Kind.CREDIT_NOTE else "PIE",
        "InvoiceNumber": held.reference,
        "CustomerNumber": held.customer,
        "Recepient": {name: value for name, value in receiver.items() if value},
    }


def node_of(held: Invoice) -> dict[str, Any] | None:
    """The newest Send node that this dialect was given."""
    text = _own(held).get("send")
    return read(text) if text else None


def shown(connection: Connection, account_id: int, held: Invoice) -> dict[str, Any]:
    """The invoice as FarPay answers it: the request, what FarPay adds, and the newest send."""
    newest = newest_send(connection, account_id, held.reference)
    status, told = standing(newest.status if newest else None, newest.reason if newest else None, halted=held.halted)
    echo = echo_of(held)
    ours = {
        "Id": held.id,
        **({} if Given(echo).text("InvoiceNumber") else {"InvoiceNumber": held.reference}),
        "Created": instant(held.created_at),
        "SendStatus": int(status),
        "PaymentStatus": PAYMENT_STATUS,
        "InvoiceStatus": INVOICE_STATUS,
        "Token": held.token,
        "Send": _send(held, newest, status, told) if newest else None,
    }
    taken = {plain(name) for name in ours}
    return {**{name: value for name, value in echo.items() if plain(name) not in taken}, **ours}


def reference(listed: Reference) -> dict[str, Any]:
    """An invoice as the list shows it."""
    status, told = standing(listed.status, listed.reason, halted=listed.halted)
    said = read(listed.told) if listed.told else {"PaymentDueDate": listed.due and listed.due.isoformat()}
    return {
        "Id": listed.id,
        "Created": instant(listed.created_at),
        "InvoiceNumber": listed.reference,
        **{name: said.get(name) for name in ("PaymentDueDate", "InvoiceAmount", "ToBePaidAmount")},
        "PaymentReferenceStatus": REFERENCE_STATUS,
        "PaymentType": said.get("PaymentType"),
        "SendStatus": status.label,
        "ErrorDescription": told,
    }


def standing(status: Status | None, reason: str | None, *, halted: bool) -> tuple[Status, str]:
    """The status that an invoice shows, and in one sentence why it is none of the good ones."""
    if halted and status in {None, Status.NA, Status.NOT_SENT}:
        return Status.ERROR, HALTED
    status = status or Status.NA
    if status in GOOD:
        return status, ""
    return status, f"{status.meaning} ({reason})" if reason else status.meaning


def instant(moment: datetime) -> str:
    """In UTC, as FarPay's text says it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _send(held: Invoice, newest: Newest, status: Status, told: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if str(newest.id) in _own(held).get("sends", ()):
        given = node_of(held) or {}
    asked = Given(given)
    ours = {
        "Channel": CHANNELS[newest.channel],
        "Status": status.label,
        "ToAddress": asked.text("ToAddress") or newest.to_address or "",
        "ScheduleSendDate": instant(newest.scheduled_at) if newest.scheduled_at else None,
        "Note": asked.get("Note") if given else newest.note,
        "SentDate": instant(newest.sent_at) if newest.sent_at else UNSET,
        "ErrorCode": 0 if status in GOOD else int(status),
        "ErrorDescription": told,
    }
    taken = {plain(name) for name in ours}
    return {**{name: value for name, value in given.items() if plain(name) not in taken}, **ours}


def _own(held: Invoice) -> dict[str, Any]:
    own = (held.asked or {}).get(DIALECT)
    return own if isinstance(own, dict) else {}


def _sent(node: object, ids: Sequence[UUID]) -> dict[str, Any]:
    return {"send": written(node), "sends": [str(one) for one in ids]} if node is not None else {}

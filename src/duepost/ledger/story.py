"""What happened to a send, from its acceptance on?"""

from uuid import UUID

from sqlalchemy import Connection

from duepost.ledger import look
from duepost.ledger.listing import Listed, send_of
from duepost.standing import Event
from duepost.statuses import Status


def timeline_of(connection: Connection, account_id: int, send_id: UUID) -> list[Event] | None:
    """Everything that happened to the send, the oldest first; None when the account has no send of that id.

    An attempt stands at its beginning, a receipt at its coming. Served by pk_send, pk_state, ix_transition_send_id,
    ix_attempt_send_id and uq_receipt_send_id_source_digest.
    """
    found = send_of(connection, account_id, send_id)
    if found is None:
        return None
    changes = look.timeline(connection, send_id)
    events = [
        _accepted(found, changes[0].from_status if changes else found.status),
        *(_attempt(one) for one in look.attempts(connection, send_id)),
        *(_receipt(one) for one in look.receipts(connection, send_id)),
        *(_transition(one) for one in changes),
    ]
    return sorted(events, key=lambda event: event.at)  # at one instant: a receipt before the change that it makes


def _accepted(found: Listed, first: Status) -> Event:
    return Event(at=found.accepted_at, what="accepted", status_to=first, reason="ACCEPTED", actor=found.source)


def _attempt(one: look.Attempt) -> Event:
    told = {"verdict": one.verdict, "ended_at": one.ended_at.isoformat(), "reference": one.provider_reference}
    values = {name: value for name, value in told.items() if value is not None}
    return Event(at=one.began_at, what="attempt", values=values, attempt=one.number, provider=one.provider)


def _transition(one: look.Change) -> Event:
    return Event(
        at=one.at,
        what="transition",
        status_from=one.from_status,
        status_to=one.to_status,
        reason=one.reason_code,
        values=one.reason_values,
        actor=one.actor,
        attempt=one.attempt,
        answer=one.answer,
    )


def _receipt(one: look.Told) -> Event:
    told = {"word": one.word, "code": one.code, "happened_at": one.at.isoformat() if one.at else None}
    values = {name: value for name, value in told.items() if value is not None}
    return Event(at=one.received_at, what="receipt", reason=one.reason, values=values, actor=one.source, answer=one.raw)

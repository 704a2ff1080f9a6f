"""How is a send told as JSON, and what happened to it?"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from duepost.ledger.listing import Listed
from duepost.ledger.why import Why
from duepost.standing import Event
from duepost.statuses import Status
from gateway.problems import unknown

SEND_EXAMPLE: dict[str, Any] = {
    "id": "019ac1f2-7b5e-7c3d-9f00-2a4b6c8d0e1f",
    "status": 100,
    "status_name": "Queue",
    "channel": "email",
    "kind": "invoice",
    "invoice": "1001",
    "customer": "4711",
    "reference": None,
    "to_address": "accounts@customer.dk",
    "account": "acme",
    "run": "2026-11",
    "accepted_at": "2026-11-26T08:00:00+00:00",
    "due_at": "2026-11-30T14:55:00+00:00",
    "scheduled": {"wall": "2026-11-30 15:55", "zone": "Europe/Copenhagen", "at": "2026-11-30T14:55:00+00:00"},
    "lane": "email",
    "priority": 1,
    "attempts": 0,
    "segments": 1,
    "sequence": 0,
    "in_hand": False,
    "in_doubt": False,
    "paused": False,
    "resend_of": None,
}
SEND_SCHEMA = {"type": "object", "required": list(SEND_EXAMPLE), "properties": {name: {} for name in SEND_EXAMPLE}}
EVENT_EXAMPLE: dict[str, Any] = {
    "at": "2026-11-26T08:00:00+00:00",
    "what": "accepted",
    "status_from": None,
    "status_to": 100,
    "reason": "ACCEPTED",
    "values": {},
    "actor": "http",
    "attempt": None,
    "provider": None,
    "answer": None,
}
WHY_EXAMPLE: dict[str, Any] = {
    "code": "SCHEDULED",
    "sentence": "scheduled for 2026-11-30 15:55 Europe/Copenhagen",
    "until": "2026-11-30T14:55:00+00:00",
    "facts": {},
}


def send_id_of(given: str) -> UUID:
    """The id in an address. Raises: Problem 404 when it is none."""
    try:
        return UUID(given)
    except ValueError:
        raise unknown("send") from None


def instant(moment: datetime | None) -> str | None:
    """In UTC, with its offset."""
    return moment.astimezone(UTC).isoformat() if moment else None


def send_to_json(one: Listed) -> dict[str, Any]:
    """As SEND_EXAMPLE."""
    scheduled = None
    if one.scheduled_wall is not None:
        wall = one.scheduled_wall.isoformat(" ", "minutes")
        scheduled = {"wall": wall, "zone": one.scheduled_zone, "at": instant(one.scheduled_at)}
    return {
        "id": str(one.id),
        **status_to_json(one.status),
        "channel": one.channel.value,
        "kind": one.kind,
        "invoice": one.invoice,
        "customer": one.customer,
        "reference": one.reference,
        "to_address": one.to_address,
        "account": one.account,
        "run": one.run,
        "accepted_at": instant(one.accepted_at),
        "due_at": instant(one.due_at),
        "scheduled": scheduled,
        "lane": one.lane,
        "priority": one.priority,
        "attempts": one.attempts,
        "segments": one.units,
        "sequence": one.sequence,
        "in_hand": one.in_hand,
        "in_doubt": one.in_doubt,
        "paused": one.set_aside,
        "resend_of": str(one.resend_of) if one.resend_of else None,
    }


def status_to_json(status: Status) -> dict[str, Any]:
    """Number and FarPay's name."""
    return {"status": int(status), "status_name": status.label}


def event_to_json(one: Event) -> dict[str, Any]:
    """As EVENT_EXAMPLE."""
    return {
        "at": instant(one.at),
        "what": one.what,
        "status_from": None if one.status_from is None else int(one.status_from),
        "status_to": None if one.status_to is None else int(one.status_to),
        "reason": one.reason,
        "values": dict(one.values),
        "actor": one.actor,
        "attempt": one.attempt,
        "provider": one.provider,
        "answer": one.answer,
    }


def why_to_json(found: Why) -> dict[str, Any]:
    """As WHY_EXAMPLE."""
    return {
        "code": found.code,
        "sentence": found.sentence,
        "until": instant(found.until),
        "facts": dict(found.facts),
    }

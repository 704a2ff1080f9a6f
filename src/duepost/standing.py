"""What does the gateway tell of a send: where it stands, what happened to it, and why it stands there?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from duepost.errors import Unexpected
from duepost.sends import Channel, Receipt
from duepost.statuses import Status

# fields of a Standing that stand in the answer as they are
AS_TOLD = [
    "kind",
    "invoice",
    "account",
    "customer",
    "reference",
    "to_address",
    "run",
    "lane",
    "priority",
    "attempts",
    "sequence",
    "in_hand",
    "in_doubt",
    "paused",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One send as it stands. Times are aware, in UTC.

    scheduled_at: when it was asked to leave; None: at once. due_at: when duepost looks at it next; None: nothing more
    happens by itself. in_hand: a provider has it now. in_doubt: a provider may have taken it. paused: its account or
    run is. resend_of: the send that it repeats.
    """

    id: UUID
    status: Status
    channel: Channel
    kind: str
    invoice: str
    account: str
    accepted_at: datetime
    due_at: datetime | None
    scheduled_at: datetime | None
    customer: str | None = field(repr=False)
    reference: str | None = field(repr=False)
    to_address: str | None = field(repr=False)
    run: str | None
    lane: str
    priority: int
    attempts: int
    units: int
    sequence: int
    in_hand: bool
    in_doubt: bool
    paused: bool
    resend_of: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a send. `at` is aware.

    what: `accepted`, `transition`, `attempt` or `receipt`. actor: the door, who changed it, or the receipt's source.
    answer: the provider's or the world's own words; may quote an address.
    """

    at: datetime
    what: str
    status_from: Status | None = None
    status_to: Status | None = None
    reason: str | None = None
    values: Mapping[str, str | int] = field(default_factory=dict)
    actor: str | None = None
    attempt: int | None = None
    provider: str | None = None
    answer: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Why:
    """Why a send stands where it does. code: one word to test; until: when it changes by itself, aware, if known."""

    code: str
    sentence: str
    until: datetime | None = None
    facts: Mapping[str, str | int | None] = field(default_factory=dict)


def receipt_from(said: Any) -> Receipt:
    """Of an accepted send. Raises: Unexpected."""
    try:
        return Receipt(
            id=UUID(said["id"]),
            status=Status(said["status"]),
            due_at=_moment(said["due_at"]),
            duplicate=said["duplicate_of"] is not None,
            warnings=tuple(said["warnings"]),
            units=said["segments"],
            encoding=said["encoding"],
            also=tuple(receipt_from(one) for one in said["also"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _strange("receipt") from None


def standing_from(said: Any) -> Standing:
    """Of a send. Raises: Unexpected."""
    try:
        scheduled = said["scheduled"]
        return Standing(
            id=UUID(said["id"]),
            status=Status(said["status"]),
            channel=Channel(said["channel"]),
            accepted_at=datetime.fromisoformat(said["accepted_at"]),
            due_at=_moment(said["due_at"]),
            scheduled_at=_moment(scheduled["at"]) if scheduled else None,
            units=said["segments"],
            resend_of=UUID(said["resend_of"]) if said["resend_of"] else None,
            **{name: said[name] for name in AS_TOLD},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _strange("send") from None


def event_from(said: Any) -> Event:
    """Of a timeline. Raises: Unexpected."""
    try:
        same = ("what", "reason", "values", "actor", "attempt", "provider", "answer")
        return Event(
            at=datetime.fromisoformat(said["at"]),
            status_from=None if said["status_from"] is None else Status(said["status_from"]),
            status_to=None if said["status_to"] is None else Status(said["status_to"]),
            **{name: said[name] for name in same},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _strange("timeline") from None


def why_from(said: Any) -> Why:
    """Raises: Unexpected."""
    try:
        return Why(said["code"], said["sentence"], _moment(said["until"]), said["facts"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _strange("reason") from None


def _moment(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)


def _strange(what: str) -> Unexpected:
    return Unexpected(f"the gateway tells of a {what} in a form that this duepost does not know: install its version")

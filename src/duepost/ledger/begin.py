"""How does an attempt begin, before any provider is called?

The fence is the lease: a send is begun only under the lease that its order brought, and the attempt's own token, a
negative number that no release ever hands out, takes the lease's place. So an order that arrives twice, late or after a
newer release finds nothing to do, and only who began a send can record what came of it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Interval,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from duepost.ledger.guard_tables import circuit, fence, pause
from duepost.ledger.history_tables import attempt, transition
from duepost.ledger.schema import state
from duepost.ledger.unnested import Columns, unnested
from duepost.statuses import Status


def new_token() -> int:
    """An attempt's fencing token: negative, random, of 62 bits."""
    return -1 - secrets.randbits(62)


@dataclass(frozen=True, slots=True)
class ToBegin:
    """A send about to go out. `lease_time`: longer than the provider's total deadline.

    `channel`, `provider`, `account` and `run` are what a pause may speak of.
    """

    id: UUID
    lease: int
    lease_time: timedelta
    channel: str
    provider: str
    account: str
    run: str | None
    token: int = field(default_factory=new_token)


@dataclass(frozen=True, slots=True)
class Begun:
    """A send that is now in our hands alone: attempt `number`, begun at `at` by the database's clock.

    `in_doubt`: a provider may have taken it at an attempt before; `provider_reference` is then its own name for it,
    where it has told one since a person last ended such a doubt, and `in_doubt_since` (aware) when the first attempt
    began that may have reached one. `first_number`: of the attempts since a person's last word (settled, approved), all
    of them without one. `first_at` (aware): when this provider was first called in these.
    """

    id: UUID
    number: int
    status: Status
    at: datetime
    token: int
    in_doubt: bool
    provider_reference: str | None
    first_number: int
    first_at: datetime
    in_doubt_since: datetime | None = None


def begin(connection: Connection, sends: Sequence[ToBegin], environment: str) -> dict[UUID, Begun]:
    """Write, before any provider is called, that these sends are being called; those that may not be are left out.

    Left out is what is not ours any more, what a pause or an open circuit holds, and everything when the ledger belongs
    to another environment. Served by pk_state, of a repeat also by ix_attempt_send_id and ix_transition_send_id.
    """
    rows = connection.execute(
        _BEGIN,
        {
            "asked_id": [one.id for one in sends],
            "asked_lease": [one.lease for one in sends],
            "asked_lease_time": [one.lease_time for one in sends],
            "asked_channel": [one.channel for one in sends],
            "asked_provider": [one.provider for one in sends],
            "asked_account": [one.account for one in sends],
            "asked_run": [one.run for one in sends],
            "asked_token": [one.token for one in sends],
            "environment": environment,
        },
    )
    return {row[0]: Begun(row[0], row[1], Status(row[2]), *row[3:]) for row in rows}


def take_back(connection: Connection, sends: Sequence[ToBegin]) -> int:
    """Undo begins of which we do not know whether they were committed, and that no provider was called for.

    The token proves that it was ours; where the begin has not come yet, it finds its order's lease gone. They are due
    again at once; returns how many there were. Served by pk_state.
    """
    asked = {
        "asked_id": [one.id for one in sends],
        "asked_lease": [one.lease for one in sends],
        "asked_token": [one.token for one in sends],
    }
    return connection.execute(_TAKE_BACK, asked).rowcount


_ASKED: Columns = {
    "id": Uuid(),
    "lease": BigInteger(),
    "lease_time": Interval(),
    "channel": Text(),
    "provider": Text(),
    "account": Text(),
    "run": Text(),
    "token": BigInteger(),
}


def _begin() -> ReturningUpdate[Any]:
    asked = unnested("asked", _ASKED)
    paused = exists().where(
        or_(
            pause.c.scope == "all",
            and_(pause.c.scope == "channel", pause.c.name == asked.c.channel),
            and_(pause.c.scope == "provider", pause.c.name == asked.c.provider),
            and_(pause.c.scope == "account", pause.c.name == asked.c.account),
            and_(pause.c.scope == "run", pause.c.name == asked.c.run),
        )
    )
    broken = exists().where(
        circuit.c.provider == asked.c.provider, circuit.c.probe_lease.is_distinct_from(asked.c.lease)
    )
    ended = (  # a doubt that a person ended: what comes after is another delivery
        select(func.max(transition.c.at))
        .where(transition.c.send_id == state.c.send_id, transition.c.reason_code == "SETTLED")
        .scalar_subquery()
    )
    told = (
        select(attempt.c.provider_reference)
        .where(
            attempt.c.send_id == state.c.send_id,
            attempt.c.provider == asked.c.provider,
            attempt.c.provider_reference.is_not(None),
            or_(ended.is_(None), attempt.c.began_at > ended),
        )
        .order_by(attempt.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    repeated = or_(state.c.status == int(Status.ERROR_SENDING_EMAIL), state.c.in_doubt)
    first = (
        select(func.min(attempt.c.began_at))
        .where(
            attempt.c.send_id == state.c.send_id,
            attempt.c.provider == asked.c.provider,
            attempt.c.began_at > _word(transition.c.at, cast(literal("-infinity"), DateTime(timezone=True))),
        )
        .scalar_subquery()
    )
    reached = or_(attempt.c.verdict == "unknown", attempt.c.provider_reference.is_not(None))
    earliest = func.min(attempt.c.began_at)
    # Without one of those a provider has taken it and gave it no name.
    since = select(func.coalesce(earliest.filter(reached), earliest)).where(
        attempt.c.send_id == state.c.send_id, or_(ended.is_(None), attempt.c.began_at > ended)
    )
    return (
        update(state)
        .where(
            state.c.send_id == asked.c.id,
            state.c.lease == asked.c.lease,
            state.c.begun_at.is_(None),
            exists().where(fence.c.environment == bindparam("environment", type_=Text())),
            ~paused,
            ~broken,
        )
        .values(
            begun_at=func.now(),
            due_at=func.now() + asked.c.lease_time,
            attempts=state.c.attempts + 1,
            lease=asked.c.token,
        )
        .returning(
            state.c.send_id,
            state.c.attempts,
            state.c.status,
            state.c.begun_at,
            state.c.lease,
            state.c.in_doubt,
            case((state.c.in_doubt, told)),  # looked for only then
            case((repeated, _word(transition.c.attempt, 0) + 1), else_=state.c.attempts),
            case((repeated, func.coalesce(first, state.c.begun_at)), else_=state.c.begun_at),
            case((state.c.in_doubt, since.scalar_subquery())),
        )
    )


def _word(of: ColumnElement[Any], nothing: Any) -> ColumnElement[Any]:
    """Of the newest transition by which a person has let the send leave again."""
    said = select(func.max(of)).where(
        transition.c.send_id == state.c.send_id, transition.c.reason_code.in_(("SETTLED", "APPROVED"))
    )
    return func.coalesce(said.scalar_subquery(), nothing)


def _take_back() -> Any:
    asked = unnested("asked", {"id": Uuid(), "lease": BigInteger(), "token": BigInteger()})
    begun = and_(state.c.lease == asked.c.token, state.c.begun_at.is_not(None))
    not_yet = and_(state.c.lease == asked.c.lease, state.c.begun_at.is_(None))
    attempts = state.c.attempts - case((state.c.begun_at.is_not(None), 1), else_=0)
    return (
        update(state)
        .where(state.c.send_id == asked.c.id, or_(begun, not_yet))
        .values(begun_at=None, due_at=func.now(), attempts=attempts, lease=None)
    )


# Built once: building them costs several times what running them does.
_BEGIN = _begin()
_TAKE_BACK = _take_back()

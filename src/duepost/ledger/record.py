"""How does what came of an attempt get into the ledger?"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    Interval,
    Select,
    SmallInteger,
    Text,
    Uuid,
    case,
    cast,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from duepost.ledger.history_tables import attempt, transition
from duepost.ledger.schema import state
from duepost.ledger.unnested import Columns, unnested
from duepost.reasons import Reason
from duepost.statuses import Status


@dataclass(frozen=True, slots=True)
class ToRecord:
    """What came of an attempt.

    `wait`: how long until the next one; None when the status is final or held. `counted`: False when the attempt does
    not count (429, refused credentials). `took`: from begin to the provider's answer. `lease`: the attempt's fencing
    token, `token`: what the provider was given. `in_doubt`: the provider may have taken it all the same. `not_after`
    (aware): when the release gives it up, for a send that is tried again. `lane`: where it goes on, if in another.
    """

    id: UUID
    lease: int
    number: int
    from_status: Status
    to_status: Status
    wait: timedelta | None
    counted: bool
    reason: Reason
    answer: str | None = field(repr=False)
    actor: str
    provider: str
    provider_reference: str | None
    began_at: datetime
    took: timedelta
    verdict: str
    token: str
    in_doubt: bool = False
    not_after: datetime | None = None
    lane: str | None = None


def record(connection: Connection, outcomes: Sequence[ToRecord]) -> set[UUID]:
    """Write what came of attempts, with one transition and one attempt row each; returns the ids that were still ours.

    An outcome whose lease has been taken over changes nothing. Served by pk_state.
    """
    return set(connection.execute(_RECORD, _told(outcomes)).scalars())


def record_late(connection: Connection, outcomes: Sequence[ToRecord]) -> set[UUID]:
    """Write outcomes that are known after all, of sends that were called unknown when their lease had run out.

    Only while nothing has happened since: no later attempt, no person's word. Returns the ids that were mended. Served
    by pk_state.
    """
    known = [one for one in outcomes if not one.in_doubt]
    return set(connection.execute(_RECORD_LATE, _told(known)).scalars()) if known else set()


def stands_already(connection: Connection, outcome: ToRecord) -> bool:
    """True when this very outcome was recorded, and only the answer to that got lost. Served by ix_attempt_send_id."""
    found = select(attempt.c.id).where(
        attempt.c.send_id == outcome.id,
        attempt.c.number == outcome.number,
        attempt.c.began_at == outcome.began_at,
        attempt.c.ended_at == outcome.began_at + outcome.took,
        attempt.c.verdict == str(outcome.verdict),
    )
    return connection.execute(found).first() is not None


def _told(outcomes: Sequence[ToRecord]) -> dict[str, list[Any]]:
    return {
        "told_id": [one.id for one in outcomes],
        "told_lease": [one.lease for one in outcomes],
        "told_number": [one.number for one in outcomes],
        "told_from_status": [int(one.from_status) for one in outcomes],
        "told_to_status": [int(one.to_status) for one in outcomes],
        "told_wait": [one.wait for one in outcomes],
        "told_uncounted": [int(not one.counted) for one in outcomes],
        "told_reason_code": [one.reason.code for one in outcomes],
        "told_reason_field": [one.reason.field for one in outcomes],
        "told_reason_values": [json.dumps(dict(one.reason.values)) for one in outcomes],
        "told_answer": [one.answer for one in outcomes],
        "told_actor": [one.actor for one in outcomes],
        "told_provider": [one.provider for one in outcomes],
        "told_provider_reference": [one.provider_reference for one in outcomes],
        "told_began_at": [one.began_at for one in outcomes],
        "told_took": [one.took for one in outcomes],
        "told_verdict": [str(one.verdict) for one in outcomes],
        "told_token": [one.token for one in outcomes],
        "told_in_doubt": [one.in_doubt for one in outcomes],
        "told_not_after": [one.not_after for one in outcomes],
        "told_lane": [one.lane for one in outcomes],
    }


_TRANSITION_COLUMNS = [
    "send_id",
    "from_status",
    "to_status",
    "reason_code",
    "reason_field",
    "reason_values",
    "answer",
    "actor",
    "attempt",
]
_ATTEMPT_COLUMNS = [
    "send_id",
    "number",
    "provider",
    "provider_reference",
    "began_at",
    "verdict",
    "token",
    "ended_at",
]


# column -> type
_TOLD: Columns = {
    "id": Uuid(),
    "lease": BigInteger(),
    "number": SmallInteger(),
    "from_status": SmallInteger(),
    "to_status": SmallInteger(),
    "wait": Interval(),
    "uncounted": Integer(),
    "reason_code": Text(),
    "reason_field": Text(),
    "reason_values": Text(),
    "answer": Text(),
    "actor": Text(),
    "provider": Text(),
    "provider_reference": Text(),
    "began_at": DateTime(timezone=True),
    "took": Interval(),
    "verdict": Text(),
    "token": Text(),
    "in_doubt": Boolean(),
    "not_after": DateTime(timezone=True),
    "lane": Text(),
}


def _record(*, late: bool = False) -> Select[Any]:
    told = unnested("told", _TOLD)
    stood: ColumnElement[int] = told.c.from_status
    if late:
        # The number says that no attempt has begun since; what another worker has in hand is not touched.
        before = (
            select(state.c.send_id, state.c.status, told.c.number)
            .where(
                state.c.send_id == told.c.id,
                state.c.attempts == told.c.number,
                state.c.in_doubt,
                state.c.begun_at.is_(None),
            )
            .with_for_update(of=state)
            .cte("before")
        )
        ours_still: tuple[ColumnElement[bool], ...] = (state.c.send_id == before.c.send_id,)
        stood = before.c.status
    else:
        # Not "begun_at IS NOT NULL": few rows ever are begun when statistics are taken, so the planner would expect
        # one, read the whole table and hold every row of it against every outcome (1 ms a send at 4,000 rows, 50 a
        # batch).
        ours_still = (state.c.lease == told.c.lease, state.c.begun_at == told.c.began_at)
    ours = (
        update(state)
        .where(state.c.send_id == told.c.id, *ours_still)
        .values(
            status=told.c.to_status,
            due_at=case((told.c.wait.is_not(None), func.now() + told.c.wait)),
            attempts=state.c.attempts - told.c.uncounted,
            lease=None,
            begun_at=None,
            in_doubt=told.c.in_doubt,
            not_after=func.coalesce(told.c.not_after, state.c.not_after),
            losses=0,
            lane=func.coalesce(told.c.lane, state.c.lane),
        )
        .returning(*(one for one in told.c if one.key != "from_status"), stood.label("from_status"))
        .cte("ours")
    )
    values = {"reason_values": cast(ours.c.reason_values, JSONB)}
    changed = insert(transition).from_select(
        _TRANSITION_COLUMNS,
        select(*(values.get(name, ours.c[name]) for name in ("id", *_TRANSITION_COLUMNS[1:-1], "number"))),
    )
    tried = insert(attempt).from_select(
        _ATTEMPT_COLUMNS,
        select(*(ours.c[name] for name in ("id", *_ATTEMPT_COLUMNS[1:-1])), ours.c.began_at + ours.c.took),
    )
    return select(ours.c.id).add_cte(ours, changed.cte("changed"), tried.cte("tried"))


# Built once: building them costs several times what running them does (record of 8: 1.9 ms of CPU against 0.6).
_RECORD = _record()
_RECORD_LATE = _record(late=True)

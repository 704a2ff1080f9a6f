"""What does the ledger know of a send that stands still, and of what may keep it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select, union_all

from duepost.ledger.circuits import Circuit, open_circuits
from duepost.ledger.history_tables import attempt, transition
from duepost.ledger.ours import of_account
from duepost.ledger.pauses import Pause, Scope, pauses
from duepost.ledger.print_runs import name_of
from duepost.ledger.print_tables import envelope, print_run
from duepost.ledger.schema import account, lane, run, send, state
from duepost.sends import Priority
from duepost.statuses import Status

MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """One send, its newest transition (`at` to `actor`), its newest attempt's provider, and what holds it. Times aware.

    due_at: its own while a pause has set it aside. provider: the account that its lane's workers have told of; None:
    none has. pause, circuit: what keeps it at present; print_run: the closed run that it lies in.
    """

    now: datetime
    account: str
    zone: str
    delivers: bool
    cutoff: time | None
    status: Status
    due_at: datetime | None
    set_aside: bool
    leased: bool
    begun_at: datetime | None
    in_doubt: bool
    losses: int
    lane: str
    priority: int
    attempts: int
    accepted_at: datetime
    scheduled_wall: datetime | None
    scheduled_zone: str | None
    scheduled_at: datetime | None
    provider: str | None
    at: datetime | None
    code: str | None
    values: Mapping[str, str | int]
    actor: str | None
    called: str | None
    reference: str | None
    print_run: str | None
    handed_at: datetime | None
    pause: Pause | None
    circuit: Circuit | None

    def clock(self, moment: datetime) -> str:
        """A moment as a wall clock of the account shows it."""
        return f"{moment.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M:%S} {self.zone}"


def known(connection: Connection, account_id: int, send_id: UUID) -> Known | None:
    """All of that; None when the account has no send of that id.

    Served by pk_send, pk_state, pk_lane, ix_transition_send_id, ix_attempt_send_id and uq_envelope_send_id.
    """
    newest = (
        select(transition.c.at, transition.c.reason_code, transition.c.reason_values, transition.c.actor)
        .where(transition.c.send_id == send.c.id)
        .order_by(transition.c.id.desc())
        .limit(1)
        .lateral("newest")
    )
    called = (
        select(attempt.c.provider, attempt.c.provider_reference)
        .where(attempt.c.send_id == send.c.id)
        .order_by(attempt.c.id.desc())
        .limit(1)
        .lateral("called")
    )
    row = connection.execute(
        select(
            func.now(),
            account.c.name,
            account.c.zone,
            account.c.delivers,
            account.c.print_cutoff,
            state.c.status,
            func.coalesce(state.c.paused_due_at, state.c.due_at),
            state.c.paused_due_at.is_not(None),
            state.c.lease.is_not(None) & (state.c.due_at > func.now()),
            state.c.begun_at,
            state.c.in_doubt,
            state.c.losses,
            state.c.lane,
            state.c.priority,
            state.c.attempts,
            send.c.accepted_at,
            send.c.scheduled_wall,
            send.c.scheduled_zone,
            send.c.scheduled_at,
            lane.c.provider,
            newest.c.at,
            newest.c.reason_code,
            newest.c.reason_values,
            newest.c.actor,
            called.c.provider,
            called.c.provider_reference,
            print_run.c.id,
            print_run.c.handed_at,
            run.c.name,
            send.c.channel,
        )
        .join_from(send, state, state.c.send_id == send.c.id)
        .join(account, account.c.id == send.c.account_id)
        .outerjoin(run, run.c.id == send.c.run_id)
        .outerjoin(lane, lane.c.name == state.c.lane)
        .outerjoin(newest, newest.c.at.is_not(None))
        .outerjoin(called, called.c.provider.is_not(None))
        .outerjoin(envelope, envelope.c.send_id == send.c.id)
        .outerjoin(print_run, print_run.c.id == envelope.c.run_id)
        .where(send.c.id == send_id, of_account(account_id))
    ).one_or_none()
    if row is None:
        return None
    *values, run_name, channel = row
    return _with_guards(connection, values, run_name, channel)


def _with_guards(connection: Connection, values: list[Any], run_name: str | None, channel: str) -> Known:
    account_name, provider = values[1], values[19]
    values[5] = Status(values[5])
    values[22] = values[22] or {}
    values[26] = name_of(values[26]) if values[26] else None
    speaks_of = {
        (Scope.ALL, ""),
        (Scope.ACCOUNT, account_name),
        (Scope.CHANNEL, channel),
        (Scope.PROVIDER, provider),
        (Scope.RUN, run_name),
    }
    pause = next((one for one in pauses(connection) if (one.scope, one.name) in speaks_of), None)
    circuit = open_circuits(connection).get(provider) if provider else None
    return Known(*[*values, pause, circuit])


def before_it(connection: Connection, found: Known) -> int:
    """How many due sends of its lane are released before it; more than 10,000 are not counted further.

    Served by ix_state_due, one range a priority.
    """
    ranges = [
        select(state.c.send_id)
        .where(
            state.c.lane == found.lane,
            state.c.priority == int(priority),
            state.c.due_at < (found.due_at if int(priority) == found.priority else func.now()),
            state.c.begun_at.is_(None),
        )
        .limit(MOST_COUNTED + 1)
        for priority in Priority
        if int(priority) <= found.priority
    ]
    counted = union_all(*(select(one.subquery().c.send_id) for one in ranges)).limit(MOST_COUNTED + 1).subquery()
    return int(connection.execute(select(func.count()).select_from(counted)).scalar_one())

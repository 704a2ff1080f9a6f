"""How does a test get sends into the ledger, and what does it see there?"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, func, select, text, update

from duepost.ledger import look
from duepost.ledger.accept import Accepted, copy_in
from duepost.ledger.accounts import add_account, run_named
from duepost.ledger.begin import Begun, ToBegin
from duepost.ledger.begin import begin as begin_in
from duepost.ledger.identifiers import new_id
from duepost.ledger.record import ToRecord
from duepost.ledger.release import release
from duepost.ledger.schema import account, state
from duepost.reasons import Reason
from duepost.sends import Channel, CheckedSend, Kind, Priority, Schedule
from duepost.statuses import Status
from sandbox.postgres import PostgresServer

ENVIRONMENT = "production"
LANE = "email"
NOW = timedelta(0)
MINUTE = timedelta(minutes=1)
TOGETHER_SECONDS = 30.0
ANSWER = "250 2.0.0 queued as 4F2A"

Result = TypeVar("Result")


@pytest.fixture
def empty_url(chosen_postgres: PostgresServer) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"test_{uuid4().hex}"
    chosen_postgres.create_database(name)
    yield chosen_postgres.url(name)
    chosen_postgres.drop_database(name)


def account_id(connection: Connection, name: str = "default") -> int:
    """The id of an account, made if need be."""
    add_account(connection, name, "Europe/Copenhagen")
    return int(connection.execute(select(account.c.id).where(account.c.name == name)).scalar_one())


def accepted(
    connection: Connection,
    *,
    due_in: timedelta = NOW,
    lane: str = LANE,
    priority: Priority = Priority.NORMAL,
    invoice: str = "INV-1",
    key: UUID | None = None,
    run_id: int | None = None,
    account: str = "default",
    not_after: datetime | None = None,
) -> Accepted:
    """A send as a door hands it to the ledger, with a schedule when it is not due now; `key`: business key."""
    due_at: datetime = connection.execute(select(func.now() + due_in)).scalar_one()
    schedule = Schedule(due_at.replace(tzinfo=None), "UTC", due_at) if due_in else None
    checked = CheckedSend(
        channel=Channel.EMAIL,
        invoice=invoice,
        to_address="kunde@example.com",
        schedule=schedule,
        note=None,
        account=account,
        kind=Kind.INVOICE,
        subject="Faktura",
        customer=None,
        reference=None,
        document=None,
        filename=None,
        lane=lane,
        priority=priority,
        sequence=0,
    )
    key = key or uuid4()
    owner = account_id(connection, account)
    return Accepted(new_id(), owner, run_id, key, checked, None, due_at, "test", not_after=not_after)


def queue_up(
    connection: Connection,
    count: int = 1,
    *,
    due_in: timedelta = NOW,
    lane: str = LANE,
    priority: Priority = Priority.NORMAL,
    account: str = "default",
    run: str | None = None,
    late_in: timedelta | None = None,
) -> list[UUID]:
    """Put sends into the ledger in the caller's transaction; returns their ids in the order of acceptance.

    late_in: from now until they may leave no more; None for no limit.
    """
    run_id = run_named(connection, account_id(connection, account), run) if run else None
    not_after = None if late_in is None else connection.execute(select(func.now() + late_in)).scalar_one()
    first = accepted(
        connection,
        due_in=due_in,
        lane=lane,
        priority=priority,
        account=account,
        run_id=run_id,
        not_after=not_after,
    )
    sends = [first, *(replace(first, id=new_id(), business_key=uuid4()) for _ in range(count - 1))]
    copy_in(connection, sends)
    return [send.id for send in sends]


def to_begin(
    send_id: UUID, lease: int, lease_time: timedelta = MINUTE, *, account: str = "default", run: str | None = None
) -> ToBegin:
    """A send of the usual channel and provider account, about to go out."""
    return ToBegin(send_id, lease, lease_time, Channel.EMAIL.value, "smtp", account, run)


def begin(connection: Connection, sends: Sequence[ToBegin]) -> dict[UUID, Begun]:
    """As the worker of this ledger's environment does it."""
    return begin_in(connection, sends, ENVIRONMENT)


def begun(connection: Connection, count: int = 1, *, lease_time: timedelta = MINUTE) -> list[Begun]:
    """Sends that were queued, released and begun."""
    queue_up(connection, count)
    released = release(connection, LANE, count, MINUTE)
    found = begin(connection, [to_begin(one, released.lease, lease_time) for one in released.ids])
    return [found[one] for one in released.ids]


def outcome_of(
    send: Begun,
    *,
    lease: int | None = None,
    to_status: Status = Status.SENT,
    wait: timedelta | None = None,
    counted: bool = True,
    reason: Reason = Reason("ACCEPTED"),  # noqa: B008 - frozen
    answer: str | None = ANSWER,
    verdict: str = "accepted",
    in_doubt: bool = False,
    not_after: datetime | None = None,
) -> ToRecord:
    """What came of the attempt: by default the provider took it."""
    return ToRecord(
        id=send.id,
        lease=send.token if lease is None else lease,
        number=send.number,
        from_status=send.status,
        to_status=to_status,
        wait=wait,
        counted=counted,
        reason=reason,
        answer=answer,
        actor="worker@test",
        provider="smtp",
        provider_reference="4F2A",
        began_at=send.at,
        took=timedelta(seconds=2),
        verdict=verdict,
        token=str(send.id),
        in_doubt=in_doubt,
        not_after=not_after,
    )


def set_state(connection: Connection, send_id: UUID, **values: object) -> None:
    """Put a send into a state by hand."""
    connection.execute(update(state).where(state.c.send_id == send_id).values(values))


def state_of(connection: Connection, send_id: UUID) -> dict[str, object]:
    """The send's row of `state`."""
    return dict(connection.execute(select(state).where(state.c.send_id == send_id)).mappings().one())


def reasons_of(connection: Connection, send_id: UUID) -> list[tuple[Status, str]]:
    """Status and reason of every transition of the send, the oldest first."""
    return [(change.to_status, change.reason_code) for change in look.timeline(connection, send_id)]


def rows_in(connection: Connection, table: str) -> int:
    """How many rows the table has."""
    return int(connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one())  # noqa: S608 - a test's own word


def at_once(engine: Engine, jobs: list[Callable[[Connection], Result]]) -> list[Result]:
    """Run each job in a thread, connection and transaction of its own, all starting at the same moment."""
    gate = Barrier(len(jobs))
    unpooled = create_engine(engine.url, poolclass=NullPool)

    def run(job: Callable[[Connection], Result]) -> Result:
        with unpooled.connect() as connection:
            connection.execute(text("SELECT 1"))
            gate.wait(TOGETHER_SECONDS)
            answer = job(connection)
            connection.commit()
            return answer

    with ThreadPoolExecutor(len(jobs)) as threads:
        return [future.result(TOGETHER_SECONDS) for future in [threads.submit(partial(run, job)) for job in jobs]]

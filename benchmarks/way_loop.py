"""How fast is it with no queue at all? The same adapter, threads and processes, outcomes recorded in batches.

Nothing is begun before a provider is called, so a crash would leave every send in doubt: the price of knowing is what
the ratio to this loop shows.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from threading import Lock, Thread
from uuid import UUID

from sqlalchemy import Engine, create_engine, text

from benchmarks.case import ACCOUNT, PROCESSES, Rig
from benchmarks.jobs import SendRow, documents, job_of, provider, read_many, settings
from benchmarks.sends import require_sent, send_ids
from benchmarks.together import Ran, run_together
from duepost.ledger.record import ToRecord, record
from duepost.statuses import Status
from worker.providers.port import Outcome

BATCH = 100  # sends read at a time, and outcomes recorded at most
WARM_UP = 200
LEASE = 1


def drain(rig: Rig, sends: int) -> Ran:
    """Send so many with nothing between the ledger and the adapter."""
    rig.fill(WARM_UP + sends)
    began = datetime.now(UTC)
    with rig.engine.begin() as connection:
        # `record` wants sends that were begun: here that is given.
        connection.execute(
            text("UPDATE state SET lease = :lease, begun_at = :began, attempts = 1"), {"lease": LEASE, "began": began}
        )
    with rig.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE state"))
        ids = send_ids(connection)
    shares = [(ids[number::PROCESSES], WARM_UP // PROCESSES, rig.case.width, began) for number in range(PROCESSES)]
    ran = run_together(_prepare, shares, sends=sends, environment=rig.stack.environment, others=rig.servers)
    require_sent(rig.engine, WARM_UP + sends)
    return ran


def _prepare(ids: Sequence[UUID], warm_up: int, width: int, began: datetime) -> Callable[[], None]:
    engine = create_engine(settings().database_url.get_secret_value())
    _deliver(engine, ids[:warm_up], width, began)
    return lambda: _deliver(engine, ids[warm_up:], width, began)


def _deliver(engine: Engine, ids: Sequence[UUID], width: int, began: datetime) -> None:
    rows = _rows(engine, ids)
    one_at_a_time = Lock()
    outcomes: SimpleQueue[ToRecord] = SimpleQueue()

    def send_on() -> None:
        while True:
            with one_at_a_time:
                row = next(rows, None)
            if row is None:
                return
            outcome = provider().send(job_of(row, documents()))
            outcomes.put(_told(row[0], outcome, began))

    threads = [Thread(target=send_on) for _ in range(width)]
    for thread in threads:
        thread.start()
    left = len(ids)
    while left:
        gathered = [outcomes.get()]
        while len(gathered) < min(BATCH, left):
            gathered.append(outcomes.get())
        with engine.begin() as connection:
            record(connection, gathered)
        left -= len(gathered)


def _rows(engine: Engine, ids: Sequence[UUID]) -> Iterator[SendRow]:
    for start in range(0, len(ids), BATCH):
        with engine.connect() as connection:
            rows = read_many(connection, ids[start : start + BATCH])
        yield from rows


def _told(ident: UUID, outcome: Outcome, began: datetime) -> ToRecord:
    return ToRecord(
        id=ident,
        lease=LEASE,
        number=1,
        from_status=Status.QUEUE,
        to_status=outcome.status,
        wait=None,
        counted=True,
        reason=outcome.reason,
        answer=outcome.answer,
        actor="loop",
        provider=ACCOUNT,
        provider_reference=outcome.provider_reference,
        began_at=began,
        took=timedelta(milliseconds=1),
        verdict=outcome.verdict,
        token=str(ident),
    )

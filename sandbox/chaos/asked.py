"""Which sends does a drill ask for, and which of them still wait?"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine, func, select

from duepost import Door, NewSend, Receipt, Rules, enqueue_many
from duepost.documents import DocumentStore
from duepost.ledger.schema import run, send, state
from duepost.statuses import Status

# lane -> channel, and an address that its counterpart takes
LANES = {
    "email": ("email", "kunde{}@firma.test"),
    "sms": ("sms", "+45223{:05d}"),
    "asked": ("sms", "+45224{:05d}"),
}


@dataclass(frozen=True)
class Wanted:
    """One send that was accepted. `due_at` is aware."""

    lane: str
    invoice: str
    due_at: datetime


@dataclass
class Asked:
    """The accepted sends of one drill. `cancelled`: those of them that must never leave."""

    sends: dict[UUID, Wanted] = field(default_factory=dict)
    cancelled: set[UUID] = field(default_factory=set)

    def of(self, lane: str) -> list[UUID]:
        """The ids of one lane."""
        return [one for one, wanted in self.sends.items() if wanted.lane == lane]

    def add(self, other: "Asked") -> None:
        """Those of another call, too."""
        self.sends.update(other.sends)
        self.cancelled |= other.cancelled


_next = iter(range(1, 10_000_000))


def ask_for(
    engine: Engine, count: int, *, lanes: Collection[str], run_name: str, due_in: timedelta = timedelta(0)
) -> Asked:
    """Enqueue so many in each lane, in one transaction; accepted when this returns."""
    asked = Asked()

    def note(one: NewSend, receipt: Receipt) -> None:
        assert receipt.due_at is not None
        asked.sends[receipt.id] = Wanted(str(one.lane), one.invoice, receipt.due_at)

    door = Door(Rules(test_domains=True), DocumentStore(Path("nowhere"), writes=False))
    with engine.begin() as connection:
        now: datetime = connection.execute(select(func.now())).scalar_one()  # the ledger's clock may have been set
        due = (now.astimezone(UTC) + due_in).replace(microsecond=0).isoformat() if due_in else None
        sends = [new_send(lane, due) for _ in range(count) for lane in lanes]
        enqueue_many(connection, sends, run=run_name, door=door, on_receipt=note)
    return asked


def waiting_of(engine: Engine, asked: Asked, statuses: Collection[Status]) -> int:
    """How many of them have one of these statuses."""
    with engine.connect() as connection:
        found = connection.execute(
            select(func.count()).where(
                state.c.send_id.in_(list(asked.sends)), state.c.status.in_([int(one) for one in statuses])
            )
        )
        return int(found.scalar_one())


def statuses_of(engine: Engine, asked: Asked) -> Mapping[UUID, Status]:
    """Where each of them stands; one that the ledger does not know is left out."""
    with engine.connect() as connection:
        rows = connection.execute(select(state.c.send_id, state.c.status).where(state.c.send_id.in_(list(asked.sends))))
        return {row[0]: Status(row[1]) for row in rows}


def asked_in_run(engine: Engine, run_name: str) -> Asked:
    """What stands in the ledger under this run."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(send.c.id, state.c.lane, send.c.invoice, send.c.accepted_at)
            .join(run, run.c.id == send.c.run_id)
            .join(state, state.c.send_id == send.c.id)
            .where(run.c.name == run_name)
        )
        return Asked({row[0]: Wanted(row[1], row[2], row[3]) for row in rows})


def new_send(lane: str, due: str | None = None) -> NewSend:
    """One more, with an invoice number that none had before."""
    number = next(_next)
    channel, address = LANES[lane]
    return NewSend(
        channel=channel,
        lane=lane,
        invoice=f"C-{number}",
        to_address=address.format(number),
        schedule_send_date=due,
        note="Chaos",
    )

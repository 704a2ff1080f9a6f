"""How does a billing app enqueue, in its own transaction?"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from duepost.errors import InvalidSend
from duepost.intake import Door, Intake
from duepost.ledger.accept import Accepted
from duepost.ledger.engine import answered
from duepost.sends import NewSend, Receipt
from duepost.settings import DoorSettings, load

BATCH = 2_000  # sends in one COPY

Item = TypeVar("Item")
Label = TypeVar("Label")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a door took in: `accepted` new sends, `duplicates` that were there already, `refused` wrong ones."""

    accepted: int = 0
    duplicates: int = 0
    refused: int = 0


def enqueue(connection: Connection, send: NewSend, *, door: Door | None = None, source: str = "python") -> Receipt:
    """Queue one send in the caller's transaction; it is accepted when that commits.

    It is released when its schedule has come (beat looks every full minute), at once when it has none. The same
    business key (account, invoice, channel, address, kind, sequence) enqueued twice answers with the first send and
    `duplicate=True`.

    Raises: InvalidSend when a field is wrong (nothing is stored; `.field` and `.hint` say which and how to mend it);
    ConfigError when no door is given and the environment describes none; OSError when the document store cannot be
    written; TryLater when the ledger is away or full (SQLAlchemy's own errors, though, from the caller's commit).
    Source: FarPay API, "Send" node; scheduled sends run on minute intervals.
    """
    with answered(repeats=True):
        intake = Intake(connection, door or door_from_environment(), source=source)
        # All receivers' before the first is accepted: a store that fails in between leaves nothing behind.
        prepared = [intake.prepare(one) for one in intake.check(send)]
        first, *others = [intake.accept(one) for one in prepared]
        return replace(first, also=tuple(others)) if others else first


def enqueue_many(
    connection: Connection,
    sends: Iterable[NewSend],
    *,
    run: str | None = None,
    door: Door | None = None,
    source: str = "python",
    on_receipt: Callable[[NewSend, Receipt], None] | None = None,
    on_problem: Callable[[NewSend, list[InvalidSend]], None] | None = None,
) -> Taken:
    """Queue any number of sends in the caller's transaction, by COPY, in constant memory.

    `run` names the batch. `on_receipt` is told of every send taken, in order. A wrong send raises, and nothing of this
    call is stored; with `on_problem` it is reported there with all its wrong fields, and the others are taken.

    Raises: as `enqueue`; from COPY also psycopg's UniqueViolation, to be answered by repeating the transaction.
    """
    intake = Intake(connection, door or door_from_environment(), source=source, run=run)
    with answered(repeats=True), connection.begin_nested():
        return take(intake, ((send, send) for send in sends), on_receipt=on_receipt, on_problem=on_problem)


def take(
    intake: Intake,
    labelled: Iterable[tuple[Label, NewSend]],
    *,
    on_receipt: Callable[[Label, Receipt], None] | None = None,
    on_problem: Callable[[Label, list[InvalidSend]], None] | None = None,
    overlap: bool = False,
) -> Taken:
    """As `enqueue_many`, within whatever transaction the intake has; a label tells the callbacks which send it was.

    overlap: check the next few thousand while PostgreSQL takes the last in; only where `labelled` leaves the intake's
    connection alone.
    """
    tally = _Tally(on_receipt)
    with ThreadPoolExecutor(1) if overlap else _AtOnce() as writer:
        under_way: Callable[[], None] | None = None
        for batch in _batches(labelled, BATCH):
            prepared = _prepare(intake, batch, tally, on_problem)
            if under_way:
                under_way()
            receipts = writer.submit(intake.accept_many, [one for _, one in prepared])
            under_way = partial(tally.take, prepared, receipts)
        if under_way:
            under_way()
    return Taken(tally.accepted, tally.duplicates, tally.refused)


def _prepare(
    intake: Intake,
    batch: Iterable[tuple[Label, NewSend]],
    tally: "_Tally[Label]",
    on_problem: Callable[[Label, list[InvalidSend]], None] | None,
) -> list[tuple[Label, Accepted]]:
    prepared: list[tuple[Label, Accepted]] = []
    for label, send in batch:
        try:
            prepared += [(label, intake.prepare(one)) for one in intake.check(send)]
        except InvalidSend as first:
            if on_problem is None:
                raise
            on_problem(label, intake.problems(send) or [first])
            tally.refused += 1
    return prepared


class _Tally(Generic[Label]):
    """Counts what was taken and tells of it."""

    def __init__(self, on_receipt: Callable[[Label, Receipt], None] | None) -> None:
        self.accepted = self.duplicates = self.refused = 0
        self._on_receipt = on_receipt

    def take(self, prepared: list[tuple[Label, Accepted]], receipts: Future[list[Receipt]]) -> None:
        for (label, _), receipt in zip(prepared, receipts.result(), strict=True):
            self.duplicates += receipt.duplicate
            self.accepted += not receipt.duplicate
            if self._on_receipt:
                self._on_receipt(label, receipt)


class _AtOnce(Executor):
    """Does in the caller's thread what it is given."""

    def submit(self, fn: Callable[..., Item], /, *args: Any, **kwargs: Any) -> Future[Item]:
        done: Future[Item] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def door_of(settings: DoorSettings) -> Door:
    """The door that the settings describe."""
    return Door(settings.rules, settings.store)


@cache
def door_from_environment() -> Door:
    """The door that the environment (DUEPOST_…) describes; read once."""
    return door_of(load(DoorSettings, database_url="postgresql+psycopg://unused"))


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch

"""Did the promise hold? Ledger, door and counterparts are held against one another after every drill.

I1 … I14 are the invariants of docs/guarantees.md; each breach is a sentence that begins with its number.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, select

from duepost.ledger.history_tables import transition
from duepost.ledger.schema import send, state
from duepost.statuses import Status
from sandbox.chaos.asked import Asked, statuses_of
from sandbox.chaos.pace import LANES
from sandbox.chaos.rig import Rig
from sandbox.chaos.witness import Taking, takings

COUNTERPARTS = dict(zip(LANES, ("mail", "http", "asked"), strict=True))
RECOGNISES = "sms"  # the lane whose provider recognises a repeat by its token
LATEST = timedelta(seconds=60)  # after the trouble is over, or the time to leave has come
ROUNDING = timedelta(seconds=1)

# status -> where a send may go from there
LEGAL: Mapping[Status, frozenset[Status]] = {
    Status.QUEUE: frozenset(Status) - {Status.QUEUE, Status.READY_TO_PRINT, Status.NA},
    Status.ERROR_SENDING_EMAIL: frozenset(Status) - {Status.QUEUE, Status.READY_TO_PRINT, Status.NA},
    Status.PENDING_APPROVAL: frozenset({Status.QUEUE, Status.NOT_SENT, Status.ERROR}),
    # By a person's word, or by a worker that knows after all.
    Status.ERROR: frozenset(Status) - {Status.PENDING_APPROVAL, Status.READY_TO_PRINT, Status.NA},
}


@dataclass(frozen=True)
class Allowed:
    """What a drill may leave behind.

    kills: of anything while calls were under way. in_hand: calls that may have been under way at each of them. unknown:
    sends of unknown outcome at most. held: sends that must not leave, or that end otherwise than 200, by design. timed:
    False where the ledger's clock was set, so that its times are not the counterparts'.
    """

    kills: int = 0
    in_hand: int = 8
    unknown: int = 0
    held: frozenset[UUID] = frozenset()
    timed: bool = True


@dataclass
class Found:
    """What one drill left behind. `lost`: sends that neither arrived nor are accounted for."""

    sends: int = 0
    lost: int = 0
    repeated: int = 0
    unknown: int = 0
    breaches: list[str] = field(default_factory=list)


def check(rig: Rig, asked: Asked, allowed: Allowed, calm_since: datetime) -> Found:
    """Hold everything against everything. calm_since: when the trouble was over."""
    statuses = statuses_of(rig.engine, asked)
    doubtful = _in_doubt(rig.engine, asked)
    taken = {lane: takings(rig.counterpart(name)) for lane, name in COUNTERPARTS.items()}
    mine = {lane: [one for one in found if one.send in asked.sends] for lane, found in taken.items()}
    copies = Counter(one.send for found in mine.values() for one in found if one.send)
    found = Found(sends=len(asked.sends), unknown=len(doubtful))
    found.repeated = sum(count - 1 for count in copies.values())
    lost = {one for one in asked.sends if one not in statuses or statuses[one].waiting}
    lost |= {
        one
        for one, status in statuses.items()
        if status is not Status.SENT and one not in doubtful | allowed.held | asked.cancelled and not status.waiting
    }
    found.lost = len(lost)
    judged = _Judged(rig.engine, asked, allowed, statuses, doubtful, copies, mine, calm_since)
    found.breaches = [*judged.breaches(), *_strangers(rig.engine, taken)]
    return found


@dataclass(frozen=True)
class _Judged:
    engine: Engine
    asked: Asked
    allowed: Allowed
    statuses: Mapping[UUID, Status]
    doubtful: set[UUID]
    copies: Counter[UUID]
    taken: Mapping[str, list[Taking]]
    calm_since: datetime

    def breaches(self) -> Iterator[str]:
        yield from self._every_send()
        yield from self._repeats()
        yield from self._times() if self.allowed.timed else ()
        yield from self._history()
        if len(self.doubtful) > self.allowed.unknown:
            yield f"I14: {len(self.doubtful)} of unknown outcome, {self.allowed.unknown} are allowed"

    def _every_send(self) -> Iterator[str]:
        for one in self.asked.sends:
            status, copies = self.statuses.get(one), self.copies[one]
            if status is None:
                yield f"I1: send {one} was accepted and is not in the ledger"
            elif status.waiting:
                yield f"I2: send {one} still waits ({int(status)})"
            elif one in self.asked.cancelled:
                if copies:
                    yield f"I12: send {one} was cancelled and left"
            elif status is Status.SENT and not copies:
                yield f"I3: send {one} is 200 and the provider never had it"
            elif copies and status is not Status.SENT and one not in self.doubtful:
                yield f"I4: send {one} is {int(status)} and the provider has it"
            elif status is not Status.SENT and one not in self.doubtful | self.allowed.held:
                yield f"I14: send {one} could be delivered and is {int(status)} {status.label}"

    def _repeats(self) -> Iterator[str]:
        for lane, found in self.taken.items():
            often = Counter(one.send for one in found)
            extra = sum(count - 1 for count in often.values())
            most = self.allowed.kills * self.allowed.in_hand if lane == RECOGNISES else 0
            if extra > most:
                yield f"I5: {extra} repeats in lane {lane}, {most} are allowed"
            if any(count > self.allowed.kills + 1 for count in often.values()):
                yield f"I6: a send of lane {lane} went out {max(often.values())} times"
            wrong = [one for one in found if one.send and self.asked.sends[one.send].lane != lane]
            if wrong:
                yield f"I8: {len(wrong)} sends reached the provider of another lane ({lane})"

    def _times(self) -> Iterator[str]:
        for found in self.taken.values():
            for one in found:
                assert one.send is not None
                due = self.asked.sends[one.send].due_at
                if one.at < due - ROUNDING:
                    yield f"I10: send {one.send} left {(due - one.at).total_seconds():.0f} s early"
                if one.at > max(due, self.calm_since) + LATEST:
                    yield f"I11: send {one.send} left {(one.at - max(due, self.calm_since)).total_seconds():.0f} s late"

    def _history(self) -> Iterator[str]:
        before: dict[UUID, Status] = {}
        with self.engine.connect() as connection:
            rows = connection.execute(
                select(transition.c.send_id, transition.c.from_status, transition.c.to_status)
                .where(transition.c.send_id.in_(list(self.asked.sends)))
                .order_by(transition.c.id)
            ).all()
        for one, from_status, to_status in rows:
            stood = before.get(one, Status.QUEUE)
            before[one] = Status(to_status)
            if Status(from_status) is not stood or Status(to_status) not in LEGAL.get(stood, frozenset()):
                yield f"I13: send {one} went from {int(stood)} to {to_status}, written as from {from_status}"
        for one, status in self.statuses.items():
            if before.get(one, Status.QUEUE) is not status:
                yield f"I13: send {one} is {int(status)} and its history ends at {int(before.get(one, Status.QUEUE))}"


def _in_doubt(engine: Engine, asked: Asked) -> set[UUID]:
    with engine.connect() as connection:
        rows = connection.execute(
            select(state.c.send_id).where(
                state.c.in_doubt, state.c.status == int(Status.ERROR), state.c.send_id.in_(list(asked.sends))
            )
        )
        return set(rows.scalars())


def _strangers(engine: Engine, taken: Mapping[str, list[Taking]]) -> Iterator[str]:
    """What the counterparts hold and no accepted send explains: unaccepted, or under a token of its own."""
    with engine.connect() as connection:
        known = dict(connection.execute(select(send.c.id, send.c.to_address)).tuples().all())
    for lane, found in taken.items():
        for one in found:
            if one.send is None:
                yield f"I7: the provider of lane {lane} holds something without a send's token"
            elif one.send not in known:
                yield f"I9: send {one.send} reached a provider and was never accepted"
            elif one.recipient is not None and one.recipient != known[one.send]:
                yield f"I8: send {one.send} went to somebody else"

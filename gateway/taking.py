"""How do sends that came together go into the ledger in one transaction?

What one of them has wrong is that one's alone.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Lock
from time import monotonic
from typing import NamedTuple, TypeAlias

from sqlalchemy import Connection, Engine
from starlette.responses import Response

from duepost import crash
from duepost.errors import InvalidSend, TryLater
from duepost.intake import Door, Intake
from duepost.ledger.accept import Accepted
from duepost.ledger.engine import answered
from duepost.ledger.idempotency import BUSY, Kept, Repeat, claim, keep
from duepost.sends import Receipt
from duepost.surroundings import Memory, Surroundings
from gateway.asked import Asked
from gateway.owning import NotTheirs, Owners
from gateway.problems import JSON, Problem, problem_of

log = logging.getLogger(__name__)

FEW = 100  # sends for which one statement is cheaper than COPY
MEMORY_SECONDS = 2.0


class Answer(NamedTuple):
    """What a caller gets: HTTP status and body. replayed: as it was answered before, under the same key."""

    status: int
    body: bytes
    replayed: bool = False

    def response(self, media_type: str = JSON) -> Response:
        """As it goes out."""
        headers = {"Idempotent-Replayed": "true"} if self.replayed else None
        return Response(self.body, self.status, headers, media_type)


Result: TypeAlias = Answer | Exception
Tell: TypeAlias = Callable[[Receipt], Answer]


@dataclass(frozen=True, slots=True)
class ToTake:
    """One send of one caller, what to tell the caller when it is in, and what makes it a repeat."""

    account_id: int
    asked: Asked
    tell: Tell = field(repr=False)
    repeat: Repeat | None = None


@dataclass
class Taking:
    """Takes groups in; any number of threads may. source: the door's name in the ledger."""

    engine: Engine
    door: Door
    owners: Owners
    source: str
    clock: Callable[[], float] = monotonic
    _memory: tuple[float, Memory] = field(default_factory=lambda: (0.0, Memory()), init=False, repr=False)

    def take(self, group: Sequence[ToTake]) -> list[Result]:
        """Never raises: whatever goes wrong is the answer. TryLater is everybody's, and nothing is stored."""
        try:
            results = self._again(group)
        except (TryLater, OSError) as away:
            return [away] * len(group)
        except Exception as unforeseen:  # noqa: BLE001 - one caller's trouble is not the others'
            if len(group) == 1:
                return [unforeseen]
            log.warning("a group of %s is taken one by one: %s", len(group), type(unforeseen).__name__)
            return [result for one in group for result in self.take([one])]
        for one, result in zip(group, results, strict=True):
            if isinstance(result, Answer) and not result.replayed:
                crash.reached("accepted", one.asked.send.invoice)
        return results

    def _again(self, group: Sequence[ToTake]) -> list[Result]:
        """Once more when a connection was dead: what its commit may have kept is answered as known already."""
        try:
            return self._together(group)
        except TryLater:
            return self._together(group)

    def remembered(self) -> Memory:
        """What is known of accounts, lanes and templates, at most two seconds old."""
        now = self.clock()
        read_at, memory = self._memory
        if now - read_at > MEMORY_SECONDS:
            memory = Memory()
            self._memory = (now, memory)
        return memory

    @property
    def fading(self) -> bool:
        """True when what is remembered should be read again before it is too old."""
        read_at, memory = self._memory
        return bool(memory.asked) and self.clock() - read_at > MEMORY_SECONDS / 2

    def read_again(self) -> None:
        """Read what was asked for since the last time. Raises: TryLater."""
        read_at, memory = self.clock(), Memory()
        with answered(), self.engine.connect() as connection:
            around = Surroundings(connection, Lock(), None, memory)
            around.lanes()
            for name in list(self._memory[1].asked):
                with suppress(InvalidSend):
                    around.templates_of(around.account(name))
        memory.asked.clear()
        self._memory = (read_at, memory)

    def _together(self, group: Sequence[ToTake]) -> list[Result]:
        with answered(), self.engine.begin() as connection:
            results = _first_answers(connection, group)
            prepared: dict[int, list[Accepted]] = {}
            intakes: dict[str | None, Intake] = {}
            memory = self.remembered()
            for place, one in enumerate(group):
                if place in results:
                    continue
                intake: Intake | None = intakes.get(one.asked.run)
                try:
                    if intake is None:
                        intake = Intake(connection, self.door, source=self.source, run=one.asked.run, memory=memory)
                        intakes[one.asked.run] = intake
                    self.owners.check(connection, one.account_id, one.asked)
                    ready = [intake.prepare(checked) for checked in intake.check(one.asked.send)]
                    prepared[place] = own(one.account_id, ready)
                except InvalidSend as first:
                    send = one.asked.send
                    if isinstance(first, NotTheirs):  # a look at it would tell of another's
                        send = replace(send, document=None, attachments=())
                    others = intake.problems(send) if intake else []
                    results[place] = problem_of([first, *(wrong for wrong in others if wrong.field != first.field)])
            _accept(intakes, group, prepared, results)
            new = [
                (one.repeat, result.status, result.body)
                for place, one in enumerate(group)
                if one.repeat and place in prepared and isinstance(result := results[place], Answer)
            ]
            keep(connection, new)
        return [results[place] for place in range(len(group))]


def own(account_id: int, ready: list[Accepted]) -> list[Accepted]:
    """Raises: InvalidSend unless they are the account's, whatever the send says."""
    if any(one.account_id != account_id for one in ready):
        raise InvalidSend("Account", "is not this key's", "leave it out: the key says it")
    return ready


def _accept(
    intakes: dict[str | None, Intake],
    group: Sequence[ToTake],
    prepared: dict[int, list[Accepted]],
    results: dict[int, Result],
) -> None:
    for run, intake in intakes.items():
        places = [place for place in prepared if group[place].asked.run == run]
        ready = [one for place in places for one in prepared[place]]
        receipts = iter(intake.accept_few(ready) if len(ready) <= FEW else intake.accept_many(ready))
        for place in places:
            results[place] = group[place].tell(with_others([next(receipts) for _ in prepared[place]]))


def with_others(receipts: Sequence[Receipt]) -> Receipt:
    """The first receiver's receipt, with those of the others."""
    first, *others = receipts
    return replace(first, also=tuple(others)) if others else first


def _first_answers(connection: Connection, group: Sequence[ToTake]) -> dict[int, Result]:
    """Of those that bring a key: what was answered before, or why not now."""
    keyed = [(place, one.repeat) for place, one in enumerate(group) if one.repeat]
    found = claim(connection, [repeat for _, repeat in keyed])
    results: dict[int, Result] = {}
    for (place, repeat), first in zip(keyed, found, strict=True):
        if isinstance(first, Kept):
            results[place] = replayed(first, repeat)
        elif first == BUSY:
            results[place] = twin()
    return results


def replayed(first: Kept, repeat: Repeat) -> Answer | Problem:
    """The first answer again; a Problem when the key came with another body."""
    if first.request != repeat.request:
        return Problem(422, "this Idempotency-Key was used for another request: use a new one", type="ERR_KEY_REUSED")
    return Answer(first.status, first.answer, replayed=True)


def twin() -> Problem:
    """Another request under the same key is not answered yet."""
    message = "a request with this Idempotency-Key is under way: repeat it in a moment"
    return Problem(409, message, type="ERR_KEY_IN_USE", headers={"Retry-After": "1"})

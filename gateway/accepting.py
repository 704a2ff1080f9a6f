"""How do sends that come one by one share a commit?

While one transaction is under way the next callers gather; then all of them go in one. A caller is answered when that
has committed. Plain sends go in from the event loop, all others through a thread.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

from duepost.errors import TryLater
from duepost.ledger.accept import Accepted
from gateway.plain import Plain
from gateway.taking import Answer, Result, Taking, ToTake, twin

log = logging.getLogger(__name__)

TOGETHER = 200  # sends in one transaction
MOST_WAITING = 5_000
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class Waiting:
    """A caller. ready: of a plain send."""

    one: ToTake
    done: "asyncio.Future[Answer]"
    until: float
    ready: list[Accepted] | None


class Lane:
    """Callers that wait for one kind of transaction, in their order."""

    def __init__(self) -> None:
        self.waiting: list[Waiting] = []
        self.under_way: list[Waiting] = []
        self._something = asyncio.Event()

    def add(self, one: Waiting) -> None:
        """To the end."""
        self.waiting.append(one)
        self._something.set()

    async def serve(self, work: Callable[[list[Waiting]], Awaitable[None]]) -> None:
        """Group after group until cancelled; what the group's callers are told is `work`'s, which raises nothing."""
        while True:
            await self._something.wait()
            self.under_way, self.waiting = self.waiting[:TOGETHER], self.waiting[TOGETHER:]
            if not self.waiting:
                self._something.clear()
            await work(self.under_way)
            self.under_way = []


class Acceptor:
    """Accepts sends for the tasks of one event loop; `run` is a task of its own."""

    def __init__(self, taking: Taking, plain: Plain) -> None:
        self._taking = taking
        self._plain = plain
        self._short, self._long = Lane(), Lane()
        self._thread = ThreadPoolExecutor(1, "accept")
        self._under_way: set[tuple[int, str, str]] = set()
        self._reader = ThreadPoolExecutor(1, "remember")
        self._reading = False

    async def accept(self, one: ToTake) -> Answer:
        """Take the send in; returns when it is committed. What was begun is ended, also when the caller goes away.

        Raises: Problem 422 naming every wrong field, 409 while a twin is under way; TryLater.
        """
        if len(self._long.waiting) + len(self._short.waiting) >= MOST_WAITING:
            raise TryLater("more sends wait here than can be taken; nothing was stored: try again later")
        key = _key(one)
        if key in self._under_way:
            raise twin()
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if key:
            self._under_way.add(key)
        if self._taking.fading and not self._reading:
            self._reading = True
            self._reader.submit(self._read_again)
        waiting = Waiting(one, done, monotonic() + PATIENCE_SECONDS, self._plain.prepared(one))
        (self._short if waiting.ready else self._long).add(waiting)
        return await done

    async def run(self) -> None:
        """Take groups in until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._short.serve(self._take_plain))
                tasks.create_task(self._long.serve(self._take))
                tasks.create_task(self._watch())
        finally:
            self._thread.shutdown(wait=False)
            self._reader.shutdown(wait=False)
            await self._plain.close()

    def _read_again(self) -> None:
        """In a thread, so that nobody waits for it; without it the next send goes the long way."""
        try:
            self._taking.read_again()
        except TryLater as away:
            log.warning("accounts are not read again: %s", away)
        finally:
            self._reading = False

    async def _take_plain(self, group: list[Waiting]) -> None:
        answers = await self._plain.take([(each.one, each.ready) for each in group if each.ready])
        for each, answer in zip(group, answers, strict=True):
            if answer is None:
                self._long.add(each)
            else:
                _tell(each.done, answer)

    async def _take(self, group: list[Waiting]) -> None:
        loop = asyncio.get_running_loop()
        results = await loop.run_in_executor(self._thread, self._taking.take, [each.one for each in group])
        for each, result in zip(group, results, strict=True):
            if key := _key(each.one):
                self._under_way.discard(key)
            _tell(each.done, result)

    async def _watch(self) -> None:
        """Whoever has waited too long is told so; the send goes on."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = monotonic()
            for each in (one for lane in (self._short, self._long) for one in (*lane.under_way, *lane.waiting)):
                if each.until < now:
                    _tell(each.done, TryLater("the ledger does not answer; repeat the same request: it is taken once"))


def _key(one: ToTake) -> tuple[int, str, str] | None:
    return (one.repeat.account_id, one.repeat.scope, one.repeat.key) if one.repeat else None


def _tell(done: "asyncio.Future[Answer]", result: Result) -> None:
    if done.done():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
        done.exception()  # looked at: its caller may have gone
    else:
        done.set_result(result)

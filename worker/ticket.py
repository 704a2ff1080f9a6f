"""How does a sending thread wait for its begin to be committed?"""

import threading

from duepost.ledger.begin import Begun, ToBegin


class LedgerAway(OSError):  # noqa: N818 - it says what happened, see duepost.errors
    """The ledger could not be written; the send was not begun."""


class Ticket:
    """One begin and the thread that waits for it. A bare lock is the cheapest thing to wait on."""

    __slots__ = ("_answered", "away", "begun", "send")

    def __init__(self, send: ToBegin) -> None:
        self.send = send
        self.begun: Begun | None = None
        self.away = False
        self._answered = threading.Lock()
        self._answered.acquire()

    def answer(self, begun: Begun | None, *, away: bool = False) -> None:
        self.begun, self.away = begun, away
        self._answered.release()

    def wait(self) -> Begun | None:
        self._answered.acquire()
        if self.away:
            raise LedgerAway("the ledger cannot be reached")
        return self.begun

"""How do many threads write to the ledger for the price of a few commits?

Begins and records of the whole process are committed in groups: whatever has gathered while the last commit ran goes
into the next. A begin is waited for, a record is not; so what a `kill -9` leaves begun is what providers have in hand.
"""

import logging
import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from duepost.ledger.accept import nudge
from duepost.ledger.attempts import Begun, ToBegin, ToRecord, begin, record
from duepost.ledger.engine import AWAY
from worker.stop import STOPPING

log = logging.getLogger(__name__)

TICK = timedelta(minutes=1)  # a retry that is due sooner is told to the scheduler, the others meet its next tick
PAUSE_SECONDS = 0.5  # between tries while the ledger is away
CLOSING_SECONDS = 60.0  # a stopping process goes on trying to record for this long

Recorded = Callable[[bool], None]  # True: the outcome stands in the ledger; False: the send was no longer ours
Entry = tuple[ToRecord, Recorded]


class LedgerAway(OSError):  # noqa: N818 - it says what happened, see duepost.errors
    """The ledger could not be written; the send was not begun."""


class _Ticket:
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


class Journal:
    """The group commit of one process; every method may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changed = threading.Condition()
        self._begins: list[_Ticket] = []
        self._records: list[Entry] = []
        self._closed = False
        self._connection: Connection | None = None
        self._stopping_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def begin(self, send: ToBegin) -> Begun | None:
        """Commit that the send is being called; None when it is not ours any more.

        Raises: LedgerAway when that could not be committed: the provider must not be called then.
        """
        ticket = _Ticket(send)
        with self._changed:
            self._begins.append(ticket)
            self._changed.notify()
        return ticket.wait()

    def record(self, outcome: ToRecord, recorded: Recorded) -> None:
        """Have the outcome committed soon; `recorded` is called from the journal's thread when it is.

        While the ledger is away outcomes are kept in memory and tried again.
        """
        with self._changed:
            self._records.append((outcome, recorded))
            self._changed.notify()

    def close(self) -> None:
        """Write what is left and end; called once, when no thread begins any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as bug:  # noqa: BLE001 - whatever it was, the thread is dead
            # Every sending thread would wait for ever; the leases bring their sends back to a process that works.
            place = traceback.extract_tb(bug.__traceback__)[-1]
            log.critical("the journal failed: %s in %s:%s", type(bug).__name__, place.filename, place.lineno)
            os._exit(os.EX_SOFTWARE)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._begins or self._records or self._closed):
                    self._changed.wait()
                begins, self._begins = self._begins, []
                if not (begins or self._records):
                    break
            if begins:
                self._write_begins(begins)
            with self._changed:
                records, self._records = self._records, []
            kept = self._write_records(records) if records else []
            if kept:
                self._keep(kept)
        self._hang_up()

    def _keep(self, records: Sequence[Entry]) -> None:
        """Try them again soon; a process that is to stop gives up after a minute, so that it can stop."""
        if STOPPING.is_set():
            self._stopping_since = self._stopping_since or time.monotonic()
            if time.monotonic() - self._stopping_since > CLOSING_SECONDS:
                for outcome, recorded in records:
                    log.error("send %s: stopped before its outcome %s was recorded", outcome.id, outcome.verdict)
                    recorded(False)  # noqa: FBT003 - as Recorded says
                return
        with self._changed:
            self._records = [*records, *self._records]
        time.sleep(PAUSE_SECONDS)

    def _write_begins(self, begins: Sequence[_Ticket]) -> None:
        """One statement, which is one transaction; every ticket is answered."""
        try:
            begun = begin(self._ledger(), [ticket.send for ticket in begins])
        except AWAY as trouble:
            self._hang_up()
            log.warning("the ledger is away (%s); %d sends are not begun", _kind(trouble), len(begins))
        except Exception as trouble:  # noqa: BLE001 - the database's or ours: something in these very rows
            if len(begins) > 1:
                for ticket in begins:
                    self._write_begins([ticket])
                return
            # TRY400: a traceback might quote the row.
            log.error("send %s: the ledger refuses to begin it (%s)", begins[0].send.id, _kind(trouble))  # noqa: TRY400
        else:
            for ticket in begins:
                ticket.answer(begun.get(ticket.send.id))
            return
        for ticket in begins:
            ticket.answer(None, away=True)

    def _write_records(self, records: Sequence[Entry]) -> Sequence[Entry]:
        """One statement, which is one transaction; returns what is to be kept because the ledger is away."""
        try:
            ours = record(self._ledger(), [outcome for outcome, _ in records])
        except AWAY as trouble:
            self._hang_up()
            log.warning("the ledger is away (%s); %d outcomes wait", _kind(trouble), len(records))
            return records
        except Exception as trouble:  # noqa: BLE001 - the database's or ours: something in these very rows
            if len(records) > 1:  # find the one it refuses, so that it costs nobody else an outcome
                return [entry for one in records for entry in self._write_records([one])]
            [(outcome, recorded)] = records
            # It stays begun, so its lease runs out and a person sees it as unknown: never silently lost.
            log.error("send %s: the ledger refuses its outcome (%s)", outcome.id, _kind(trouble))  # noqa: TRY400
            recorded(False)  # noqa: FBT003 - as Recorded says
            return []
        for outcome, recorded in records:
            if outcome.id not in ours:
                log.warning("send %s: outcome %s came after its lease was lost", outcome.id, int(outcome.to_status))
            recorded(outcome.id in ours)
        if any(outcome.wait is not None and outcome.wait < TICK for outcome, _ in records):
            try:
                nudge(self._ledger())
            except AWAY:  # the minute tick comes anyway
                self._hang_up()
        return []

    def _ledger(self) -> Connection:
        """The journal's own connection, kept open: a statement costs one round trip and one commit."""
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _kind(trouble: Exception) -> str:
    """The database's name for it, where it has one."""
    return type(trouble.orig if isinstance(trouble, DBAPIError) else trouble).__name__

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
from uuid import UUID

from sqlalchemy import Engine

from duepost import crash
from duepost.errors import Refused
from duepost.ledger.accept import nudge
from duepost.ledger.begin import Begun, ToBegin, begin, take_back
from duepost.ledger.engine import AWAY
from duepost.ledger.record import ToRecord, record, record_late, stands_already
from worker.ledger_line import LedgerLine, is_away, kind
from worker.stop import STOPPING
from worker.ticket import Ticket

log = logging.getLogger(__name__)

TICK = timedelta(minutes=1)  # a retry that is due sooner is told to the scheduler, the others meet its next tick
PAUSE_SECONDS = 0.5  # between tries while the ledger is away
CLOSING_SECONDS = 60.0  # a stopping process goes on trying to record for this long

Recorded = Callable[[bool], None]  # True: the outcome stands in the ledger; False: the send was no longer ours
Entry = tuple[ToRecord, Recorded]


class Journal:
    """The group commit of one process; every method may be called from any thread."""

    def __init__(self, engine: Engine, environment: str) -> None:
        self._line = LedgerLine(engine, environment)
        self._environment = environment
        self._perhaps: list[ToBegin] = []  # begun or not, the connection broke before we heard; nobody was called
        self._changed = threading.Condition()
        self._begins: list[Ticket] = []
        self._records: list[Entry] = []
        self._closed = False
        self._stopping_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def begin(self, send: ToBegin) -> Begun | None:
        """Commit that the send is being called; None when it is not ours any more.

        Raises: LedgerAway when that could not be committed: the provider must not be called then.
        """
        ticket = Ticket(send)
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
                    if not self._changed.wait(PAUSE_SECONDS if self._perhaps else None):
                        break
                begins, self._begins = self._begins, []
                if self._closed and not (begins or self._records):
                    break
            if self._perhaps:
                self._take_back()
            if begins:
                self._write_begins(begins)
            with self._changed:
                records, self._records = self._records, []
            kept = [entry for batch in _apart(records) for entry in self._write_records(batch)]
            if kept:
                self._keep(kept)
        ends = time.monotonic() + CLOSING_SECONDS
        while self._take_back() and time.monotonic() < ends:
            time.sleep(PAUSE_SECONDS)
        self._line.hang_up()

    def _take_back(self) -> bool:
        """Undo begins that may have been committed although we were told that the ledger is away; False when done."""
        if not self._perhaps:
            return False
        try:
            undone = take_back(self._line.connection(), self._perhaps)
        except Exception as trouble:
            if not is_away(trouble):
                raise
            self._line.hang_up()
        else:
            if undone:
                log.info("%d sends asked for while the ledger went away are due again", undone)
            self._perhaps = []
        return bool(self._perhaps)

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

    def _write_begins(self, begins: Sequence[Ticket]) -> None:
        """One statement, which is one transaction; every ticket is answered."""
        asked = [ticket.send for ticket in begins]
        connected = False
        try:
            ledger = self._line.connection()
            connected = True
            begun = begin(ledger, asked, self._environment)
        except Exception as trouble:  # noqa: BLE001 - the ledger's, or something in these very rows
            if is_away(trouble):
                self._line.hang_up()
                self._perhaps += asked if connected else []
                log.warning("the ledger is away (%s); %d sends are not begun", kind(trouble), len(begins))
                for ticket in begins:
                    ticket.answer(None, away=True)
                return
            if len(begins) > 1:
                for ticket in begins:
                    self._write_begins([ticket])
                return
            # TRY400: a traceback might quote the row.
            log.error("send %s: the ledger refuses to begin it (%s)", begins[0].send.id, kind(trouble))  # noqa: TRY400
            begins[0].answer(None, away=True)
        else:
            for ticket in begins:
                # One order handed out twice may ask twice for one send in one statement: the token says who has it.
                found = begun.get(ticket.send.id)
                ticket.answer(found if found and found.token == ticket.send.token else None)

    def _write_records(self, records: Sequence[Entry]) -> Sequence[Entry]:
        """One statement, which is one transaction; returns what is to be kept because the ledger is away."""
        crash.reached("before_record")
        try:
            ours = record(self._line.connection(), [outcome for outcome, _ in records])
        except Exception as trouble:  # noqa: BLE001 - the ledger's, or something in these very rows
            if is_away(trouble):
                self._line.hang_up()
                log.warning("the ledger is away (%s); %d outcomes wait", kind(trouble), len(records))
                return records
            if len(records) > 1:  # find the one it refuses, so that it costs nobody else an outcome
                return [entry for one in records for entry in self._write_records([one])]
            [(outcome, recorded)] = records
            # It stays begun, so its lease runs out and a person sees it as unknown: never silently lost.
            log.error("send %s: the ledger refuses its outcome (%s)", outcome.id, kind(trouble))  # noqa: TRY400
            recorded(False)  # noqa: FBT003 - as Recorded says
            return []
        kept: list[Entry] = []
        for entry in records:
            if entry[0].id in ours:
                entry[1](True)  # noqa: FBT003 - as Recorded says
            elif not self._write_late(*entry):
                kept.append(entry)
        if any(outcome.wait is not None and outcome.wait < TICK for outcome, _ in records):
            try:
                nudge(self._line.connection())
            except (*AWAY, Refused):  # the minute tick comes anyway
                self._line.hang_up()
        return kept

    def _write_late(self, outcome: ToRecord, recorded: Recorded) -> bool:
        """An outcome whose lease is gone: recorded before, when only the answer was lost, or called unknown meanwhile.

        False when the ledger is away again: it is to be tried once more.
        """
        try:
            ledger = self._line.connection()
            known = stands_already(ledger, outcome)
            mended = not known and bool(record_late(ledger, [outcome]))
        except Exception as trouble:  # noqa: BLE001 - the ledger's, or something in this very row
            if is_away(trouble):
                self._line.hang_up()
                return False
            log.error("send %s: the ledger refuses its late outcome (%s)", outcome.id, kind(trouble))  # noqa: TRY400
            recorded(False)  # noqa: FBT003 - as Recorded says
            return True
        if not known:
            word = "settled what was unknown" if mended else "came after its lease was lost"
            log.warning("send %s: outcome %s %s", outcome.id, int(outcome.to_status), word)
        recorded(known or mended)
        return True


def _apart(records: Sequence[Entry]) -> list[list[Entry]]:
    """Batches in which no send has two outcomes: an older attempt's may come beside a newer one's."""
    batches: list[list[Entry]] = []
    seen: set[UUID] = set()
    for entry in records:
        if not batches or entry[0].id in seen:
            batches.append([])
            seen = set()
        batches[-1].append(entry)
        seen.add(entry[0].id)
    return batches

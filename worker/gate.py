"""May this process call this provider account now?

Each process has one gate for each account. It opens slowly: until one call has been answered, calls go one at a time,
so that a wrong password costs one call and not one for each thread. It shuts at once on refused credentials (a pause,
for a person to end) and after failures in a row (a circuit, ended by a probe); both are written into the ledger, where
release and begin obey them in every process.
"""

import logging
import threading
import time
from datetime import timedelta
from enum import Enum

from sqlalchemy import Connection, Engine

from duepost.ledger.circuits import close_circuit, open_circuit, open_circuits
from duepost.ledger.pauses import Scope, add_pause, names_of, pauses
from worker.outage import CREDENTIALS_REFUSED, OURS, is_outage
from worker.providers.port import Outcome
from worker.stop import STOPPING

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0  # for the first answer; each time it passes one more may try
LOOK_SECONDS = 1.0


class Shut(Enum):
    """Why the gate is shut; the value says it to people."""

    CREDENTIALS = "its credentials are refused, an operator must act: mend them, then `duepost resume provider`"
    OUTAGE = "it does not answer: one send tries again from time to time"
    LEDGER = "the ledger holds it"


class Gate:
    """The gate of one provider account in one process; every method may be called from any thread."""

    def __init__(self, engine: Engine, name: str, *, failures: int, probe_after: timedelta, actor: str) -> None:
        self._engine = engine
        self._name = name
        self._most = failures
        self._probe_after = probe_after
        self._actor = actor
        self._changed = threading.Condition()
        self._writing = threading.Lock()  # of what the ledger is told, and of what it is believed to say
        self._shut: Shut | None = None
        self._untold: tuple[Shut, str] | None = None
        self._proven = False
        self._probing = False
        self._trying = 0
        self._failures = 0
        self._first_at = 0.0

    def admit(self, lease: int) -> bool:
        """Look, for an order of this lease, whether the ledger lets it through. Raises: what AWAY names."""
        with self._writing, self._engine.connect() as connection:
            self._tell(connection)
            paused = self._name in names_of(pauses(connection), Scope.PROVIDER)
            broken = open_circuits(connection).get(self._name)
            let = not paused and (broken is None or broken.probe_lease == lease)
            probing = let and broken is not None
            with self._changed:
                if not let:
                    if not self._probing:  # the probe under way needs the gate
                        self._shut = self._shut or Shut.LEDGER
                elif self._shut or probing or self._probing:
                    self._shut, self._proven, self._failures, self._probing = None, False, 0, probing
            return let

    def enter(self) -> bool:
        """Wait for leave to call; False when the gate is shut or the process stops. Whoever is let in calls `leave`."""
        with self._changed:
            while not (self._shut or self._proven or STOPPING.is_set()) and self._trying >= self._allowed():
                self._changed.wait(LOOK_SECONDS)
            if self._shut or STOPPING.is_set():
                return False
            if not self._trying:
                self._first_at = time.monotonic()
            self._trying += 1
            return True

    def leave(self, outcome: Outcome | None) -> None:
        """The call ended so; None when there was none."""
        with self._changed:
            self._trying -= 1
            closing = self._judge(outcome) if outcome else False
            self._changed.notify_all()
            told = self._untold
        if closing or told:
            self._write(closing=closing)

    def _allowed(self) -> int:
        """Calls at once while none has been answered."""
        return 1 + int((time.monotonic() - self._first_at) / PATIENCE_SECONDS) if self._trying else 1

    def _judge(self, outcome: Outcome) -> bool:
        """Draw the conclusion; True when an open circuit is to be closed."""
        if outcome.reason.code in OURS:
            return False
        if outcome.reason.code == CREDENTIALS_REFUSED:
            self._close(Shut.CREDENTIALS, CREDENTIALS_REFUSED)
            return False
        if is_outage(outcome):
            self._failures += 1
            if self._probing or self._failures >= self._most:
                self._close(Shut.OUTAGE, outcome.reason.code)
            return False
        closing, self._probing = self._probing, False
        self._failures, self._proven = 0, True
        return closing

    def _close(self, why: Shut, code: str) -> None:
        if self._shut is None:
            self._shut, self._untold, self._probing = why, (why, code), False
            log.error("provider account %s: %s (%s)", self._name, why.value, code)

    def _write(self, *, closing: bool) -> None:
        try:
            with self._writing, self._engine.connect() as connection:
                self._tell(connection)
                if closing and close_circuit(connection, self._name):
                    connection.commit()
                    log.warning("provider account %s answers again", self._name)
        except Exception as trouble:  # noqa: BLE001 - whatever it is, an outcome waits behind it to be recorded
            # It stays shut here until the next order has told the ledger; an end that was not told is found by a probe.
            log.warning("provider account %s: the ledger could not be told (%s)", self._name, type(trouble).__name__)

    def _tell(self, connection: Connection) -> None:
        """Write down why it was shut, once; holds `_writing`."""
        with self._changed:
            told = self._untold
        if told is None:
            return
        why, code = told
        if why is Shut.CREDENTIALS:
            add_pause(connection, Scope.PROVIDER, self._name, reason=code, actor=self._actor)
        else:
            open_circuit(connection, self._name, code, self._probe_after)
        connection.commit()
        with self._changed:
            self._untold = None

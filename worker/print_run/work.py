"""How does a closed run get to where it is printed, whatever happens on the way?

Each step is written into the ledger after it was done, but for the last one of the hand-over: before it stands that the
run was offered. So whoever goes on after a crash repeats at most what gives the same bytes, or asks first.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Engine, func, select

from duepost.ledger.print_confirm import confirm
from duepost.ledger.print_eject import documents_beside, eject
from duepost.ledger.print_runs import Enveloped, PrintRun, envelopes, note_step, run_of
from worker.drop import DropFailed
from worker.print_run.make import Made, Maker, Unprintable
from worker.print_run.place import Place, Stage, Word
from worker.print_run.sift import faults

log = logging.getLogger(__name__)

LOCKS = 0x64756570  # "duep": the first number of the lock, the run's own is the second


class NothingLeft(Exception):  # noqa: N818 - it says what happened, see duepost.errors
    """Every letter of the run was ejected."""


@dataclass(frozen=True)
class Worker:
    """Takes the runs of one lane as far as they go; any number may try, one at a time works on a run."""

    engine: Engine
    maker: Maker
    place: Place
    actor: str

    def work(self, number: int) -> str:
        """Go on with the run; returns a line for people. Raises: what AWAY names when the ledger is away."""
        with self._alone(number) as alone:
            if not alone:
                return "another worker is at it"
            with self.engine.connect() as connection:
                run = run_of(connection, number)
            if run is None or run.confirmed_at is not None:
                return "nothing to do"
            try:
                word = self.place.look(run) if run.handed_at else self._hand_over(run)
            except DropFailed as failed:
                word = Word(_stage(run), "DROP_REFUSED" if failed.refused else "DROP_FAILED", alarm=failed.refused)
            except OSError:
                word = Word(_stage(run), "DOCUMENT_UNREADABLE", alarm=True)
            except Unprintable:
                word = Word(_stage(run), "UNPRINTABLE", alarm=True)
            except NothingLeft:
                log.warning("print run %s: no letter is left in it", run.name)
                word = Word(Stage.CONFIRMED)
            return self._note(run, word)

    def close(self) -> None:
        """Let go of every connection."""
        self.place.close()

    def _hand_over(self, run: PrintRun) -> Word:
        return self.place.hand_over(run, lambda: self._made(run), lambda: self._offered(run))

    def _made(self, run: PrintRun) -> Made:
        with self.engine.connect() as connection:
            letters = envelopes(connection, run.id)
        if not letters:
            raise NothingLeft
        try:
            made = self.maker.make(run, letters)
        except (OSError, Unprintable):
            if not self._ejected(run, letters):
                raise
            return self._made(replace(run, sha256=None))
        if run.sha256 not in {None, made.digest}:
            log.warning("print run %s: its PDF is another one than before; has duepost been updated?", run.name)
        with self.engine.begin() as connection:
            note_step(connection, run.id, pages=made.pages, sha256=made.digest, made_at=func.now())
        return made

    def _ejected(self, run: PrintRun, letters: Sequence[Enveloped]) -> bool:
        """True when letters that cannot be printed were taken out of the run; then it is another one."""
        if run.offered_at is not None or run.again:  # they may have been printed
            return False
        with self.engine.connect() as connection:
            beside = documents_beside(connection, run.id)
        causes = faults(self.maker, run, letters, beside)
        with self.engine.begin() as connection:
            ejected = eject(connection, run.id, causes, actor=self.actor)
        for sequence, cause in causes.items() if ejected else ():
            log.error("print run %s: letter %d is ejected: %s", run.name, sequence, cause)
        return bool(ejected)

    def _offered(self, run: PrintRun) -> None:
        with self.engine.begin() as connection:
            note_step(connection, run.id, offered_at=func.now())

    def _note(self, run: PrintRun, word: Word) -> str:
        with self.engine.begin() as connection:
            if word.stage is not Stage.CLOSED and run.handed_at is None:
                note_step(connection, run.id, handed_at=func.now())
            if word.trouble != run.trouble:
                note_step(connection, run.id, trouble=word.trouble)
            if word.stage is Stage.CONFIRMED:
                confirm(connection, run.id, actor=self.actor)
        if word.trouble:
            level = logging.ERROR if word.alarm else logging.WARNING
            log.log(level, "print run %s: %s", run.name, word.trouble)
        return f"print run {run.name}: {word.stage}" + (f" ({word.trouble})" if word.trouble else "")

    @contextmanager
    def _alone(self, number: int) -> Iterator[bool]:
        """The lock is the session's: it goes with the process, too."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            mine = bool(connection.execute(select(func.pg_try_advisory_lock(LOCKS, number))).scalar())
            try:
                yield mine
            finally:
                if mine:
                    connection.execute(select(func.pg_advisory_unlock(LOCKS, number)))


def _stage(run: PrintRun) -> Stage:
    return Stage.HANDED if run.handed_at else Stage.CLOSED

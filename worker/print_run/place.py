"""Where does a run go?

After each call a place says how far the run has come; the ledger keeps that, and a call may be repeated after a crash.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from duepost.ledger.print_runs import PrintRun
from duepost.sends import Channel, Kind
from worker.drop import Drop
from worker.print_run.make import Made
from worker.providers.port import Asked, Document, Job, Provider, Verdict

NOBODY = UUID(int=0)  # a run is no send
PRINTER = "the printer"


class Stage(StrEnum):
    """How far a run has come."""

    CLOSED = "closed"  # surely not handed over
    HANDED = "handed"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Word:
    """What a place says. `trouble`: why it goes no further, one word; `alarm`: a person must act."""

    stage: Stage
    trouble: str | None = None
    alarm: bool = False


class Place(Protocol):
    """Takes runs."""

    def hand_over(self, run: PrintRun, make: Callable[[], Made], offered: Callable[[], None]) -> Word:
        """Hand the run over. `make` gives its files; `offered` is called right before somebody may fetch them.

        Raises: what `make` raises, and DropFailed.
        """

    def look(self, run: PrintRun) -> Word:
        """Was the run printed, which was handed over before? Raises: DropFailed."""

    def close(self) -> None:
        """Let go of every connection."""


@dataclass(frozen=True)
class DropPlace:
    """A folder, here or on an SFTP server: `P000012.pdf`, `P000012.csv`, and `P000012.done` when both are whole.

    Whoever prints may put `P000012.confirmed` beside them.
    """

    drop: Drop

    def hand_over(self, run: PrintRun, make: Callable[[], Made], offered: Callable[[], None]) -> Word:
        """The PDF, the manifest, then `.done`.

        After a crash in between they are put again, with the same bytes. Once `.done` may have been there, files that
        are gone were fetched, and only a missing `.done` beside a PDF is made good.
        """
        if run.offered_at is None:
            made = make()
            self.drop.put(f"{run.name}.pdf", made.pdf)
            self.drop.put(f"{run.name}.csv", made.manifest)
            offered()
            self._done(run)
        elif self.drop.exists(f"{run.name}.pdf") and not self.drop.exists(f"{run.name}.done"):
            self._done(run)
        return Word(Stage.HANDED)

    def look(self, run: PrintRun) -> Word:
        """By the file `.confirmed`."""
        return Word(Stage.CONFIRMED if self.drop.exists(f"{run.name}.confirmed") else Stage.HANDED)

    def close(self) -> None:
        """Close the drop."""
        self.drop.close()

    def _done(self, run: PrintRun) -> None:
        self.drop.put(f"{run.name}.done", b"")


@dataclass(frozen=True)
class PrinterPlace:
    """A printer, which is asked by the job's name before anything is printed a second time."""

    printer: Provider

    def hand_over(self, run: PrintRun, make: Callable[[], Made], offered: Callable[[], None]) -> Word:
        """One job for the whole run."""
        made = make()
        offered()
        outcome = self.printer.send(_job(run, made.pdf))
        if outcome.verdict is Verdict.ACCEPTED:
            return Word(Stage.CONFIRMED)
        if outcome.verdict is Verdict.PENDING:
            return Word(Stage.HANDED, outcome.reason.code if outcome.alarm else None, outcome.alarm)
        if outcome.undecided:  # it had the job: paper may lie there
            return Word(Stage.HANDED, outcome.reason.code, alarm=True)
        return Word(Stage.CLOSED, outcome.reason.code, outcome.alarm or outcome.verdict is Verdict.REFUSED)

    def look(self, run: PrintRun) -> Word:
        """By the job's state. A job that is gone, or was given up, is for a person: paper may lie there."""
        assert isinstance(self.printer, Asked)  # noqa: S101 - a printer always can be
        said = self.printer.ask(_job(run, None))
        if said is None:
            return Word(Stage.HANDED, "NOT_AT_PRINTER", alarm=True)
        if said.verdict is Verdict.ACCEPTED:
            return Word(Stage.CONFIRMED)
        if said.verdict is Verdict.PENDING and not said.alarm:
            return Word(Stage.HANDED)
        return Word(Stage.HANDED, said.reason.code, said.alarm or said.verdict is Verdict.REFUSED)

    def close(self) -> None:
        """Close the connection."""
        self.printer.close()


def _job(run: PrintRun, pdf: bytes | None) -> Job:
    # A hand-over that a person asked for is another job: the printer knows the first.
    name = f"{run.name}-{run.again + 1}" if run.again else run.name
    document = None if pdf is None else Document(f"{run.name}.pdf", "application/pdf", pdf)
    return Job(
        id=NOBODY,
        token=name,
        channel=Channel.PRINT,
        kind=Kind.INVOICE,
        invoice=run.name,
        account=run.account,
        to_address=None,
        subject=None,
        note=None,
        document=document,
    )

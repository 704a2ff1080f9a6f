"""Does a printer print a run once, and does its word confirm it?"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from duepost.ledger.print_confirm import hand_over_again
from duepost.reasons import Reason
from duepost.statuses import Status
from tests.worker.print_run.conftest import Rig
from worker.print_run.place import PrinterPlace
from worker.providers.port import Job, Outcome, Verdict

PRINTED = Outcome(Verdict.ACCEPTED, Status.SENT, Reason("PRINTED"))
IN_PRINTER = Outcome(Verdict.PENDING, Status.QUEUE, Reason("IN_PRINTER"))
LOST = Outcome(Verdict.REFUSED, Status.ERROR, Reason("NOT_AT_PRINTER"), undecided=True, alarm=True)
BUSY = Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, Reason("TEMPORARY"))


@dataclass
class Told:
    """A printer that answers what the test tells it to."""

    answers: list[Outcome | None]
    names: list[str] = field(default_factory=list)
    features: frozenset[Any] = frozenset()
    total_deadline: timedelta = timedelta(seconds=1)

    def send(self, job: Job) -> Outcome:
        """The next answer."""
        self.names.append(job.token)
        answer = self.answers.pop(0)
        assert answer is not None
        return answer

    def ask(self, job: Job) -> Outcome | None:
        """The next answer."""
        self.names.append(f"ask {job.token}")
        return self.answers.pop(0)

    def close(self) -> None:
        """It holds nothing."""


def work_all(rig: Rig, *answers: Outcome | None) -> tuple[list[str], Told]:
    printer = Told(list(answers))
    return [rig.worker(PrinterPlace(printer)).work(1) for _ in answers], printer


def test_the_printers_word_confirms(rig: Rig) -> None:
    said, printer = work_all(rig, BUSY, IN_PRINTER, IN_PRINTER, PRINTED)
    assert [one.partition(": ")[2] for one in said] == ["closed (TEMPORARY)", "handed", "handed", "confirmed"]
    assert printer.names == ["P000001", "P000001", "ask P000001", "ask P000001"]
    assert rig.statuses() == {200}


def test_a_job_that_the_printer_lost_is_for_a_person_and_not_printed_again(rig: Rig) -> None:
    said, printer = work_all(rig, IN_PRINTER, None, None)
    assert said[-1] == "print run P000001: handed (NOT_AT_PRINTER)"
    assert printer.names.count("P000001") == 1
    assert rig.statuses() == {150}


def test_a_job_that_the_printer_lost_while_it_was_watched_is_handed_over_and_for_a_person(rig: Rig) -> None:
    said, printer = work_all(rig, LOST, None)
    assert said == ["print run P000001: handed (NOT_AT_PRINTER)"] * 2
    assert printer.names == ["P000001", "ask P000001"]


def test_a_hand_over_that_a_person_asked_for_is_another_job(rig: Rig) -> None:
    work_all(rig, IN_PRINTER)
    with rig.engine.begin() as connection:
        hand_over_again(connection, 1, actor="anna", why="wet paper")
    _, printer = work_all(rig, PRINTED)
    assert printer.names == ["P000001-2"]

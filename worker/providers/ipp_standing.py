"""What has a printer made of a job?

Each job bears its send's token as its name, so it can be asked for whatever became of the answer to Print-Job.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from duepost.reasons import Reason
from duepost.statuses import Status
from worker.providers.ipp_line import Line
from worker.providers.ipp_message import JOB_ATTRIBUTES, JobState, Operation, PrinterJob, Reply
from worker.providers.ipp_verdicts import names_the_document, of_code, of_job
from worker.providers.port import Outcome, Verdict

NOT_FOUND = 0x0406
MOST_STOPPED = 1000  # jobs remembered as stopped; a printer has a handful
# states in the order in which they speak for a job of that name
TELLING = (
    JobState.COMPLETED,
    JobState.PROCESSING,
    JobState.STOPPED,
    JobState.PENDING,
    JobState.HELD,
    JobState.CANCELED,
)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Asks. watch_limit, look_every: how long and how often a job is watched. clock: seconds that only grow."""

    line: Line
    watch_limit: timedelta
    look_every: timedelta
    clock: Callable[[], float]
    _stopped_at: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    def known(self, name: str, reference: str | None = None) -> Outcome | None:
        """What a job of that name says; one that was given up for no fault of the document counts as none.

        reference: the job's number, where the printer has said that it has it; then silence about it is doubt.
        """
        found: list[PrinterJob] = []
        for which in ("not-completed", "completed"):
            said = self._jobs(which, name)
            if isinstance(said, Outcome):
                return said
            found += said
        if not found:
            return None if reference is None else _forgotten(reference)
        for one in found:
            if one.state is JobState.ABORTED and names_the_document(one):
                return of_job(one)
        telling = [one for state in TELLING for one in found if one.state is state]
        return self._of(name, telling[0]) if telling else None

    def watched(self, name: str, job: PrinterJob) -> Outcome:
        """Ask for the job's state until it is over, or the time for it."""
        outcome = self._of(name, job)
        for _ in self._looks():
            if outcome.verdict is not Verdict.PENDING:
                return outcome
            what = {"job-id": job.id, "requested-attributes": list(JOB_ATTRIBUTES)}
            said = self.line.ask(Operation.GET_JOB_ATTRIBUTES, what)
            if isinstance(said, Reply) and said.status == NOT_FOUND:
                return self._gone(name, job, outcome)
            if isinstance(said, Reply) and said.jobs:
                outcome = self._of(name, said.jobs[0])
        return outcome

    def _gone(self, name: str, job: PrinterJob, last: Outcome) -> Outcome:
        """It is known by its number no more: printed, given up or cancelled, if the list of what is over tells."""
        said = self._jobs("completed", name)
        if isinstance(said, Outcome):
            return last  # asked for later
        ours = [one for one in said if one.id == job.id] or said
        return of_job(ours[0]) if ours else _forgotten(str(job.id))

    def _jobs(self, which: str, name: str) -> list[PrinterJob] | Outcome:
        """The printer's jobs of that name; what kept it from telling them."""
        about = {"which-jobs": which, "requested-attributes": list(JOB_ATTRIBUTES)}
        said = self.line.ask(Operation.GET_JOBS, about)
        refusal = refusal_of(said)
        if refusal:
            return _asked_in_vain(refusal) if refusal.verdict is Verdict.REFUSED else refusal
        assert isinstance(said, Reply)  # noqa: S101 - everything else is a refusal
        return [one for one in said.jobs if one.name == name]

    def _of(self, name: str, job: PrinterJob) -> Outcome:
        """What its state means; it counts as stopped from the first look that saw it so, for no printer tells when."""
        if job.state is not JobState.STOPPED:
            self._stopped_at.pop(name, None)
            return of_job(job)
        if len(self._stopped_at) >= MOST_STOPPED:
            self._stopped_at.clear()
        since = self._stopped_at.setdefault(name, self.clock())
        return of_job(replace(job, stopped_seconds=int(self.clock() - since)))

    def _looks(self) -> Iterator[None]:
        """At first soon, then at `look_every`, until the time is over."""
        ends_at = time.monotonic() + self.watch_limit.total_seconds()
        pause = min(0.05, self.look_every.total_seconds())
        while time.monotonic() < ends_at:
            yield
            time.sleep(pause)
            pause = min(pause * 2, self.look_every.total_seconds())


def refusal_of(said: Reply | Outcome) -> Outcome | None:
    """Of a question that prints nothing: whatever went wrong, the printer surely has not taken the send."""
    if isinstance(said, Reply):
        return None if said.yes else of_code(said)
    return _asked_in_vain(said) if said.verdict is Verdict.UNKNOWN else said


def _asked_in_vain(said: Outcome) -> Outcome:
    """A refused question says nothing of the send that it was about."""
    reason = Reason("ASKED_IN_VAIN", values={"cause": said.reason.code, **said.reason.values})
    return Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, reason, said.answer, alarm=said.alarm)


def _forgotten(reference: str) -> Outcome:
    """The printer had the job and tells nothing of it: printed, or not. Only who sees the paper knows."""
    reason = Reason("NOT_AT_PRINTER")
    return Outcome(Verdict.REFUSED, Status.ERROR, reason, provider_reference=reference, alarm=True, undecided=True)

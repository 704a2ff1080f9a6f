"""How does a send get into the print run?

It calls nobody: the document is looked at, and the send then waits as 150 for the cut-off of its account.
"""

from dataclasses import dataclass
from datetime import timedelta

from duepost.errors import InvalidSend
from duepost.features import Feature
from duepost.pages import pages_of
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.providers.port import Job, Outcome, Verdict

GATHERED = Outcome(Verdict.ACCEPTED, Status.READY_TO_PRINT, Reason("GATHERED"))
MISSING = Outcome(Verdict.REFUSED, Status.ERROR, Reason("DOCUMENT_MISSING", field="Document"))
UNPRINTABLE = Outcome(Verdict.REFUSED, Status.EMAIL_REJECTED, Reason("UNPRINTABLE", field="Document"))


@dataclass(frozen=True)
class PrintRun:
    """Lets sends gather."""

    @property
    def features(self) -> frozenset[Feature]:
        """One document."""
        return frozenset({Feature.DOCUMENT})

    @property
    def total_deadline(self) -> timedelta:
        """No call is made; opening a PDF takes milliseconds."""
        return timedelta(seconds=30)

    def send(self, job: Job) -> Outcome:
        """150, unless the document cannot be printed."""
        if job.document is None:
            return MISSING
        try:
            pages_of(job.document.content)
        except InvalidSend:
            return UNPRINTABLE
        return GATHERED

    def close(self) -> None:
        """It holds nothing."""

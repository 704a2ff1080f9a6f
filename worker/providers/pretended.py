"""Who takes the sends of a neutralized copy of a ledger? Nobody: each is called taken, and nothing leaves us."""

from dataclasses import dataclass
from datetime import timedelta

from duepost.features import EVERYTHING, Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.providers.port import Job, Outcome, Verdict

TAKEN = Outcome(Verdict.ACCEPTED, Status.SENT, Reason("PRETENDED"))


@dataclass(frozen=True)
class Pretended:
    """Stands in for every provider account; it knows no address and no credentials."""

    total_deadline: timedelta = timedelta(seconds=1)

    @property
    def features(self) -> frozenset[Feature]:
        """Everything."""
        return EVERYTHING

    def send(self, job: Job) -> Outcome:  # noqa: ARG002 - the port's shape
        """200 with reason PRETENDED, at once."""
        return TAKEN

    def close(self) -> None:
        """It holds nothing."""

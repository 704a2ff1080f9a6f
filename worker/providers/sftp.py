"""How does a send leave through a folder on an SFTP server?"""

from dataclasses import dataclass
from datetime import timedelta

from duepost.features import Feature
from worker.drop import Drop
from worker.providers.dropping import FEATURES, found, hand_over
from worker.providers.port import Job, Outcome

CALLS = 3  # two looks and a file


@dataclass(frozen=True, kw_only=True)
class Sftp:
    """A folder on an SFTP server, which `drop` describes. call_limit: the drop's own, for one call."""

    drop: Drop
    call_limit: timedelta

    @property
    def features(self) -> frozenset[Feature]:
        """One document; the receiver is the one that it names."""
        return FEATURES

    @property
    def total_deadline(self) -> timedelta:
        """A question and a call."""
        return self.call_limit * CALLS

    def send(self, job: Job) -> Outcome:
        """Put the document there under its own name."""
        return hand_over(self.drop, job)

    def ask(self, job: Job) -> Outcome | None:
        """Is the file there?"""
        return found(self.drop, job)

    def close(self) -> None:
        """Close every connection."""
        self.drop.close()

"""How does a send leave through a folder of this machine?"""

from dataclasses import dataclass
from datetime import timedelta

from duepost.features import Feature
from worker.drop import Drop
from worker.providers.dropping import FEATURES, found, hand_over
from worker.providers.port import Job, Outcome


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder that exists when a send leaves. total_limit: what a write is given before its worker counts as lost."""

    drop: Drop
    total_limit: timedelta = timedelta(seconds=60)

    @property
    def features(self) -> frozenset[Feature]:
        """One document; the receiver is the one that it names."""
        return FEATURES

    @property
    def total_deadline(self) -> timedelta:
        """A disk has none of its own."""
        return self.total_limit

    def send(self, job: Job) -> Outcome:
        """Put the document there under its own name."""
        return hand_over(self.drop, job)

    def ask(self, job: Job) -> Outcome | None:
        """Is the file there?"""
        return found(self.drop, job)

    def close(self) -> None:
        """Nothing is open."""

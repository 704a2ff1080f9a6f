"""What does one row of a table of verdicts say?"""

from dataclasses import dataclass

from duepost.statuses import Status
from worker.providers.port import Verdict

ANSWER_LIMIT = 1000  # characters, by the port
REFERENCE_LIMIT = 100  # characters


@dataclass(frozen=True, slots=True)
class Finding:
    """What an answer means, apart from its own words. `code` is the reason's."""

    verdict: Verdict
    status: Status
    code: str
    alarm: bool = False


def raw(answer: str) -> str:
    """An answer as the ledger takes it: PostgreSQL stores no NUL, and the port allows 1,000 characters."""
    return answer.replace("\0", "")[:ANSWER_LIMIT]


def reference(name: str) -> str | None:
    """The provider's own name for the delivery; None when it is empty, too long or cannot be printed."""
    return name if 0 < len(name) <= REFERENCE_LIMIT and name.isprintable() else None

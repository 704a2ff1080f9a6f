"""What can come of an attempt, and what does one row of a table of verdicts say?"""

from dataclasses import dataclass
from enum import StrEnum

from duepost.statuses import Status


class Verdict(StrEnum):
    """What came of an attempt."""

    ACCEPTED = "accepted"  # the provider said yes in words we understood
    REFUSED = "refused"  # final
    TRANSIENT = "transient"  # surely not sent; a later attempt may succeed
    WAIT = "wait"  # surely not sent, and not the send's fault (429, refused credentials): no attempt is counted
    UNKNOWN = "unknown"  # the provider may or may not have taken it
    PENDING = "pending"  # the provider has it and is at work: 100 or 310, asked again, and no attempt is counted


@dataclass(frozen=True, slots=True)
class Finding:
    """What an answer means, apart from its own words. `code` is the reason's."""

    verdict: Verdict
    status: Status
    code: str
    alarm: bool = False

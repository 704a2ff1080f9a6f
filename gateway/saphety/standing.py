"""How does what happened to an invoice's sends read in SIN's states?

Source: Saphety Invoice Network, Web API, statusTransitions and OutboundFinancialDocument.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from duepost.ledger.invoice_story import Step, Story
from duepost.receipts import Word
from duepost.sends import Channel
from duepost.statuses import Status

DRAFT, SENDING, SENT, ERROR, REJECTED = "Not_Sent", "Sending", "Sent", "Error", "Rejected"
NOT_INTEGRATED = "NotIntegrated"

# our status -> IntegrationStatus
STATES = {
    Status.QUEUE: DRAFT,
    Status.PENDING_APPROVAL: DRAFT,
    Status.READY_TO_PRINT: SENDING,
    Status.SENT: SENT,
    Status.ERROR: ERROR,
    Status.ERROR_SENDING_EMAIL: SENDING,
    Status.WRONG_EMAIL_ADDRESS: ERROR,
    Status.EMAIL_BOUNCED: ERROR,
    Status.EMAIL_MARKED_AS_SPAM: ERROR,
    Status.EMAIL_REJECTED: REJECTED,
    Status.MISSING_EMAIL_ADDRESS: ERROR,
    Status.NA: NOT_INTEGRATED,
    Status.NOT_SENT: NOT_INTEGRATED,
}
AFTER_SENDING = frozenset({SENT, ERROR, REJECTED})
REASONS = {ERROR: "ERROR", REJECTED: "REJECT"}  # state -> Code of its Reason

# our status of a mail -> NotificationStatus; all others: NO_EMAILS
MAILED = {
    Status.SENT: "Sent",
    Status.ERROR: "Error",
    Status.WRONG_EMAIL_ADDRESS: "Error",
    Status.EMAIL_BOUNCED: "Error",
    Status.EMAIL_MARKED_AS_SPAM: "Error",
    Status.EMAIL_REJECTED: "Error",
}
NO_EMAILS = "NoEmails"


@dataclass(frozen=True, slots=True)
class Move:
    """One change of state. step: what caused it, where that is one of ours."""

    id: UUID
    before: str
    after: str
    at: datetime
    step: Step | None = None

    def to_json(self, document: UUID, zone: str) -> dict[str, object]:
        """As statusTransitions tells it. zone: IANA name."""
        return {
            "Id": str(self.id),
            "OutboundFinancialDocumentId": str(document),
            "IntegrationStatus": self.after,
            "PreviousStatus": self.before,
            "StatusDate": date(self.at, zone),
            "Reason": self._reason(),
        }

    def _reason(self) -> list[dict[str, object]] | None:
        code = REASONS.get(self.after)
        if code is None or self.step is None:
            return None
        values = [self.step.code, *(f"{name}: {value}" for name, value in self.step.values.items())]
        return [{"Code": code, "Field": self.step.field, "Values": values}]


def date(at: datetime, zone: str) -> str:
    """As SIN writes it: the wall clock of the account, without a zone."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def moves(stories: Iterable[Story]) -> list[Move]:
    """Every change, the oldest first; each sending begins at Not_Sent."""
    return sorted((move for story in stories for move in _moves(story)), key=lambda move: move.at)


def notification_status(stories: Sequence[Story]) -> str:
    """What became of the last mail of which something is known."""
    for story in reversed(stories):
        if story.channel is Channel.EMAIL and story.status in MAILED:
            if story.status is Status.SENT and Word.READ in story.words:
                return "Read"
            if story.status is Status.SENT and Word.DELIVERED in story.words:
                return "Delivered"
            return MAILED[story.status]
    return NO_EMAILS


def integration_status(stories: Sequence[Story]) -> str:
    """Where the e-invoice stands; as at SIN, a document that is mailed alone stays NotIntegrated."""
    handed = [story for story in stories if story.channel is Channel.XML]
    if not handed:
        return NOT_INTEGRATED
    told = list(_moves(handed[-1]))
    return told[-1].after if told else DRAFT


def _moves(story: Story) -> Iterator[Move]:
    stands, number = DRAFT, 0

    def move(after: str, at: datetime, step: Step | None = None) -> Move:
        nonlocal stands, number
        made = Move(uuid5(story.id, str(number)), stands, after, at, step)
        stands, number = after, number + 1
        return made

    first = story.steps[0].before if story.steps else story.status
    happened = [Step(story.accepted_at, first, first, "ACCEPTED", None, {}), *story.steps]
    for step in happened:
        after = STATES[step.after]
        if after == stands:
            continue
        if stands == DRAFT and after in AFTER_SENDING and step.after is not Status.MISSING_EMAIL_ADDRESS:
            began = story.began_at if number == 0 and story.began_at else step.at
            yield move(SENDING, min(began, step.at))
        yield move(after, step.at, step)
    if stands == DRAFT and number == 0 and story.status is Status.QUEUE and story.began_at:
        yield move(SENDING, story.began_at)

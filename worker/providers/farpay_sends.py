"""Is what an invoice at FarPay shows this send, or another one of the same invoice?

An invoice shows one Send node, the latest, and nothing in it is ours to mark; it is known by channel, address, note and
time.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from typing import Any
from uuid import UUID

from duepost.sends import Channel
from duepost.statuses import Status
from worker.providers.farpay_invoice import address_of
from worker.providers.farpay_verdicts import plain, status_of
from worker.providers.port import Job

CLOCKS = timedelta(minutes=2)  # by which FarPay's times, perhaps of whole minutes, may be earlier than ours
ZONES = timedelta(hours=26)  # by which a time without a zone may differ from how it is read: from -12 to +14 hours
FRESH = timedelta(minutes=7)  # a send so young would be taken for the next one: the clocks, and the calls of an attempt
VERSION_7 = 7  # of a UUID: its first 48 bits are milliseconds since 1970
# What FarPay is at work on. A new Send node would take this one's place.
UNDER_WAY = frozenset({Status.QUEUE, Status.PENDING_APPROVAL, Status.READY_TO_PRINT, Status.ERROR_SENDING_EMAIL})


class Whose(Enum):
    """Whose send an invoice shows."""

    OURS = "ours: no other that we know of fits it"
    EARLIER = "one that left before ours could"
    PERHAPS = "one that has left, and no time tells whether it is ours"
    OTHER = "another one, before or after ours"
    UNSAID = "no send, and nothing says that the invoice is of our making"


def whose(fields: Mapping[str, Any], job: Job, since: datetime | None, zone: tzinfo) -> Whose:
    """Of an invoice as GET shows it. since: before it nothing of ours can have left. zone: of times without one.

    An invoice at rest shows the SentDate of the send it shows, or of one before where that never left. What FarPay has
    said yes to (`job.provider_reference`) needs no other proof than that no time contradicts it.
    """
    node, status, told = fields.get("Send"), status_of(fields), job.provider_reference is not None
    made = _against(fields.get("Created"), since, zone)
    if not isinstance(node, Mapping) or not node.get("Channel"):
        return Whose.OURS if made is Whose.OURS or (made is None and told) else Whose.UNSAID
    same = is_same(node, job) and (told or _note_fits(node, job))
    if status in UNDER_WAY or (same and told and status is not Status.SENT):
        return Whose.OURS if same else Whose.OTHER
    left = _against(node.get("SentDate"), since, zone)
    if left is None and status is Status.SENT:
        unproven = made is Whose.EARLIER if told else made is not Whose.OURS
        left = Whose.PERHAPS if unproven else Whose.OURS
    if left is Whose.EARLIER:
        return left
    return (left or Whose.OURS) if same else Whose.OTHER


def is_fresh(fields: Mapping[str, Any], job: Job, now: datetime, zone: tzinfo) -> bool:
    """True when a send to the same address has left just now, so that SentDate would not tell ours from it."""
    node = fields.get("Send")
    if not isinstance(node, Mapping) or not is_same(node, job):
        return False
    left = _time(node.get("SentDate"), zone)
    return left is not None and abs(now - left[0]) < FRESH


def is_anothers(fields: Mapping[str, Any], job: Job) -> bool:
    """True when an invoice of this number is another customer's; not for a number that either side leaves out."""
    receiver = fields.get("Recepient")
    at_receiver = receiver.get("CustomerNumber") if isinstance(receiver, Mapping) else None
    there = fields.get("CustomerNumber") or at_receiver
    return bool(there and job.customer) and plain(there) != plain(job.customer)


def enqueued(identifier: UUID) -> datetime | None:
    """When the send was made, by its id; None when that is of another kind."""
    if identifier.version != VERSION_7:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=identifier.int >> 80)


def is_same(node: Mapping[str, Any], job: Job) -> bool:
    """True when a Send node goes this job's way, to its address."""
    if str(node.get("Channel")).strip().casefold() != job.channel:
        return False
    there, here = _plain(node.get("ToAddress"), job.channel), _plain(address_of(job), job.channel)
    return not there or there == here


def _note_fits(node: Mapping[str, Any], job: Job) -> bool:
    there, here = (" ".join(str(note or "").split()) for note in (node.get("Note"), job.note))
    return not there or there == here


def _against(said: object, since: datetime | None, zone: tzinfo) -> Whose | None:
    """OURS, EARLIER or PERHAPS, by a time that FarPay tells; None when it tells none."""
    moment = _time(said, zone)
    if moment is None:
        return None
    read, sure = moment
    if since is None or read + CLOCKS >= since:
        return Whose.OURS
    return Whose.EARLIER if sure or read + ZONES + CLOCKS < since else Whose.PERHAPS


def _plain(address: object, channel: str) -> str:
    """Without what may be written in two ways."""
    if channel == Channel.PRINT or not isinstance(address, str):
        return ""
    plain = address.strip().casefold()
    return "".join(sign for sign in plain if sign.isdecimal()) if channel == Channel.SMS else plain


def _time(said: object, zone: tzinfo) -> tuple[datetime, bool] | None:
    """In UTC, and whether its zone was told; None for none, which FarPay writes as the year 1."""
    try:
        moment = datetime.fromisoformat(str(said).strip())
        if not 2000 <= moment.year <= 9000:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC), moment.tzinfo is not None
    except (ValueError, OverflowError):
        return None

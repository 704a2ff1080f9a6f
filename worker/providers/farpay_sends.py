"""Is what an invoice at FarPay shows this send, or another one of the same invoice?

An invoice shows one Send node, the latest, and nothing in it is ours to mark; it is known by channel, address and time.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from typing import Any
from uuid import UUID

from duepost.sends import Channel
from worker.providers.farpay_invoice import address_of
from worker.providers.port import Job

CLOCKS = timedelta(minutes=1)  # by which FarPay's clock and ours may differ
VERSION_7 = 7  # of a UUID: its first 48 bits are milliseconds since 1970


class Whose(Enum):
    """Whose send an invoice shows."""

    OURS = "ours, or nothing says otherwise"
    EARLIER = "one that left before ours was enqueued"
    OTHER = "another one, before or after ours"
    UNSAID = "no send, and the invoice was there before ours was enqueued"


def whose(fields: Mapping[str, Any], job: Job, zone: tzinfo, *, at_rest: bool) -> Whose:
    """Of an invoice as GET shows it. zone: of FarPay's times without one. at_rest: FarPay does nothing more with it, so
    that its SentDate is that of the send it shows.
    """
    node, asked = fields.get("Send"), enqueued(job.id)
    if not isinstance(node, Mapping) or not node.get("Channel"):
        return Whose.UNSAID if _before(_time(fields.get("Created"), zone), asked) else Whose.OURS
    if at_rest and _before(_time(node.get("SentDate"), zone), asked):
        return Whose.EARLIER
    return Whose.OURS if _same(node, job) else Whose.OTHER


def enqueued(identifier: UUID) -> datetime | None:
    """When the send was made, by its id; None when that is of another kind."""
    if identifier.version != VERSION_7:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=identifier.int >> 80)


def _before(there: datetime | None, here: datetime | None) -> bool:
    return there is not None and here is not None and there + CLOCKS < here


def _same(node: Mapping[str, Any], job: Job) -> bool:
    if str(node.get("Channel")).strip().casefold() != job.channel:
        return False
    there, here = _plain(node.get("ToAddress"), job.channel), _plain(address_of(job), job.channel)
    return not there or there == here


def _plain(address: object, channel: str) -> str:
    """Without what may be written in two ways."""
    if channel == Channel.PRINT or not isinstance(address, str):
        return ""
    plain = address.strip().casefold()
    return "".join(sign for sign in plain if sign.isdecimal()) if channel == Channel.SMS else plain


def _time(said: object, zone: tzinfo) -> datetime | None:
    """In UTC; None for none, which FarPay writes as the year 1."""
    try:
        moment = datetime.fromisoformat(str(said))
        if moment.year < 2000:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

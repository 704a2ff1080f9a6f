"""When may a send first leave, and until when by itself?"""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from duepost.errors import InvalidSend
from duepost.quiet import next_allowed, told
from duepost.rules import A_DAY, Rules
from duepost.sends import Channel, CheckedSend

EARLIER = "give a later one, or a ScheduleSendDate before they begin"


class Leaving(NamedTuple):
    """The send, with a warning more where quiet hours hold it back. Times are aware, in UTC."""

    send: CheckedSend
    due_at: datetime
    not_after: datetime


def leaving(checked: CheckedSend, now: datetime, zone: str, rules: Rules) -> Leaving:
    """At its schedule, else now, outside the receiver's quiet hours. zone: the account's."""
    due_at = max(checked.schedule.instant, now) if checked.schedule else now
    quiet = rules.quiet_hours.get(checked.channel)
    later = quiet and next_allowed(checked.to_address, due_at, zone, quiet)
    if quiet and later:
        checked = replace(checked, warnings=(*checked.warnings, told(later, zone, quiet)))
        due_at = later
    return Leaving(checked, due_at, checked.not_after or due_at + rules.late_after.get(checked.channel, A_DAY))


def after_quiet_hours(
    not_after: datetime, channel: Channel, to_address: str | None, *, leaves: datetime, zone: str, rules: Rules
) -> None:
    """Raises: InvalidSend for NotAfter when the quiet hours that hold the send at `leaves` do not end before it.

    Such a send would be held as late, however well all goes. Times are aware; zone: the account's.
    """
    quiet = rules.quiet_hours.get(channel)
    later = quiet and next_allowed(to_address, leaves, zone, quiet)
    if later and later >= not_after:
        wall = later.astimezone(ZoneInfo(zone))
        problem = f"comes before the receiver's quiet hours ({quiet}) end, at {wall:%Y-%m-%d %H:%M} {zone}"
        raise InvalidSend("NotAfter", problem, EARLIER)

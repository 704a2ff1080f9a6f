"""When may a send first leave, and until when by itself?"""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from duepost.quiet import next_allowed, told
from duepost.rules import A_DAY, Rules
from duepost.sends import CheckedSend


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

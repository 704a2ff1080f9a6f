"""When did the day's cut-off of an account last come?"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def last_cut_off(now: datetime, at: time, zone: str) -> datetime:
    """The newest one that is not after `now` (aware), in UTC. at: wall time in the IANA zone, each day.

    A wall time that a day skips comes as much later as the clocks jump, one that comes twice counts the first time.
    """
    here = now.astimezone(ZoneInfo(zone))
    for days in (0, 1, 2):
        wall = datetime.combine(here.date() - timedelta(days=days), at, ZoneInfo(zone))
        found = wall.astimezone(UTC)
        if found <= now:
            return found
    raise AssertionError("a day has a cut-off")

"""When may a telephone not ring?

Quiet hours are wall time where the receiver lives, as far as a number tells: libphonenumber knows the zones of each
prefix, several for many mobile numbers. Nothing leaves then that is quiet in any of them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import NumberParseException
from phonenumbers.timezone import time_zones_for_number

HOURS = re.compile(r"([0-2]?[0-9])(?::([0-5][0-9]))?-([0-2]?[0-9])(?::([0-5][0-9]))?")
# Zones with an hour in common have one every day; a change of clocks may move it by two.
WITHIN = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one wall time up to another, over midnight where the second is the earlier."""

    begins: time
    ends: time

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"

    def hold(self, wall: time) -> bool:
        """True when they are on at this wall time."""
        if self.begins < self.ends:
            return self.begins <= wall < self.ends
        return wall >= self.begins or wall < self.ends


def read_hours(given: str) -> QuietHours | None:
    """`22-07` or `22:00-07:30`; None for an empty word, which switches them off. Raises: ValueError."""
    if not given.strip():
        return None
    found = HOURS.fullmatch(given.strip())
    if found is None:
        raise ValueError("write hours like 22-07 or 22:00-07:30")
    begins, ends = (_wall(found[hour], found[hour + 1]) for hour in (1, 3))
    if begins == ends:
        raise ValueError("quiet hours that begin and end together would last all day or never")
    return QuietHours(begins, ends)


def next_allowed(number: str | None, now: datetime, zone_of_account: str, hours: QuietHours) -> datetime | None:
    """The first moment, in UTC, that is outside the quiet hours everywhere the number may be; None when now is.

    number: in E.164; None, one of no known zone, and one whose zones leave no hour in common: the account's zone
    counts. now: aware.
    """
    account = (ZoneInfo(zone_of_account),)
    now = now.astimezone(UTC)
    allowed = _first(now, zones_of(number) or account, hours) or _first(now, account, hours)
    return None if allowed == now else allowed


def told(allowed: datetime, zone_of_account: str, hours: QuietHours) -> str:
    """The warning of a send that waits for that moment."""
    wall = allowed.astimezone(ZoneInfo(zone_of_account))
    return (
        f"The receiver has quiet hours ({hours}) at the time asked for: it leaves at {wall:%Y-%m-%d %H:%M}"
        f" {zone_of_account}."
    )


def zones_of(number: str | None) -> tuple[ZoneInfo, ...]:
    """Where the number may be, none when nobody knows. Source: libphonenumber."""
    if number is None:
        return ()
    try:
        names = time_zones_for_number(phonenumbers.parse(number))
    except NumberParseException:
        return ()
    return tuple(_known(names))


def _known(names: Iterable[str]) -> Iterable[ZoneInfo]:
    for name in names:
        try:
            yield ZoneInfo(name)
        except ZoneInfoNotFoundError:  # Etc/Unknown
            continue


def _first(now: datetime, zones: tuple[ZoneInfo, ...], hours: QuietHours) -> datetime | None:
    """The first moment that suits all zones; None when there is none within a day."""
    moment = now
    while moment - now <= WITHIN:
        later = max(_end(moment, zone, hours) for zone in zones)
        if later == moment:
            return moment
        moment = later
    return None


def _end(moment: datetime, zone: ZoneInfo, hours: QuietHours) -> datetime:
    """The moment itself when it is not quiet there, else when the quiet ends."""
    wall = moment.astimezone(zone)
    if not hours.hold(wall.time()):
        return moment
    day = wall.date() if wall.time() < hours.ends else wall.date() + timedelta(days=1)
    # An ambiguous end is taken at its first coming that lies ahead, a missing one as far behind the gap as it lies in.
    ends = (datetime.combine(day, hours.ends, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return min(end for end in ends if end > moment)


def _wall(hour: str, minute: str | None) -> time:
    try:
        return time(int(hour), int(minute or 0))
    except ValueError:
        raise ValueError("hours are 0 to 23") from None

"""When is a send to leave, by the caller's ScheduleSendDate?

Source: FarPay API, "Send" node: `YYYY-MM-DD HH:MM`; its Swagger sample shows ISO 8601 with Z.
"""

import re
from dataclasses import replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from duepost.errors import ConfigError, InvalidSend
from duepost.sends import Schedule

FIELD = "ScheduleSendDate"
FORM = "write it like 2026-05-31 15:55, or with an offset like 2026-05-31T15:55:00+02:00"
FURTHEST = timedelta(days=731)  # two years, a leap day among them
ISO_8601 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
PAST = f"{FIELD} has passed; the send leaves now."
UNSET = f"{FIELD} is in year 1, which counts as not set; the send leaves now."


def read_schedule(given: str | datetime | None, zone: str, now: datetime) -> Schedule | None:
    """When the send leaves; None means now.

    A time without offset is in `zone` (IANA name, the account's). A missing hour moves forward by the gap; of an
    ambiguous hour the first is taken, unless a datetime says fold=1. Both are told in the warning, as is a time that
    has passed; such a send leaves now. `now` is aware.

    Raises: InvalidSend for a time that does not exist, or lies more than two years ahead; ConfigError for the zone.
    """
    if given is None:
        return None
    if isinstance(given, str):
        found = _from_text(given.strip(), zone)
    elif isinstance(given, datetime):
        found = _resolve(given, zone)
    else:
        raise InvalidSend(FIELD, "is neither text nor a time", FORM, given)
    if found is None:
        return None
    if found.instant > now + FURTHEST:
        raise InvalidSend(FIELD, "is more than two years ahead", "look at the year, or enqueue it later", given)
    if found.instant < now:
        return replace(found, warning=f"{found.warning} {PAST}" if found.warning else PAST)
    return found


def unset(given: str | datetime | None) -> tuple[str, ...]:
    """The warning about a time that `read_schedule` takes for none, and that is not blank."""
    blank = given is None or (isinstance(given, str) and not given.strip())
    return () if blank else (UNSET,)


def read_not_after(given: str | datetime | None, zone: str, leaves: datetime) -> datetime | None:
    """The instant (aware UTC) past which the send is held as late; None when no limit is given.

    In the forms of a schedule; `leaves`, when the send is to leave, is aware.

    Raises: InvalidSend for NotAfter, also when it is not later than `leaves`; ConfigError for the zone.
    """
    try:
        found = read_schedule(given, zone, leaves)
    except InvalidSend as wrong:
        raise InvalidSend("NotAfter", wrong.problem, wrong.hint, given) from None
    if found is None:
        return None
    if found.instant <= leaves:
        raise InvalidSend("NotAfter", "is not later than the time to leave", "give a later one or leave it out", given)
    return found.instant


@lru_cache(maxsize=64)  # a month-end file repeats one value
def _from_text(given: str, zone: str) -> Schedule | None:
    if not given:
        return None
    if not ISO_8601.fullmatch(given):
        raise InvalidSend(FIELD, "is no date with a time", FORM, given)
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise InvalidSend(
            FIELD, "is a day or a time that does not exist", "look at month, day, hour and offset", given
        ) from None
    return _resolve(moment, zone)


def _resolve(moment: datetime, account_zone: str) -> Schedule | None:
    """The moment in its own zone, or in the account's when it has none; nothing is compared with the clock yet."""
    if moment.year == MINYEAR:
        return None  # 0001-01-01T00:00:00 is how .NET, FarPay's own answers included, writes "not set"
    if moment.year == MAXYEAR:
        raise InvalidSend(FIELD, "is more than two years ahead", "look at the year, or enqueue it later", moment)
    wall = moment.replace(tzinfo=None, fold=0)
    zone = zone_named(account_zone) if moment.utcoffset() is None else moment.tzinfo
    if not isinstance(zone, ZoneInfo) or zone.key is None:
        offset = moment.isoformat(timespec="seconds")[19:]
        return Schedule(wall, offset, moment.astimezone(UTC))
    instant = wall.replace(tzinfo=zone).astimezone(UTC)  # fold=0: PEP 495 moves a missing time forward by the gap
    later = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    warning = None
    if later < instant:
        leaves = instant.astimezone(zone)
        warning = (
            f"{FIELD} is skipped by {zone.key} when clocks go forward; the send leaves at {leaves:%Y-%m-%d %H:%M}."
        )
    elif later > instant and moment.fold:
        instant = later
    elif later > instant:
        warning = f"{FIELD} comes twice in {zone.key} when clocks go back; the send leaves the first time."
    return Schedule(wall, zone.key, instant, warning)


def zone_named(name: str) -> ZoneInfo:
    """The zone; raises ConfigError when no such IANA zone exists."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError("zone", "is no time zone", "use an IANA name such as Europe/Copenhagen") from None

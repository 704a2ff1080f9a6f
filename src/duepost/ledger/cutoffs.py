"""When does a print run close?"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, update

from duepost.errors import InvalidSend
from duepost.ledger.accounts import account_named
from duepost.ledger.schema import account


def last_cutoff(now: datetime, cutoff: time, zone: str) -> datetime:
    """The newest moment (aware, UTC) at which a wall clock in `zone` showed `cutoff`, not after `now` (aware).

    There is one each day: a wall time that a clock change leaves out counts as that much later (02:30 as 03:30), of one
    that comes twice the first counts.
    """
    return max(moment for moment in _about(now, cutoff, zone) if moment <= now)


def next_cutoff(now: datetime, cutoff: time, zone: str) -> datetime:
    """The first such moment (aware, UTC) after `now` (aware)."""
    return min(moment for moment in _about(now, cutoff, zone) if moment > now)


def _about(now: datetime, cutoff: time, zone: str) -> Iterator[datetime]:
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    # Two days each way: where the clock jumps over midnight a day's cut-off may lie on its neighbour.
    days = (today + timedelta(days=days) for days in (2, 1, 0, -1, -2))
    return (datetime.combine(day, cutoff, place).astimezone(UTC) for day in days)


def parse_cutoff(text: str) -> time:
    """`16:00` as a time. Raises: InvalidSend when it is none."""
    try:
        found = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a wall time; its zone is the account's
    except ValueError:
        raise InvalidSend("cutoff", "is no time of day", "write it like 16:00", text) from None
    return found


def set_cutoff(connection: Connection, name: str, cutoff: time | None) -> None:
    """Give the account a cut-off of its own, or none: then the provider account's holds. Served by uq_account_name.

    Raises: InvalidSend when there is no such account.
    """
    found = account_named(connection, name)
    connection.execute(update(account).where(account.c.id == found.id).values(print_cutoff=cutoff))

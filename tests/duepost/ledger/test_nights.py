"""Does every send of the nights when clocks change, and of a leap day, leave once, at its minute?

No database can be told what time it is. So the time does not go on, the sends come nearer: before each look at what is
due, all that waits is put as far from the database's now as its schedule is from the minute that is played.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, func, literal, select, update

from duepost.ledger.accept import copy_in
from duepost.ledger.identifiers import new_id
from duepost.ledger.release import release
from duepost.ledger.schema import send, state
from duepost.schedule import read_schedule
from duepost.sends import Schedule
from tests.duepost.ledger.conftest import LANE, MINUTE, accepted

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Night:
    """The wall minutes from `first` for `hours`, by the clocks of `zone`."""

    zone: str
    first: str
    hours: int

    @property
    def walls(self) -> list[datetime]:
        """Every wall minute, also those that the clocks skip."""
        first = datetime.fromisoformat(self.first)
        return [first + count * MINUTE for count in range(self.hours * 60)]

    def instant(self, wall: datetime) -> datetime:
        """When a send for that wall time leaves."""
        found = read_schedule(f"{wall:%Y-%m-%d %H:%M}", self.zone, NOW)
        assert found is not None
        return found.instant

    def second_times(self) -> Iterator[tuple[datetime, datetime]]:
        """Wall minutes that come twice, named the second time, and their instants."""
        zone = ZoneInfo(self.zone)
        for wall in self.walls:
            second = wall.replace(tzinfo=zone, fold=1)
            found = read_schedule(second, self.zone, NOW)
            if found and found.instant > self.instant(wall):
                yield wall, found.instant


NIGHTS = {
    "Copenhagen, clocks go forward": Night("Europe/Copenhagen", "2026-03-29 00:00", 5),
    "Copenhagen, clocks go back": Night("Europe/Copenhagen", "2026-10-25 00:00", 5),
    "New York, clocks go back": Night("America/New_York", "2026-11-01 00:00", 4),
    "into the leap day": Night("Europe/Copenhagen", "2028-02-28 23:00", 2),
    "out of the leap day": Night("Europe/Copenhagen", "2028-02-29 23:00", 2),
}
SKIPPED = {"Copenhagen, clocks go forward": 60}
TWICE = {"Copenhagen, clocks go back": 60, "New York, clocks go back": 60}


def schedule_all(connection: Connection, night: Night) -> dict[UUID, datetime]:
    """One send for each wall minute of the night, two for those that come twice; id -> instant."""
    asked = [(wall, night.instant(wall)) for wall in night.walls] + list(night.second_times())
    first = accepted(connection)
    sends = [
        replace(
            first, id=new_id(), business_key=uuid4(), send=replace(first.send, schedule=Schedule(wall, night.zone, at))
        )
        for wall, at in asked
    ]
    copy_in(connection, sends)
    return {one.id: at for one, (_, at) in zip(sends, asked, strict=True)}


def play(connection: Connection, minute: datetime) -> None:
    """It is that minute now."""
    away = select(send.c.scheduled_at - literal(minute)).where(send.c.id == state.c.send_id).scalar_subquery()
    connection.execute(update(state).where(state.c.lease.is_(None)).values(due_at=func.now() + away))


@pytest.mark.every_postgres
@pytest.mark.parametrize("name", NIGHTS)
def test_every_send_of_the_night_leaves_once_and_at_its_minute(engine: Engine, name: str) -> None:
    night = NIGHTS[name]
    minute = night.instant(night.walls[0]) - MINUTE
    with engine.begin() as connection:
        asked = schedule_all(connection, night)
    left: dict[UUID, datetime] = {}
    while minute <= night.instant(night.walls[-1]) + MINUTE:
        with engine.begin() as connection:
            play(connection, minute)
            released = release(connection, LANE, 10, 30 * DAY).ids
        assert not left.keys() & set(released)
        left |= dict.fromkeys(released, minute)
        minute += MINUTE
    assert left == asked


@pytest.mark.parametrize("name", NIGHTS)
def test_the_clock_on_the_wall_shows_a_sends_time_when_it_leaves_or_has_just_skipped_it(name: str) -> None:
    night = NIGHTS[name]
    zone = ZoneInfo(night.zone)
    shown = [night.instant(wall).astimezone(zone).replace(tzinfo=None) - wall for wall in night.walls]
    assert shown.count(HOUR) == SKIPPED.get(name, 0)
    assert shown.count(timedelta(0)) == len(shown) - SKIPPED.get(name, 0)
    assert len([*night.second_times()]) == TWICE.get(name, 0)

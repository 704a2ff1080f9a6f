"""Does a send wait for the receiver's morning, whatever kept it until the night?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from duepost.quiet import read_hours
from tests.worker.test_attempt import leased
from worker.pace import Pace

NIGHT = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)  # 02:00 in Copenhagen
DAY = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def wait_at(engine: Engine, now: datetime, hours: str) -> timedelta | None:
    _, send = leased(engine)
    return Pace(quiet=read_hours(hours), now=lambda: now).wait(replace(send, to_address="+4520123456"))


def test_at_night_it_waits_for_the_morning(engine: Engine) -> None:
    assert wait_at(engine, NIGHT, "22-07") == timedelta(hours=5)


def test_by_day_it_goes(engine: Engine) -> None:
    assert wait_at(engine, DAY, "22-07") is None


def test_without_quiet_hours_it_goes_at_any_hour(engine: Engine) -> None:
    assert wait_at(engine, NIGHT, "") is None

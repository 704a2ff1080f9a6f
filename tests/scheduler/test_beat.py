"""Does beat tick once each minute, also when clocks change and on a leap day, wherever its machine is?"""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from celery import Celery

from tests.scheduler.night import ticks

ROOT = Path(__file__).parents[2]
MINUTE = timedelta(minutes=1)
MOST = timedelta(seconds=90)

# night -> from when until when, UTC
NIGHTS = {
    "Copenhagen, clocks go forward": ("2026-03-28 23:00", "2026-03-29 04:00"),
    "Copenhagen, clocks go back": ("2026-10-24 22:00", "2026-10-25 04:00"),
    "New York, clocks go back": ("2026-11-01 03:30", "2026-11-01 08:30"),
    "into the leap day": ("2028-02-28 22:00", "2028-02-29 02:00"),
    "out of the leap day": ("2028-02-29 22:00", "2028-03-01 02:00"),
}

pytestmark = pytest.mark.parametrize("night", NIGHTS)


def bounds(night: str) -> tuple[datetime, datetime]:
    first, last = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in NIGHTS[night])
    return first, last


def assert_each_minute_once(found: list[datetime], first: datetime, last: datetime) -> None:
    minutes = [first + count * MINUTE for count in range(1, (last - first) // MINUTE + 1)]
    assert [at.replace(second=0, microsecond=0) for at in found] == minutes
    assert max(after - before for before, after in pairwise(found)) < MOST


def test_beat_ticks_once_each_minute_of_the_night(app: Celery, night: str) -> None:
    first, last = bounds(night)
    assert_each_minute_once([*ticks(app, first, last)], first, last)


@pytest.mark.parametrize("zone", ["Europe/Copenhagen", "America/New_York"])
def test_the_zone_of_beats_machine_changes_nothing(broker_url: str, database_url: str, night: str, zone: str) -> None:
    first, last = bounds(night)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DUEPOST_")}
    settings = {"DUEPOST_BROKER_URL": broker_url, "DUEPOST_DATABASE_URL": database_url, "TZ": zone}
    settings |= {"DUEPOST_PROVIDERS__SMTP__HOST": "127.0.0.1", "DUEPOST_PROVIDERS__SMTP__SENDER": "a@duepost.test"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.scheduler.night", first.isoformat(), last.isoformat()],
        env={**kept, **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert_each_minute_once([datetime.fromisoformat(line) for line in done.stdout.split()], first, last)

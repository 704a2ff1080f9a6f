"""Does a telephone stay still at night wherever its number may be, also when the clocks change?"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duepost.quiet import QuietHours, next_allowed, read_hours, told, zones_of

COPENHAGEN = "Europe/Copenhagen"
DANE, NEW_YORKER, AUSTRALIAN, RUSSIAN, NOWHERE = (
    "+4520123456",
    "+12125551234",
    "+61412345678",
    "+79161234567",
    "+883510012345",
)
NUMBERS = [DANE, NEW_YORKER, AUSTRALIAN, RUSSIAN, NOWHERE, "+18005551234", "+299222222", "+447911123456"]
NIGHT = QuietHours(time(22), time(7))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "hours"), [("22-07", "22:00-07:00"), ("22:30-6", "22:30-06:00"), (" 12:00-14:00 ", "12:00-14:00")]
)
def test_hours_are_read_as_people_write_them(given: str, hours: str) -> None:
    assert str(read_hours(given)) == hours


def test_an_empty_word_switches_quiet_hours_off() -> None:
    assert read_hours(" ") is None


@pytest.mark.parametrize("given", ["22", "22-25", "24-07", "22-22", "ten-seven", "22-07-09", "22:60-07", "-"])
def test_what_is_no_hours_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="hours"):
        read_hours(given)


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        ("2026-11-26 12:00", None),
        ("2026-11-26 20:59:59", None),
        ("2026-11-26 21:00", "2026-11-27 06:00"),  # 22:00 in Denmark, until 07:00
        ("2026-11-27 02:00", "2026-11-27 06:00"),
        ("2026-11-27 05:59:59", "2026-11-27 06:00"),
        ("2026-11-27 06:00", None),
        ("2026-03-28 23:00", "2026-03-29 05:00"),  # the clocks go forward in that night
        ("2026-10-24 23:00", "2026-10-25 06:00"),  # and back in this one
    ],
)
def test_night_is_night_where_the_number_lives(now: str, allowed: str | None) -> None:
    assert next_allowed(DANE, utc(now), "America/New_York", NIGHT) == (allowed and utc(allowed))


def test_another_continent_has_another_night() -> None:
    assert next_allowed(NEW_YORKER, utc("2026-11-26 08:00"), COPENHAGEN, NIGHT) == utc("2026-11-26 12:00")


def test_a_number_of_several_zones_is_called_when_all_of_them_are_up() -> None:
    # The Cocos Islands get up at 00:30 UTC, when Sydney has been up for hours; Lord Howe goes to bed at 11:00.
    assert next_allowed(AUSTRALIAN, utc("2026-11-26 21:00"), COPENHAGEN, NIGHT) == utc("2026-11-27 00:30")
    assert next_allowed(AUSTRALIAN, utc("2026-11-26 10:59"), COPENHAGEN, NIGHT) is None
    assert next_allowed(AUSTRALIAN, utc("2026-11-26 11:00"), COPENHAGEN, NIGHT) == utc("2026-11-27 00:30")


@pytest.mark.parametrize("number", [NOWHERE, RUSSIAN, None, "no number"])
def test_where_nobody_knows_or_somebody_always_sleeps_the_accounts_zone_counts(number: str | None) -> None:
    night = QuietHours(NIGHT.begins, time(21))  # an hour a day, and Russia has eleven zones
    assert next_allowed(number, utc("2026-11-26 12:00"), COPENHAGEN, night) == utc("2026-11-26 20:00")


def test_the_warning_names_the_hour_in_the_accounts_zone() -> None:
    assert told(utc("2026-11-27 06:00"), COPENHAGEN, NIGHT) == (
        "The receiver has quiet hours (22:00-07:00) at the time asked for: it leaves at 2026-11-27 07:00"
        " Europe/Copenhagen."
    )


def test_quiet_hours_at_noon_are_possible() -> None:
    noon = read_hours("12-14")
    assert noon is not None
    assert next_allowed(DANE, utc("2026-11-26 11:30"), COPENHAGEN, noon) == utc("2026-11-26 13:00")
    assert next_allowed(DANE, utc("2026-11-26 02:00"), COPENHAGEN, noon) is None


def quiet_everywhere(zones: Iterable[ZoneInfo], day_from: datetime, hours: QuietHours) -> bool:
    """True when at no full quarter of the day that follows all zones are up."""
    quarters = (day_from + timedelta(minutes=15 * step) for step in range(24 * 4))
    return not any(all(not hours.hold(one.astimezone(zone).time()) for zone in zones) for one in quarters)


HOURS = (
    st.tuples(st.integers(0, 95), st.integers(0, 95))
    .filter(lambda two: two[0] != two[1])
    .map(lambda two: QuietHours(*(time(quarter // 4, quarter % 4 * 15) for quarter in two)))
)


@settings(deadline=None, max_examples=150)
@given(
    number=st.sampled_from(NUMBERS),
    now=st.datetimes(
        datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2034-01-01"), timezones=st.just(UTC)
    ),
    hours=HOURS,
)
def test_the_moment_found_is_quiet_nowhere_and_within_a_day(number: str, now: datetime, hours: QuietHours) -> None:
    moment = next_allowed(number, now, COPENHAGEN, hours) or now
    assert now <= moment <= now + timedelta(hours=26)
    zones = zones_of(number)
    if not zones or any(hours.hold(moment.astimezone(zone).time()) for zone in zones):
        assert not hours.hold(moment.astimezone(ZoneInfo(COPENHAGEN)).time())
        assert quiet_everywhere(zones, now, hours) or not zones

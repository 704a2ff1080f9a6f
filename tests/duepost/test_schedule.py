"""When is a send to leave, by the caller's ScheduleSendDate?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain, repeat
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duepost.errors import ConfigError, InvalidSend
from duepost.schedule import PAST, read_not_after, read_schedule
from duepost.sends import Schedule

NOW = datetime(2026, 1, 15, 12, 0, 30, tzinfo=UTC)
COPENHAGEN = "Europe/Copenhagen"
MINUTE = timedelta(minutes=1)


def schedule(given_date: str | datetime, zone: str = COPENHAGEN, now: datetime = NOW) -> Schedule:
    found = read_schedule(given_date, zone, now)
    assert found is not None
    return found


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("given_date", [None, "", "  ", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z"])
def test_no_date_means_now(given_date: str | None) -> None:
    assert read_schedule(given_date, COPENHAGEN, NOW) is None


@pytest.mark.parametrize(
    ("given_date", "wall", "zone", "instant"),
    [
        ("2026-05-31 15:55", "2026-05-31 15:55", COPENHAGEN, "2026-05-31 13:55"),
        (" 2026-05-31 15:55:30 ", "2026-05-31 15:55:30", COPENHAGEN, "2026-05-31 13:55:30"),
        ("2026-05-31T15:55", "2026-05-31 15:55", COPENHAGEN, "2026-05-31 13:55"),
        ("2026-05-31T15:55:00Z", "2026-05-31 15:55", "+00:00", "2026-05-31 15:55"),
        ("2026-05-31T15:55:00.000+05:30", "2026-05-31 15:55", "+05:30", "2026-05-31 10:25"),
        ("2026-05-31 15:55-0300", "2026-05-31 15:55", "-03:00", "2026-05-31 18:55"),
        ("2028-01-01 00:00", "2028-01-01 00:00", COPENHAGEN, "2027-12-31 23:00"),
    ],
)
def test_a_text_keeps_its_wall_time_its_zone_and_its_instant(
    given_date: str, wall: str, zone: str, instant: str
) -> None:
    assert schedule(given_date) == Schedule(datetime.fromisoformat(wall), zone, utc(instant))


def test_a_datetime_without_zone_is_in_the_accounts() -> None:
    noon = datetime(2026, 7, 1, 12)  # noqa: DTZ001 - the subject
    assert schedule(noon) == Schedule(noon, COPENHAGEN, utc("2026-07-01 10:00"))


def test_a_datetime_with_an_iana_zone_keeps_it() -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("America/New_York"))
    assert schedule(noon) == Schedule(noon.replace(tzinfo=None), "America/New_York", utc("2026-07-01 16:00"))


def test_a_datetime_with_an_offset_keeps_that() -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    assert schedule(noon) == Schedule(noon.replace(tzinfo=None), "-03:30", utc("2026-07-01 15:30"))


@pytest.mark.parametrize(
    ("zone", "given_date", "instant"),
    [
        (COPENHAGEN, "2026-03-29 02:30", "2026-03-29 01:30"),  # 02:00-03:00 is missing: 03:30 summer time
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:45"),  # half an hour is missing: 02:45
    ],
)
def test_a_missing_time_moves_forward_by_the_gap_and_says_so(zone: str, given_date: str, instant: str) -> None:
    found = schedule(given_date, zone)
    assert found.instant == utc(instant)
    assert found.wall == datetime.fromisoformat(given_date)
    assert "skipped" in (found.warning or "")


@pytest.mark.parametrize(
    ("zone", "given_date", "instant"),
    [
        (COPENHAGEN, "2026-10-25 02:30", "2026-10-25 00:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
    ],
)
def test_of_an_ambiguous_time_the_first_is_taken_with_a_warning(zone: str, given_date: str, instant: str) -> None:
    found = schedule(given_date, zone)
    assert found.instant == utc(instant)
    assert "twice" in (found.warning or "")


def test_a_datetime_that_names_the_second_of_two_gets_it_without_a_warning() -> None:
    second = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo(COPENHAGEN))
    found = schedule(second)
    assert (found.instant, found.warning) == (utc("2026-10-25 01:30"), None)


@pytest.mark.parametrize("given_date", ["2026-03-29 01:59", "2026-03-29 03:00", "2026-10-25 01:59", "2026-10-25 03:00"])
def test_the_minutes_beside_a_change_of_clocks_bring_no_warning(given_date: str) -> None:
    assert schedule(given_date).warning is None


def test_a_leap_day_exists_in_leap_years_only() -> None:
    assert schedule("2028-02-29 10:00", now=datetime(2027, 1, 1, tzinfo=UTC)).instant == utc("2028-02-29 09:00")
    with pytest.raises(InvalidSend, match=r"does not exist"):
        schedule("2027-02-29 10:00")


@pytest.mark.parametrize("given_date", ["2026-01-15 13:00", "2024-05-31 15:55", "0002-01-01 00:00"])
def test_a_time_that_has_passed_leaves_now_with_a_warning(given_date: str) -> None:
    found = schedule(given_date)
    assert found.instant < NOW
    assert found.warning == PAST


def test_a_past_time_in_a_missing_hour_says_both() -> None:
    warning = schedule("2025-03-30 02:30").warning or ""
    assert "skipped" in warning
    assert warning.endswith(PAST)


def test_whether_a_time_has_passed_is_asked_anew_each_time() -> None:
    assert schedule("2026-05-31 15:55", now=NOW).warning is None
    assert schedule("2026-05-31 15:55", now=utc("2026-06-01 00:00")).warning == PAST


@pytest.mark.parametrize("given_date", ["2028-01-17 12:00", "2062-05-31 15:55", "9999-12-31 23:59:59-10:00"])
def test_more_than_two_years_ahead_is_taken_for_a_mistake(given_date: str) -> None:
    with pytest.raises(InvalidSend, match=r"more than two years ahead"):
        schedule(given_date)


@pytest.mark.parametrize(
    "given_date",
    ["2026-02-30 10:00", "2026-13-01 10:00", "2026-05-31 25:00", "2026-05-31 10:60", "2026-05-31T10:00+99:00"],
)
def test_a_time_that_does_not_exist_is_refused_in_so_many_words(given_date: str) -> None:
    with pytest.raises(InvalidSend, match=r"ScheduleSendDate is a day or a time that does not exist"):
        schedule(given_date)


@pytest.mark.parametrize(
    "given_date",
    ["tomorrow", "2026-05-31", "31-05-2026 10:00", "20260531T1000", "2026-W22-7 10:00", "2026-05-31 10:00 CET"],
)
def test_another_form_is_refused_with_the_right_one(given_date: str) -> None:
    with pytest.raises(InvalidSend, match=r"2026-05-31 15:55") as refused:
        schedule(given_date)
    assert refused.value.value == given_date


def test_an_account_in_no_known_zone_is_the_operators_mistake() -> None:
    for zone in ("Europe/Kopenhagen", "../etc", ""):
        with pytest.raises(ConfigError, match=r"Europe/Copenhagen"):
            schedule("2026-05-31 15:55", zone)


def changes(zone: ZoneInfo) -> Iterator[datetime]:
    """The instants, to the minute, at which the zone's offset changes in the two years from NOW."""
    day = NOW.replace(second=0)
    while day < NOW + timedelta(days=729):
        later = day + timedelta(days=1)
        if day.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            low, high = day, later
            while high - low > MINUTE:
                middle = low + (high - low) // 2
                middle -= timedelta(seconds=middle.second, microseconds=middle.microsecond)
                same = middle.astimezone(zone).utcoffset() == day.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            yield high
        day = later


def test_every_change_of_clocks_in_the_world_follows_the_rule() -> None:
    zones = [ZoneInfo(name) for name in available_timezones()]
    for zone, at in chain.from_iterable(zip(repeat(zone), changes(zone), strict=False) for zone in zones):
        name = zone.key
        before = (at - MINUTE).astimezone(zone).utcoffset() or timedelta()
        after = at.astimezone(zone).utcoffset() or timedelta()
        first = min(at + before, at + after).replace(tzinfo=None)  # the first wall time that is missing or comes twice
        inside = [first, first + abs(after - before) // 2, first + abs(after - before) - MINUTE]
        for wall in inside:
            found = schedule(f"{wall:%Y-%m-%d %H:%M}", name)
            assert found.warning, (name, wall)
            # Both rules in one: the offset from before the change is the one that counts.
            assert found.instant == wall.replace(tzinfo=UTC) - before, (name, wall)
        for wall in (first - MINUTE, first + abs(after - before)):
            found = schedule(f"{wall:%Y-%m-%d %H:%M}", name)
            assert found.warning is None, (name, wall)
            assert found.instant.astimezone(zone).replace(tzinfo=None) == wall, (name, wall)


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime(2026, 1, 16), max_value=datetime(2028, 1, 14)),  # noqa: DTZ001 - wall times
    st.sampled_from(sorted(available_timezones())),
)
def test_without_a_warning_the_instant_reads_as_the_wall_time_given(wall: datetime, zone: str) -> None:
    found = schedule(wall.isoformat(" "), zone)
    back = found.instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert found.wall == wall
    assert (back == wall) or "skipped" in (found.warning or "")


@pytest.mark.parametrize("given_date", [None, "", "0001-01-01T00:00:00"])
def test_without_a_limit_there_is_none(given_date: str | None) -> None:
    assert read_not_after(given_date, COPENHAGEN, NOW) is None


@pytest.mark.parametrize(
    ("given_date", "instant"),
    [
        ("2026-05-31 15:55", "2026-05-31 13:55"),
        ("2026-05-31T15:55:00+00:00", "2026-05-31 15:55"),
        (datetime(2026, 5, 31, 15, 55), "2026-05-31 13:55"),  # noqa: DTZ001 - naive: the account's zone
    ],
)
def test_a_limit_has_the_forms_of_a_schedule(given_date: str | datetime, instant: str) -> None:
    assert read_not_after(given_date, COPENHAGEN, NOW) == utc(instant)


@pytest.mark.parametrize("earlier", [timedelta(0), MINUTE, timedelta(days=900)])
def test_a_limit_is_later_than_the_time_to_leave(earlier: timedelta) -> None:
    with pytest.raises(InvalidSend, match="NotAfter is not later than the time to leave"):
        read_not_after(NOW - earlier, COPENHAGEN, NOW)


def test_a_limit_may_follow_a_schedule_that_lies_far_ahead() -> None:
    leaves = NOW + timedelta(days=700)
    assert read_not_after(leaves + timedelta(days=60), COPENHAGEN, leaves) == leaves + timedelta(days=60)


@pytest.mark.parametrize("given_date", ["tomorrow", "2026-02-30 12:00", "2031-01-01 12:00"])
def test_a_wrong_limit_is_a_fault_of_not_after(given_date: str) -> None:
    with pytest.raises(InvalidSend) as wrong:
        read_not_after(given_date, COPENHAGEN, NOW)
    assert (wrong.value.field, wrong.value.value) == ("NotAfter", given_date)

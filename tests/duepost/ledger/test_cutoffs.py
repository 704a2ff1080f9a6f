"""When does a print run close, also when the clocks change?"""

from datetime import UTC, datetime, time

import pytest

from duepost.errors import InvalidSend
from duepost.ledger.cutoffs import last_cutoff, parse_cutoff

COPENHAGEN = "Europe/Copenhagen"
# now, cut-off, zone -> the newest cut-off before it; UTC
CASES = [
    ("2026-11-26 14:59", "16:00", COPENHAGEN, "2026-11-25 15:00"),
    ("2026-11-26 15:00", "16:00", COPENHAGEN, "2026-11-26 15:00"),
    ("2026-07-01 14:00", "16:00", COPENHAGEN, "2026-07-01 14:00"),
    ("2026-03-29 01:00", "02:30", COPENHAGEN, "2026-03-28 01:30"),  # 02:30 is left out that night
    ("2026-03-29 01:30", "02:30", COPENHAGEN, "2026-03-29 01:30"),
    ("2026-10-25 00:29", "02:30", COPENHAGEN, "2026-10-24 00:30"),  # and comes twice that one
    ("2026-10-25 00:30", "02:30", COPENHAGEN, "2026-10-25 00:30"),
    ("2026-10-25 01:45", "02:30", COPENHAGEN, "2026-10-25 00:30"),
    ("2026-11-26 10:30", "00:00", "Pacific/Kiritimati", "2026-11-26 10:00"),
    ("2026-11-26 09:00", "23:59", "America/New_York", "2026-11-26 04:59"),
]


@pytest.mark.parametrize(("now", "cutoff", "zone", "expected"), CASES)
def test_the_newest_cut_off_is_by_the_wall_clock_of_the_zone(now: str, cutoff: str, zone: str, expected: str) -> None:
    moment, wanted = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (now, expected))
    assert last_cutoff(moment, time.fromisoformat(cutoff), zone) == wanted


@pytest.mark.parametrize("text", ["16", "24:00", "4 pm", ""])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidSend, match="16:00"):
        parse_cutoff(text)

"""Can a month end over four channels be handed over, and does it say beforehand how it ends?"""

import re
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest

from duepost.files import Row, read
from duepost.rows import RowReader
from duepost.rules import Rules
from duepost.sends import CheckedSend
from duepost.statuses import Status
from duepost.validation import check
from sandbox.access_point import RECEIVERS
from sandbox.fates import FATES, MIXED
from sandbox.month_end import Expected, write_month_end
from sandbox.sms_counterpart import NUMBERS
from sandbox.systems import SYSTEMS

ZONE = "Europe/Copenhagen"
NOW = datetime(2026, 6, 30, 20, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def month_end(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[CheckedSend], Expected]:
    """A file of 1,000; its PDFs are stand-ins from an earlier run, for the sake of time."""
    folder = tmp_path_factory.mktemp("mixed")
    kept = folder / "documents" / "seed-1"
    kept.mkdir(parents=True)
    for number in range(100_001, 101_001):
        (kept / f"invoice-{number}.pdf").write_bytes(b"%PDF-1.4")
    file = folder / "month-end.ndjson"
    expected = write_month_end(file, folder / "documents", scheduled_for=LATER, zone=ZONE)
    reader, sends = RowReader(folder), []
    for row in read(file):
        assert isinstance(row, Row)
        sends.append(check(reader.send_of(row.values), zone=ZONE, now=NOW, rules=Rules(test_domains=True)))
    return sends, expected


def of(month_end: tuple[list[CheckedSend], Expected], channel: str) -> list[CheckedSend]:
    return [send for send in month_end[0] if send.channel == channel]


def test_each_channel_has_its_share(month_end: tuple[list[CheckedSend], Expected]) -> None:
    assert Counter(send.lane if send.lane in SYSTEMS else send.channel.value for send in month_end[0]) == dict(MIXED)


def test_every_send_has_an_end(month_end: tuple[list[CheckedSend], Expected]) -> None:
    assert sum(month_end[1].by_status.values()) == 1000


def test_numbers_and_receivers_tell_the_counterparts_what_to_do(
    month_end: tuple[list[CheckedSend], Expected],
) -> None:
    numbers = Counter(str(send.to_address)[-3:] for send in of(month_end, "sms"))
    receivers = Counter(str(send.to_address)[-4:-1] for send in of(month_end, "xml"))
    assert {last for last in numbers if last in NUMBERS} == set(FATES["sms"])
    assert {last for last in receivers if last in RECEIVERS} == {one for one in FATES["xml"] if one != "rule"}


@pytest.mark.parametrize("channel", ["sms", "xml"])
def test_no_receiver_comes_twice(month_end: tuple[list[CheckedSend], Expected], channel: str) -> None:
    assert len({send.to_address for send in of(month_end, channel)}) == MIXED[channel]


def test_what_never_leaves_is_not_held(month_end: tuple[list[CheckedSend], Expected]) -> None:
    refused = sum(str(send.to_address)[-3:] == "901" for send in of(month_end, "sms"))
    assert month_end[1].held["sms"] == MIXED["sms"] - refused
    assert month_end[1].held["print"] == MIXED["print"]


def test_letters_wait_for_the_cut_off_and_for_no_time_of_their_own(
    month_end: tuple[list[CheckedSend], Expected],
) -> None:
    assert all(send.schedule is None for send in of(month_end, "print"))
    assert sum(send.schedule is not None for send in month_end[0]) == 100


def test_some_of_each_end_go_wrong(month_end: tuple[list[CheckedSend], Expected]) -> None:
    assert set(month_end[1].by_status) >= {Status.SENT, Status.ERROR, Status.WRONG_EMAIL_ADDRESS, Status.EMAIL_REJECTED}


def test_each_invoice_system_is_told_which_invoice_as_it_knows_it(
    month_end: tuple[list[CheckedSend], Expected],
) -> None:
    of_system = {name: [send for send in month_end[0] if send.lane == name] for name in SYSTEMS}
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", str(send.reference)) for send in of_system["acumulus"])
    assert all(UUID(str(send.reference)) for send in of_system["saphety"])
    assert all(len({send.reference for send in of_system[name]}) == MIXED[name] for name in SYSTEMS if name != "farpay")


def test_some_sends_of_each_system_meet_what_its_counterpart_does(
    month_end: tuple[list[CheckedSend], Expected],
) -> None:
    for name in SYSTEMS:
        told = [
            f"{str(send.to_address).partition('@')[0]} {send.reference}" for send in month_end[0] if send.lane == name
        ]
        assert all(any(digits in one for one in told) for digits in FATES[name]), name

"""Does the ledger follow what FarPay says of a send, and is an invoice given to it once?"""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine

from duepost.ledger.unknown import UnknownPolicy
from sandbox.behaviour_file import behave, behave_well
from sandbox.farpay_counterpart import KEY, FarPayCounterpart
from sandbox.farpay_ledger import FIRST_ID
from sandbox.http_behaviour import Answer, Fault
from sandbox.http_standing import HttpStanding
from tests.worker.conftest import AttempterOf
from tests.worker.test_attempt import attempt, due_again, leased, reasons, standing
from worker.providers.farpay import FarPay

SHORT = timedelta(seconds=0.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "farpay"


def fates(
    folder: Path, engine: Engine, attempter_of: AttempterOf, statuses: tuple[int, ...], *, silent: bool = False
) -> tuple[int, list[str], int]:
    """The status, the reasons and how often FarPay was given the send, after it was asked for twice."""
    with FarPayCounterpart(folder, statuses=statuses) as farpay:
        if silent:
            behave(folder, HttpStanding(Fault.HANG_TAKEN))  # questions are answered
        lease, send = leased(engine)
        for _ in range(3):
            # As a process that has just started has it: nothing is remembered.
            provider = FarPay(url=farpay.api, key=KEY, total_limit=SHORT)
            attempt(attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE), lease, send)
            if standing(engine, send).due_at is None:
                break
            lease = due_again(engine)
        return int(standing(engine, send).status), reasons(engine, send), len(farpay.given())


def test_a_send_is_asked_for_until_it_is_sent(folder: Path, engine: Engine, attempter_of: AttempterOf) -> None:
    assert fates(folder, engine, attempter_of, (100, 200)) == (200, ["IN_PROGRESS", "IN_PROGRESS", "ACCEPTED"], 1)


def test_an_invoice_is_asked_for_by_the_id_that_the_ledger_has(
    folder: Path, engine: Engine, attempter_of: AttempterOf
) -> None:
    with FarPayCounterpart(folder) as farpay:
        lease, send = leased(engine)
        for _ in range(2):
            provider = FarPay(url=farpay.api, key=KEY, total_limit=SHORT)
            attempt(attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE), lease, send)
            lease = due_again(engine)
        assert [(one.method, one.path) for one in farpay.requests] == [
            ("POST", "/v2/invoices"),
            ("GET", f"/v2/invoices/{FIRST_ID}"),
        ]


def test_a_send_that_farpay_took_in_silence_is_not_given_again(
    folder: Path, engine: Engine, attempter_of: AttempterOf
) -> None:
    told = fates(folder, engine, attempter_of, (100, 200), silent=True)
    assert told == (200, ["OUTCOME_UNKNOWN", "IN_PROGRESS", "ACCEPTED"], 1)


@pytest.mark.parametrize("status", [320, 330, 340, 350, 400, 1000, 9999])
def test_what_farpay_ends_is_ended_here_with_its_number(
    folder: Path, engine: Engine, attempter_of: AttempterOf, status: int
) -> None:
    assert fates(folder, engine, attempter_of, (status,))[::2] == (status, 1)


@pytest.mark.parametrize("status", [320, 1000, 9999])
def test_so_is_what_it_ends_later(folder: Path, engine: Engine, attempter_of: AttempterOf, status: int) -> None:
    assert fates(folder, engine, attempter_of, (100, status))[::2] == (status, 1)


def test_a_repeat_after_mail_trouble_waits(folder: Path, engine: Engine, attempter_of: AttempterOf) -> None:
    with FarPayCounterpart(folder, statuses=(100, 310)) as farpay:
        lease, send = leased(engine)
        ways = []
        for _ in range(5):
            provider = FarPay(url=farpay.api, key=KEY, total_limit=SHORT)
            attempt(attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE), lease, send)
            ways.append((standing(engine, send).status, len(farpay.given())))
            lease = due_again(engine)
        assert ways == [(100, 1), (100, 1), (310, 1), (100, 2), (100, 2)]


def test_mail_trouble_is_310_until_it_is_sent_once_more(
    folder: Path, engine: Engine, attempter_of: AttempterOf
) -> None:
    status, told, given = fates(folder, engine, attempter_of, (310,))
    assert (status, told, given) == (310, ["MAIL_TROUBLE"] * 3, 3)


def test_what_farpay_said_yes_to_is_not_given_again_because_its_clock_is_read_wrongly(
    folder: Path, engine: Engine, attempter_of: AttempterOf
) -> None:
    with FarPayCounterpart(folder) as farpay:
        lease, send = leased(engine)
        for _ in range(3):
            zone = timezone(timedelta(hours=8))  # FarPay's times seem hours older than they are
            provider = FarPay(url=farpay.api, key=KEY, zone=zone, total_limit=SHORT)
            attempt(attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE), lease, send)
            lease = due_again(engine)
        assert len(farpay.given()) == 1
        assert reasons(engine, send) == ["IN_PROGRESS"] * 3


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}])
def test_what_left_behind_a_503_does_not_leave_again_with_nobody_told(
    folder: Path, engine: Engine, attempter_of: AttempterOf, headers: dict[str, str]
) -> None:
    with FarPayCounterpart(folder) as farpay:
        lease, send = leased(engine)
        behave(folder, HttpStanding(Answer(503, b"busy", headers, taken=True)))
        first = FarPay(url=farpay.api, key=KEY, total_limit=SHORT)
        attempt(attempter_of(first, on_unknown=UnknownPolicy.RESOLVE), lease, send)
        farpay.book.invoices[FIRST_ID].go_on(farpay.book.now())  # it has left
        behave_well(folder)
        later = FarPay(url=farpay.api, key=KEY, total_limit=SHORT, now=lambda: datetime.now(UTC) + timedelta(hours=1))
        attempt(attempter_of(later, on_unknown=UnknownPolicy.RESOLVE), due_again(engine), send)
        assert len(farpay.given()) == 1
        assert (int(standing(engine, send).status), reasons(engine, send)[-1]) == (300, "OUTCOME_UNKNOWN")

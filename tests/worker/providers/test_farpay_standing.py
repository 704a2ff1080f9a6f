"""Is a send in doubt called sent only where that is proven, and repeated only where nothing of it has left?"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.farpay_counterpart import FarPayCounterpart
from tests.worker.providers.farpay import (
    AT_WORK,
    BUSY,
    DAY,
    FOUND,
    KEY,
    MAIL,
    NOW,
    OTHER,
    SENT,
    TAKEN,
    TROUBLE,
    UNDECIDED,
    Said,
    account,
    asked,
    at,
    bare,
    patches,
    said,
    sent,
    shows,
    z,
)
from worker.providers.farpay_sends import CLOCKS, FRESH
from worker.providers.port import Job, Verdict

MakeJob = Callable[..., Job]


@pytest.fixture
def farpay(tmp_path: Path) -> Iterator[FarPayCounterpart]:
    with FarPayCounterpart(tmp_path / "farpay", key=KEY, calls=True) as server:
        yield server


# A reminder enqueued with its invoice, for later: the invoice's SentDate is after both were enqueued.
def test_a_reminder_that_nothing_happened_to_takes_no_other_send_for_its_own(
    farpay: FarPayCounterpart, job: MakeJob
) -> None:
    farpay.answer(200, FOUND)
    farpay.answer(200, shows(200, z(NOW - 20 * DAY)))
    farpay.answer(200, shows(100))
    reminder = job(kind="reminder", document=None, first_due=NOW)
    assert said(at(farpay).send(reminder)) == AT_WORK
    assert patches(farpay) == 1


@pytest.mark.parametrize("status", [100, 110, 150, 310])
def test_a_first_attempt_waits_for_whatever_is_under_way(farpay: FarPayCounterpart, job: MakeJob, status: int) -> None:
    assert said(sent(farpay, job(first_due=NOW), shows(status))) == BUSY
    assert patches(farpay) == 0


@pytest.mark.parametrize(("ago", "expected"), [(FRESH - CLOCKS, BUSY), (FRESH + CLOCKS, AT_WORK)])
def test_a_send_that_left_just_now_is_let_grow_old_enough_to_be_told_from_the_next(
    farpay: FarPayCounterpart, job: MakeJob, ago: timedelta, expected: Said
) -> None:
    assert said(sent(farpay, job(first_due=NOW), shows(200, z(NOW - ago)))) == expected
    assert patches(farpay) == (expected == AT_WORK)


def test_to_another_address_nothing_has_to_grow_old(farpay: FarPayCounterpart, job: MakeJob) -> None:
    sms = job(channel="sms", to_address="+4533445566", note="x")
    assert said(sent(farpay, sms, shows(200, z(NOW)))) == AT_WORK


# (what FarPay shows, what follows from it for a send in doubt since NOW that FarPay never said yes to)
IN_SILENCE = [
    (shows(200, z(NOW)), SENT),
    (shows(200, z(NOW - CLOCKS)), SENT),
    (shows(200, z(NOW - 2 * CLOCKS)), None),
    (shows(200, bare(NOW)), SENT),
    (shows(200, bare(NOW - 2 * CLOCKS)), UNDECIDED),
    (shows(200, bare(NOW - timedelta(hours=26))), UNDECIDED),
    (shows(200, bare(NOW - timedelta(hours=27))), None),
    (shows(200), UNDECIDED),
    (shows(200, created=z(NOW)), SENT),
    (shows(200, created=z(NOW - DAY)), UNDECIDED),
    (shows(200, send=None), UNDECIDED),
    (shows(1000, send=None), UNDECIDED),
    (shows(9999, send=None), UNDECIDED),
    (shows(200, send=None, created=bare(NOW - DAY)), UNDECIDED),
    (shows(1000, send=None, created=z(NOW - DAY)), UNDECIDED),
    (shows(200, send=None, created=z(NOW)), SENT),
    (shows(100, send=None), AT_WORK),
    (shows(310, send=None), AT_WORK),
    (shows(310), TROUBLE),
    (shows(320, bare(NOW - DAY)), (Verdict.REFUSED, 320, "MAILBOX_UNKNOWN")),
    (shows(330, z(NOW - DAY)), None),
    (shows(200, z(NOW), send={**MAIL, "Note": "Please pay"}), OTHER),
    (shows(200, z(NOW), send={**MAIL, "ToAddress": "bo@customer.test"}), OTHER),
    (shows(200, z(NOW), send={**MAIL, "Channel": "SMS"}), OTHER),
]


@pytest.mark.parametrize(("shown", "expected"), IN_SILENCE)
def test_a_send_in_doubt_is_told_only_what_is_proven(
    farpay: FarPayCounterpart, job: MakeJob, shown: bytes, expected: Said | None
) -> None:
    outcome = asked(farpay, job(in_doubt_since=NOW, first_due=NOW - DAY), shown)
    assert said(outcome) == expected
    assert outcome is None or outcome.undecided == (expected == UNDECIDED)


# The same where FarPay said yes: never again, and no more than it shows.
AFTER_A_YES = [
    (shows(200, z(NOW)), SENT),
    (shows(200), SENT),
    (shows(200, created=bare(NOW - timedelta(hours=26))), SENT),
    (shows(200, created=bare(NOW - 2 * DAY)), AT_WORK),
    (shows(200, z(NOW - DAY)), AT_WORK),
    (shows(200, bare(NOW - DAY)), AT_WORK),
    (shows(200, send=None, created=z(NOW - DAY)), AT_WORK),
    (shows(1000, send=None, created=z(NOW - DAY)), AT_WORK),
    (shows(200, send=None), SENT),
    (shows(320, z(NOW - DAY)), (Verdict.REFUSED, 320, "MAILBOX_UNKNOWN")),
    (shows(200, z(NOW), send={**MAIL, "Note": "As FarPay writes it"}), SENT),
    (shows(310), TROUBLE),
]


@pytest.mark.parametrize(("shown", "expected"), AFTER_A_YES)
def test_what_farpay_said_yes_to_is_never_given_again(
    farpay: FarPayCounterpart, job: MakeJob, shown: bytes, expected: Said
) -> None:
    assert said(asked(farpay, job(in_doubt_since=NOW, provider_reference="7"), shown)) == expected


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (shows(200, z(NOW)), SENT),
        (shows(100), AT_WORK),
        (shows(200), (Verdict.REFUSED, 300, "NOT_TOLD_APART")),
        (shows(330, z(NOW)), (Verdict.REFUSED, 330, "MAILBOX_UNAVAILABLE")),
        (shows(200, z(NOW), send={**MAIL, "ToAddress": "bo@customer.test"}), (Verdict.UNKNOWN, 300, "OTHER_SEND")),
        (b"<html>", (Verdict.UNKNOWN, 300, "ASKED_IN_VAIN")),
    ],
)
def test_a_send_in_doubt_that_the_list_did_not_have_is_not_patched_without_proof(
    farpay: FarPayCounterpart, job: MakeJob, shown: bytes, expected: Said
) -> None:
    assert said(sent(farpay, job(in_doubt_since=NOW), shown)) == expected
    assert patches(farpay) == 0


def test_what_is_at_work_in_silence_has_no_name_yet(farpay: FarPayCounterpart, job: MakeJob) -> None:
    outcome = asked(farpay, job(in_doubt_since=NOW), shows(100, send=None))
    assert outcome is not None
    assert outcome.provider_reference is None


@pytest.mark.parametrize("since", [None, NOW])
def test_a_reminder_in_doubt_whose_invoice_is_gone_goes_to_a_person(
    farpay: FarPayCounterpart, job: MakeJob, since: datetime | None
) -> None:
    outcome = at(farpay).send(job(kind="reminder", document=None, in_doubt_since=since))
    assert said(outcome) == (Verdict.REFUSED, 300, "NOT_FOUND")
    assert outcome.undecided == (since is not None)


def test_a_throttled_list_leaves_the_doubt(farpay: FarPayCounterpart, job: MakeJob) -> None:
    farpay.answer(400, TAKEN)
    farpay.answer(429)
    assert said(at(farpay).send(job(in_doubt_since=NOW))) == (Verdict.UNKNOWN, 300, "THROTTLED")


@pytest.mark.parametrize(("left", "expected"), [(NOW, UNDECIDED), (NOW - DAY, AT_WORK)])
def test_what_left_since_an_earlier_attempt_that_was_told_no_goes_to_a_person(
    farpay: FarPayCounterpart, job: MakeJob, left: datetime, expected: Said
) -> None:
    outcome = sent(farpay, job(attempt=2, first_due=NOW - timedelta(hours=1)), shows(200, z(left)))
    assert said(outcome) == expected
    assert outcome.undecided == (expected == UNDECIDED)


# Copenhagen's clock shows 02:30 twice that night; the first reading never calls what is ours another's.
def test_a_time_that_the_clock_shows_twice_is_read_as_the_first(farpay: FarPayCounterpart, job: MakeJob) -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    for since, expected in [(second, UNDECIDED), (second - timedelta(hours=1), SENT)]:
        farpay.answer(200, FOUND)
        farpay.answer(200, shows(200, "2026-10-25T02:30:00"))
        assert said(account(farpay).ask(job(in_doubt_since=since))) == expected

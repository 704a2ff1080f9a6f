"""Is the answer to a POST or PATCH believed only as far as it speaks of this send, and is a repeat not hammered?"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.farpay_counterpart import FarPayCounterpart
from sandbox.http_behaviour import Answer
from sandbox.invoice_xml import invoice_xml
from tests.worker.providers.farpay import (
    AT_WORK,
    DAY,
    KEY,
    NOW,
    SENT,
    TROUBLE,
    Said,
    asked,
    at,
    patches,
    said,
    sent,
    shows,
    z,
)
from worker.providers.port import Document, Job, Verdict

MakeJob = Callable[..., Job]
UBL = invoice_xml()


@pytest.fixture
def farpay(tmp_path: Path) -> Iterator[FarPayCounterpart]:
    with FarPayCounterpart(tmp_path / "farpay", key=KEY, calls=True) as server:
        yield server


def test_a_patch_in_silence_is_asked_for_only_when_farpay_has_surely_done_with_it(
    farpay: FarPayCounterpart, job: MakeJob
) -> None:
    outcome = sent(farpay, job(), shows(200, z(NOW - DAY)), Answer(502))
    assert (outcome.verdict, outcome.retry_after) == (Verdict.UNKNOWN, timedelta(minutes=5))


@pytest.mark.parametrize("status", [200, 320, 1000, 9999])
def test_the_yes_to_a_patch_does_not_end_it_with_the_status_of_the_send_before(
    farpay: FarPayCounterpart, job: MakeJob, status: int
) -> None:
    outcome = sent(farpay, job(), shows(200, z(NOW - DAY)), Answer(200, shows(status, z(NOW - DAY))))
    assert (said(outcome), outcome.provider_reference) == (AT_WORK, "7")


@pytest.mark.parametrize(("left", "expected"), [(None, AT_WORK), (z(NOW - DAY), AT_WORK), (z(NOW), SENT)])
def test_a_created_invoice_was_sent_only_if_it_was_sent_now(
    farpay: FarPayCounterpart, job: MakeJob, left: str | None, expected: Said
) -> None:
    farpay.answer(200, shows(200, left))
    assert said(at(farpay).send(job())) == expected


@pytest.mark.parametrize("other", [{"Id": 8}, {"InvoiceNumber": "1002"}])
def test_an_answer_about_another_invoice_is_no_yes(
    farpay: FarPayCounterpart, job: MakeJob, other: dict[str, Any]
) -> None:
    answer = Answer(200, json.dumps({"Id": 7, "SendStatus": 100, **other}).encode())
    outcome = sent(farpay, job(), shows(200, z(NOW - DAY)), answer)
    assert said(outcome) == (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")


def test_the_invoice_of_another_customer_is_not_sent_to_ours(farpay: FarPayCounterpart, job: MakeJob) -> None:
    shown = json.loads(shows(200, z(NOW - DAY)))
    theirs = json.dumps({**shown, "Recepient": {"CustomerNumber": "77"}}).encode()
    assert said(sent(farpay, job(customer="4434"), theirs)) == (Verdict.REFUSED, 300, "OTHER_CUSTOMER")
    assert patches(farpay) == 0


@pytest.mark.parametrize("theirs", ["04434", None])
def test_a_customers_number_may_have_zeros_before_it_or_be_left_out(
    farpay: FarPayCounterpart, job: MakeJob, theirs: str | None
) -> None:
    shown = json.dumps({**json.loads(shows(200, z(NOW - DAY))), "CustomerNumber": theirs}).encode()
    assert said(sent(farpay, job(customer="4434"), shown)) == AT_WORK


def test_mail_trouble_is_left_to_farpay_first_and_repeated_ever_more_rarely(
    farpay: FarPayCounterpart, job: MakeJob
) -> None:
    def waited(since: datetime) -> timedelta | None:
        outcome = asked(farpay, job(provider_reference="7", in_doubt_since=since), shows(310))
        assert said(outcome) == TROUBLE
        assert outcome is not None
        return outcome.retry_after

    hour = timedelta(hours=1)
    assert [waited(NOW), waited(NOW - 2 * hour), waited(NOW - DAY)] == [timedelta(minutes=10), hour, 4 * hour]
    waiting = job(provider_reference="7", in_doubt_since=NOW, status=310)
    assert asked(farpay, waiting, shows(310)) is None


@pytest.mark.parametrize(
    ("patched", "expected"),
    [
        (Answer(503), (Verdict.UNKNOWN, 300, "TEMPORARY")),
        (Answer(429), (Verdict.UNKNOWN, 300, "THROTTLED")),
        (Answer(400, b'{"Message": "10000::x"}'), (Verdict.REFUSED, 300, "FARPAY_REFUSED")),
    ],
)
def test_what_stopped_at_310_stays_in_doubt_when_its_repeat_is_not_taken(
    farpay: FarPayCounterpart, job: MakeJob, patched: Answer, expected: Said
) -> None:
    outcome = sent(farpay, job(in_doubt_since=NOW, status=310), shows(310), patched)
    assert said(outcome) == expected
    assert outcome.undecided == (outcome.verdict is Verdict.REFUSED)


@pytest.mark.parametrize("due", ["0001-01-01", "9999-12-31"])
def test_a_due_day_at_the_end_of_time_is_looked_for(farpay: FarPayCounterpart, job: MakeJob, due: str) -> None:
    ubl = UBL.replace(b"2026-07-30", due.encode())
    provider, send = at(farpay), job(attachments=(Document("1.xml", "application/xml", ubl),))
    assert provider.ask(send) is None
    assert due in farpay.requests[0].path


@pytest.mark.parametrize("number", ["9" * 19, "9" * 400, "-1", '"' + "9" * 200 + '"', "true", "1e3"])
def test_a_number_that_is_no_id_is_no_reference(farpay: FarPayCounterpart, job: MakeJob, number: str) -> None:
    farpay.answer(200, f'{{"Id": {number}, "SendStatus": 100}}'.encode())
    outcome = at(farpay).send(job())
    assert (said(outcome), outcome.provider_reference) == (AT_WORK, None)

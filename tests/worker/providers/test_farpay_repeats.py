"""Is an invoice sent through FarPay once, however often it is tried, and once more where that is wanted?"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sandbox.behaviour_file import behave
from sandbox.farpay_counterpart import FarPayCounterpart
from sandbox.http_behaviour import Fault
from sandbox.http_standing import HttpStanding
from sandbox.invoice_xml import invoice_xml
from tests.worker.providers.farpay import AT_WORK, KEY, SENT, account, said
from worker.providers.port import Document, Job, Verdict

MakeJob = Callable[..., Job]
UBL = Document("1001.xml", "application/xml", invoice_xml())
NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def made_at(moment: datetime) -> UUID:
    """The id of a send that was enqueued then."""
    return UUID(int=int(moment.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62)


@pytest.fixture
def farpay(tmp_path: Path) -> Iterator[FarPayCounterpart]:
    with FarPayCounterpart(tmp_path / "farpay", key=KEY, clock=lambda: NOW) as server:
        yield server


def ways(farpay: FarPayCounterpart) -> list[tuple[str, str]]:
    return [(one.how, one.channel) for one in farpay.given()]


def sent(farpay: FarPayCounterpart, send: Job) -> None:
    """It has left, and another process did it."""
    provider = account(farpay)
    assert [said(one) for one in (provider.send(send), provider.ask(send), provider.ask(send))][-1] == SENT


def test_what_it_took_without_answering_is_found_by_its_number(farpay: FarPayCounterpart, job: MakeJob) -> None:
    behave(farpay.folder, HttpStanding(Fault.HANG_TAKEN))
    assert account(farpay, seconds=0.5).send(job()).verdict is Verdict.UNKNOWN
    assert said(account(farpay).ask(job())) == AT_WORK
    assert ways(farpay) == [("POST", "email")]


@pytest.mark.parametrize("documents", [{}, {"attachments": (UBL,)}])
def test_a_repeat_of_our_own_call_is_looked_up_and_not_failed(
    farpay: FarPayCounterpart, job: MakeJob, documents: dict[str, Any]
) -> None:
    account(farpay).send(job(**documents))
    outcome = account(farpay).send(job(**documents, in_doubt_since=NOW))
    assert said(outcome) == AT_WORK
    assert outcome.provider_reference == str(farpay.given()[0].id)
    assert ways(farpay) == [("POST", "email")]


def test_a_repeat_after_it_was_sent_is_a_success(farpay: FarPayCounterpart, job: MakeJob) -> None:
    sent(farpay, job())
    assert said(account(farpay).send(job(in_doubt_since=NOW))) == SENT
    assert ways(farpay) == [("POST", "email")]


def test_what_never_came_is_none(farpay: FarPayCounterpart, job: MakeJob) -> None:
    assert account(farpay).ask(job()) is None
    assert account(farpay).ask(job(attachments=(UBL,))) is None


def test_a_list_that_holds_too_much_tells_nothing(farpay: FarPayCounterpart, job: MakeJob) -> None:
    farpay.huge(2_000_000)
    assert said(account(farpay).ask(job())) == (Verdict.TRANSIENT, 310, "ASKED_IN_VAIN")


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"Message": "no list"}', b"[" * 100_000, b'[{"Id": 1'])
def test_what_is_no_list_tells_nothing(farpay: FarPayCounterpart, job: MakeJob, body: bytes) -> None:
    farpay.answer(200, body)
    assert said(account(farpay).ask(job())) == (Verdict.TRANSIENT, 310, "ASKED_IN_VAIN")


def test_a_wanted_resend_is_a_patch_of_the_same_invoice(farpay: FarPayCounterpart, job: MakeJob) -> None:
    sent(farpay, job())
    again = job(id=made_at(NOW + timedelta(hours=1)), note="Once more")
    assert said(account(farpay).send(again)) == AT_WORK
    assert [(one.how, one.note) for one in farpay.given()] == [("POST", None), ("PATCH", "Once more")]


def test_a_resend_after_a_failure_is_a_patch(farpay: FarPayCounterpart, job: MakeJob) -> None:
    full = job(to_address="anna904@customer.test")
    provider = account(farpay)
    assert [said(one) for one in (provider.send(full), provider.ask(full), provider.ask(full))][-1] == (
        *(Verdict.REFUSED, 330),
        "MAILBOX_UNAVAILABLE",
    )
    assert said(account(farpay).send(job(to_address="anna904@customer.test"))) == AT_WORK
    assert ways(farpay) == [("POST", "email"), ("PATCH", "email")]


def test_another_channel_of_the_same_invoice_is_a_patch(farpay: FarPayCounterpart, job: MakeJob) -> None:
    sent(farpay, job())
    provider, sms = account(farpay), job(channel="sms", to_address="+4533445566", note="See your mail")
    assert [said(one) for one in (provider.send(sms), provider.ask(sms), provider.ask(sms))][-1] == SENT
    assert ways(farpay) == [("POST", "email"), ("PATCH", "sms")]


def test_a_send_under_way_is_not_pushed_aside_by_another(farpay: FarPayCounterpart, job: MakeJob) -> None:
    account(farpay).send(job())
    outcome = account(farpay).send(job(channel="sms", to_address="+4533445566"))
    assert said(outcome) == (Verdict.WAIT, 310, "INVOICE_BUSY")
    assert outcome.retry_after == timedelta(minutes=2)
    assert ways(farpay) == [("POST", "email")]


def test_a_reminder_is_the_invoice_once_more(farpay: FarPayCounterpart, job: MakeJob) -> None:
    sent(farpay, job())
    reminder = job(kind="reminder", document=None, note="Please pay", id=made_at(NOW + timedelta(days=20)))
    assert said(account(farpay).send(reminder)) == AT_WORK
    assert ways(farpay)[-1] == ("PATCH", "email")


def test_a_reminder_of_no_invoice_creates_none(farpay: FarPayCounterpart, job: MakeJob) -> None:
    outcome = account(farpay).send(job(kind="reminder", document=None))
    assert said(outcome) == (Verdict.REFUSED, 300, "NOT_FOUND")
    assert farpay.given() == []


def test_a_reminders_own_document_stays_behind_only_where_the_settings_say_so(
    farpay: FarPayCounterpart, job: MakeJob
) -> None:
    sent(farpay, job())
    reminder = job(kind="reminder", id=made_at(NOW + timedelta(days=20)))
    assert said(account(farpay).send(reminder)) == (Verdict.REFUSED, 300, "DOCUMENT_STAYS_BEHIND")
    assert said(account(farpay, bare_reminders=True).send(reminder)) == AT_WORK


def test_a_resend_in_doubt_that_never_came_is_sent_again(farpay: FarPayCounterpart, job: MakeJob) -> None:
    sent(farpay, job())
    assert account(farpay).ask(job(in_doubt_since=NOW + timedelta(hours=27))) is None


def test_a_resend_in_doubt_that_came_is_found(farpay: FarPayCounterpart, job: MakeJob) -> None:
    sent(farpay, job())
    again = job(id=made_at(NOW + timedelta(hours=1)))
    account(farpay).send(again)
    assert said(account(farpay).ask(again)) == AT_WORK


def test_an_invoice_that_shows_another_send_since_settles_nothing(farpay: FarPayCounterpart, job: MakeJob) -> None:
    sent(farpay, job())
    sms = job(channel="sms", to_address="+4533445566", id=made_at(NOW - timedelta(hours=1)))
    outcome = account(farpay).ask(sms)
    assert said(outcome) == (Verdict.TRANSIENT, 310, "OTHER_SEND")


def test_farpays_times_without_a_zone_are_copenhagens(farpay: FarPayCounterpart, job: MakeJob) -> None:
    sent(farpay, job())  # at 10:00 there, 08:00 in UTC
    half_past = job(id=made_at(NOW + timedelta(minutes=30)))
    assert said(account(farpay).ask(half_past)) == (Verdict.REFUSED, 300, "NOT_TOLD_APART")
    assert said(account(farpay, zone=UTC).ask(half_past)) == SENT


def test_an_invoice_that_farpay_shows_without_a_send_is_sent(farpay: FarPayCounterpart, job: MakeJob) -> None:
    farpay.answer(400, b'{"Message": "10009::Invoice number used"}')
    farpay.answer(200, b'[{"Id": 10000001, "InvoiceNumber": "1001"}]')
    farpay.answer(200, b'{"Id": 10000001, "Created": "2017-06-23T08:29:36.057", "SendStatus": 200}')
    farpay.answer(200, b'{"Id": 10000001, "SendStatus": 100}')
    assert said(account(farpay).send(job())) == AT_WORK
    assert [one.method for one in farpay.requests] == ["POST", "GET", "GET", "PATCH"]


def test_an_id_that_farpay_forgot_is_forgotten_here(farpay: FarPayCounterpart, job: MakeJob) -> None:
    provider = account(farpay)
    provider.send(job())
    farpay.answer(404)
    assert said(provider.ask(job())) == (Verdict.TRANSIENT, 310, "ASKED_IN_VAIN")
    assert said(provider.ask(job())) == AT_WORK


def test_a_number_that_is_taken_and_cannot_be_found_stays_in_doubt(farpay: FarPayCounterpart, job: MakeJob) -> None:
    farpay.answer(400, b'{"Message": "10009::Invoice number used"}')
    assert said(account(farpay).send(job())) == (Verdict.UNKNOWN, 300, "ASKED_IN_VAIN")

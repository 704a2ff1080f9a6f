"""Does a question for a mail that SIN took deliver nothing, and does each state of the document mean the right?"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.http_behaviour import Answer, Fault
from sandbox.saphety_counterpart import SaphetyCounterpart
from tests.worker.providers.saphety_account import DOCUMENT, PASSWORD, Said, account, said
from worker.providers.port import Asked, Job, Verdict

MakeJob = Callable[..., Job]
PENDING = (Verdict.PENDING, 100, "IN_PROGRESS")
SENT = (Verdict.ACCEPTED, 200, "ACCEPTED")
HTML = {"content-type": "text/html"}


@pytest.fixture
def point(tmp_path: Path) -> Iterator[SaphetyCounterpart]:
    with SaphetyCounterpart(tmp_path / "sin", password=PASSWORD) as server:
        yield server


@pytest.fixture
def mail(job: MakeJob) -> MakeJob:
    """A mail that SIN has said yes to."""
    return lambda **changes: job(**{"reference": DOCUMENT, "provider_reference": "1"} | changes)


def state(word: object, **fields: object) -> Answer:
    data = {"Id": DOCUMENT, "NotificationStatus": word, **fields}
    return Answer(200, json.dumps({"IsValid": True, "Errors": [], "Data": data}).encode())


def test_a_mail_is_asked_for_until_it_left_and_mailed_once(point: SaphetyCounterpart, mail: MakeJob) -> None:
    provider = account(point)
    told = [provider.send(mail()), *(provider.ask(mail()) for _ in range(2))]
    assert [said(one) for one in told] == [PENDING, PENDING, SENT]
    assert isinstance(provider, Asked)
    assert point.mails() == ["anna@customer.test"]
    question = point.requests[-1]
    assert question.method == "GET"
    assert question.path == f"/Dcn.Sandbox.WebApi/api/OutboundFinancialDocument/{DOCUMENT}"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("NoEmails", PENDING),
        ("Sent", SENT),
        ("Delivered", SENT),
        ("Read", SENT),
        ("Error", (Verdict.REFUSED, 330, "NOT_DELIVERED")),
        ("read", SENT),
    ],
)
def test_every_notification_status_means_what_it_says(
    point: SaphetyCounterpart, mail: MakeJob, word: str, expected: Said
) -> None:
    point.reply("document", state(word))
    outcome = account(point).ask(mail())
    assert said(outcome) == expected
    assert outcome is not None
    assert outcome.reason.values["state"] == word


@pytest.mark.parametrize(
    ("act", "cause"),
    [
        (Answer(404, b'{"IsValid":false,"Errors":[{"Code":"DOCUMENT_NOT_FOUND"}],"Data":null}'), "NOT_FOUND"),
        (Answer(500, b"<html>", HTML), "TEMPORARY"),
        (Answer(502), "GATEWAY_LOST_IT"),
        (Answer(200, b"<html>", HTML), "ANSWER_UNREADABLE"),
        (Answer(200, b'{"IsValid":true,"Errors":[],"Data":'), "ANSWER_UNREADABLE"),
        (Answer(200, b'{"IsValid":true,"Errors":[],"Data":[]}'), "ANSWER_UNREADABLE"),
        (Answer(200, b'{"IsValid":false,"Errors":[{"Code":"DOCUMENT_NOT_FOUND"}],"Data":null}'), "NOT_FOUND"),
        (state("Bounced"), "ANSWER_UNREADABLE"),
        (state(None), "ANSWER_UNREADABLE"),
        (state("Sent", Id="00000000-0000-0000-0000-000000000001"), "ANSWER_UNREADABLE"),  # another document's
        (Fault.CUT, "CONNECTION_LOST"),
    ],
)
def test_what_says_neither_is_asked_again_later_and_never_ends_the_send(
    point: SaphetyCounterpart, mail: MakeJob, act: Answer | Fault, cause: str
) -> None:
    point.reply("document", act)
    outcome = account(point).ask(mail())
    assert said(outcome) == (Verdict.TRANSIENT, 310, "ASKED_IN_VAIN")
    assert outcome is not None
    assert outcome.reason.values["cause"] == cause


@pytest.mark.parametrize("status", [302, 400, 404])
def test_a_question_that_goes_astray_calls_an_operator_and_ends_nothing(
    point: SaphetyCounterpart, mail: MakeJob, status: int
) -> None:
    point.reply("document", Answer(status, b"<html>", HTML))
    outcome = account(point).ask(mail())
    assert said(outcome) == (Verdict.WAIT, 310, "API_NOT_FOUND")
    assert outcome is not None
    assert outcome.alarm


def test_a_question_that_is_held_back_waits(point: SaphetyCounterpart, mail: MakeJob) -> None:
    point.reply("document", Answer(429, b"<html>", HTML))
    assert said(account(point).ask(mail())) == (Verdict.WAIT, 310, "THROTTLED")


def test_a_document_without_any_mail_stays_in_the_queue_and_is_not_mailed_again(
    point: SaphetyCounterpart, mail: MakeJob
) -> None:
    provider = account(point)
    assert [said(provider.ask(mail())) for _ in range(3)] == [PENDING] * 3


def test_many_questions_go_over_one_connection(point: SaphetyCounterpart, mail: MakeJob) -> None:
    provider = account(point)
    for _ in range(30):
        provider.ask(mail())
    assert len(point.connections) == 1


# Why a mail failed.

FAILED = "anna902@customer.test"


def told_of(reason: str) -> Answer:
    data = {"Destination": FAILED, "LastStateReason": reason}
    return Answer(200, json.dumps({"IsValid": True, "Errors": [], "Data": data}).encode())


def failed(point: SaphetyCounterpart, mail: MakeJob, reason: str | None, **settings: Any) -> Said | None:
    point.last_state_reason = reason
    provider = account(point, **{"mail_status_url": point.url + "/IN2.Notifications.webapi"} | settings)
    provider.send(mail(to_address=FAILED))
    provider.ask(mail(to_address=FAILED))
    provider.send(mail(to_address="bo@customer.test"))
    point.reply("document", state("Error"), times=2)
    provider.ask(mail(to_address=FAILED))
    return said(provider.ask(mail(to_address=FAILED)))


@pytest.mark.parametrize("reason", ["dial tcp 192.0.2.1:25: i/o timeout", "Connection refused", "Timed out"])
def test_a_mail_whose_server_was_not_reached_is_asked_for_again(
    point: SaphetyCounterpart, mail: MakeJob, reason: str
) -> None:
    assert failed(point, mail, reason) == (Verdict.PENDING, 310, "TEMPORARY")


def test_of_two_mails_to_one_address_neither_may_have_failed_otherwise(
    point: SaphetyCounterpart, mail: MakeJob
) -> None:
    provider = account(point, mail_status_url=point.url + "/IN2.Notifications.webapi")
    for _ in range(2):
        provider.send(mail(to_address=FAILED))
    for reason in ("i/o timeout", "550 5.1.1 no such user"):
        point.reply("emailStatus", told_of(reason))
    point.reply("document", state("Error"))
    assert said(provider.ask(mail(to_address=FAILED))) == (Verdict.REFUSED, 330, "NOT_DELIVERED")
    point.reply("emailStatus", told_of("i/o timeout"), times=2)
    point.reply("document", state("Error"))
    assert said(provider.ask(mail(to_address=FAILED))) == (Verdict.PENDING, 310, "TEMPORARY")


@pytest.mark.parametrize("reason", ["550 5.1.1 no such user", None])
def test_a_mail_that_failed_otherwise_is_not_delivered(
    point: SaphetyCounterpart, mail: MakeJob, reason: str | None
) -> None:
    assert failed(point, mail, reason) == (Verdict.REFUSED, 330, "NOT_DELIVERED")


def test_without_an_address_for_it_no_mail_is_asked_for(point: SaphetyCounterpart, mail: MakeJob) -> None:
    assert failed(point, mail, "timeout", mail_status_url=None) == (Verdict.REFUSED, 330, "NOT_DELIVERED")
    assert not any("emailTrackingIds" in one.path for one in point.requests)


@pytest.mark.parametrize("call", ["emailTrackingIds", "emailStatus"])
def test_a_fate_that_cannot_be_read_changes_nothing(point: SaphetyCounterpart, mail: MakeJob, call: str) -> None:
    point.reply(call, Answer(404), times=9)
    assert failed(point, mail, "timeout") == (Verdict.REFUSED, 330, "NOT_DELIVERED")

"""Is a mail that SIN may not have taken left to a person, and no other mail's state taken for its own?"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.http_behaviour import Answer, Fault
from sandbox.saphety_counterpart import SaphetyCounterpart
from tests.worker.providers.saphety_account import DOCUMENT, PASSWORD, Said, account, said
from worker.providers.port import Job, Verdict

MakeJob = Callable[..., Job]
PENDING = (Verdict.PENDING, 100, "IN_PROGRESS")
SENT = (Verdict.ACCEPTED, 200, "ACCEPTED")
NOT_TOLD_APART = (Verdict.REFUSED, 300, "NOT_TOLD_APART")
IN_VAIN = (Verdict.TRANSIENT, 310, "ASKED_IN_VAIN")
ASTRAY = (Verdict.WAIT, 310, "API_NOT_FOUND")
UNKNOWN = b'{"IsValid":false,"Errors":[{"Code":"DOCUMENT_NOT_FOUND"}],"Data":null}'
HTML = {"content-type": "text/html"}
MAILED = ["Sent", "Delivered", "Read", "Error"]


@pytest.fixture
def point(tmp_path: Path) -> Iterator[SaphetyCounterpart]:
    with SaphetyCounterpart(tmp_path / "sin", password=PASSWORD) as server:
        yield server


@pytest.fixture
def mail(job: MakeJob) -> MakeJob:
    return lambda **changes: job(**{"reference": DOCUMENT} | changes)


def state(word: object) -> Answer:
    data = {"Id": DOCUMENT, "NotificationStatus": word}
    return Answer(200, json.dumps({"IsValid": True, "Errors": [], "Data": data}).encode())


def yes(correlation: object) -> Answer:
    told = {"CorrelationId": correlation, "IsValid": True, "Errors": [], "Data": ["anna@customer.test"]}
    return Answer(200, json.dumps(told).encode())


# No yes came: the document's state may be an earlier mail's.


@pytest.mark.parametrize("poll", [True, False])
@pytest.mark.parametrize("word", MAILED)
def test_without_a_yes_a_state_that_may_be_an_earlier_mails_is_left_to_a_person(
    point: SaphetyCounterpart, mail: MakeJob, word: str, *, poll: bool
) -> None:
    point.reply("document", state(word))
    outcome = account(point, poll=poll).ask(mail())
    assert said(outcome) == NOT_TOLD_APART
    assert outcome is not None
    assert outcome.undecided
    assert outcome.reason.values["state"] == word


@pytest.mark.parametrize(
    ("digits", "cause"), [("903", "CONNECTION_LOST"), ("905", "TEMPORARY"), ("906", "ANSWER_UNREADABLE")]
)
def test_what_sin_took_without_a_readable_yes_is_a_persons_to_end(
    point: SaphetyCounterpart, mail: MakeJob, digits: str, cause: str
) -> None:
    provider, job = account(point), mail(to_address=f"anna{digits}@customer.test")
    first = provider.send(job)
    assert (said(first), first.provider_reference) == ((Verdict.UNKNOWN, 300, cause), None)
    assert said(provider.ask(job)) == NOT_TOLD_APART
    assert len(point.taken()) == 1


@pytest.mark.parametrize(("repeat", "expected"), [(False, PENDING), (True, None)])
def test_not_polled_a_document_without_any_mail_is_mailed_again_where_that_is_wanted(
    point: SaphetyCounterpart, mail: MakeJob, *, repeat: bool, expected: Said | None
) -> None:
    point.reply("document", state("NoEmails"))
    assert said(account(point, poll=False, repeat_unsent=repeat).ask(mail())) == expected


# A yes came.


@pytest.mark.parametrize("correlation", [None, "", 7, "x" * 101, "a\nb"])
def test_a_yes_without_a_name_is_remembered_by_the_documents(
    point: SaphetyCounterpart, mail: MakeJob, correlation: object
) -> None:
    point.reply("notify", yes(correlation))
    assert account(point).send(mail()).provider_reference == DOCUMENT


def test_what_sin_said_yes_to_is_not_mailed_again_when_the_account_is_polled_no_longer(
    point: SaphetyCounterpart, mail: MakeJob
) -> None:
    taken = account(point).send(mail())
    provider = account(point, poll=False, repeat_unsent=True)
    job = mail(provider_reference=taken.provider_reference)
    assert [said(provider.ask(job)) for _ in range(2)] == [PENDING, SENT]
    assert len(point.taken()) == 1


# Whether another mail came first is asked before the mail.


@pytest.mark.parametrize("word", MAILED)
def test_of_a_document_mailed_before_sins_yes_is_final(point: SaphetyCounterpart, mail: MakeJob, word: str) -> None:
    point.mailed_before = word
    outcome = account(point).send(mail())
    assert said(outcome) == SENT  # and no earlier mail's Error becomes this one's
    assert outcome.provider_reference is not None
    assert point.mails() == ["anna@customer.test"]


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (Answer(500, b"<html>", HTML), IN_VAIN),
        (Answer(400, b"<html>", HTML), ASTRAY),
        (Answer(302, headers={"location": "/"}), ASTRAY),
        (Answer(200, b"<html>", HTML), IN_VAIN),
        (state("Bounced"), IN_VAIN),
        (Fault.CUT, IN_VAIN),
        (Answer(429), (Verdict.WAIT, 310, "THROTTLED")),
        (Answer(404), ASTRAY),
        (Answer(404, UNKNOWN), (Verdict.REFUSED, 300, "NOT_FOUND")),
    ],
)
def test_where_that_cannot_be_told_nothing_is_mailed(
    point: SaphetyCounterpart, mail: MakeJob, act: Answer | Fault, expected: Said
) -> None:
    point.reply("document", act)
    provider = account(point)
    assert said(provider.send(mail())) == expected
    assert point.taken() == []
    assert said(provider.send(mail())) == PENDING


def test_not_polled_it_is_not_asked(point: SaphetyCounterpart, mail: MakeJob) -> None:
    account(point, poll=False).send(mail())
    assert [one.method for one in point.requests] == ["POST", "POST"]

"""Does the adapter understand a real Kannel, and does a real operator get what was sent?"""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest

from duepost.signed import report_context, verify
from duepost.sms import measure
from duepost.sms_reports import parse_report
from sandbox.child import wait_until
from sandbox.http_counterpart import HttpCounterpart
from sandbox.kannel import DENIED, missing
from sandbox.kannel import Kannel as Server
from sandbox.kannel_operator import Got
from worker.providers.kannel import Kannel
from worker.providers.port import Job, Outcome, Verdict
from worker.providers.sms_port import Reports

pytestmark = pytest.mark.kannel
MakeJob = Callable[..., Job]
KEY = "k" * 32
PATIENCE = timedelta(seconds=20)


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    lack = missing()
    if lack is not None:
        pytest.fail(lack) if os.environ.get("CI") else pytest.skip(lack)
    with Server(tmp_path_factory.mktemp("kannel")) as server:
        yield server


@pytest.fixture
def sms(job: MakeJob) -> MakeJob:
    def make(**changes: Any) -> Job:
        usual = {"channel": "sms", "to_address": "+4533445566", "note": "Hej", "document": None, "token": str(uuid4())}
        return job(**usual | changes)

    return make


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[HttpCounterpart]:
    with HttpCounterpart(tmp_path / "reports") as server:
        server.answer(200, b"ok", times=100)
        yield server


def try_once(server: Server, job: Job, **settings: Any) -> Outcome:
    usual: dict[str, Any] = {"url": server.url, "user": server.user, "password": server.password, "sender": "Acme A-S"}
    provider = Kannel(**usual | settings)
    try:
        return provider.send(job)
    finally:
        provider.close()


def wait_for(server: Server, text: str) -> Got:
    """What the operator got with this text."""

    def found() -> list[Got]:
        return [got for got in server.got() if got.text == text]

    assert wait_until(lambda: bool(found()), PATIENCE), server.got()
    [got] = found()
    return got


def reported(listener: HttpCounterpart, token: str) -> list[str]:
    """The states told of this send so far, in the order of their coming, their signatures checked."""
    states = []
    for request in listener.requests:
        parts = urlsplit(request.path)
        _, account, signed = parts.path.split("/")
        assert account == "my%20lane"
        if verify(signed, KEY, report_context("my lane")) == token:
            report = parse_report("kannel", dict(parse_qsl(parts.query)))
            assert report is not None
            states.append(report.state)
    return states


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Faktura 1+1 = 2: 100 % rabat & mere?", 1),
        ("Kære Søren Ågård, 25 € {rabat} [i dag]", 1),
        ("Привет 😀 100 €", 1),
        ("æ" * 160, 1),
        ("ø" * 161, 2),
        ("Kære kunde €100 " * 20, 3),
        ("Дорогой клиент 😀 " * 10, 3),
    ],
)
def test_a_text_arrives_as_it_left_in_as_many_parts_as_counted(
    kannel: Server, sms: MakeJob, text: str, parts: int
) -> None:
    text = text.strip()
    assert try_once(kannel, sms(note=text)).verdict is Verdict.ACCEPTED
    assert wait_for(kannel, text) == Got("Acme A-S", "+4533445566", text, parts)
    assert measure(text).parts == parts


def test_delivery_is_reported_by_the_signed_reference(kannel: Server, listener: HttpCounterpart, sms: MakeJob) -> None:
    job = sms()
    assert try_once(kannel, job, reports=Reports(listener.url, "my lane", KEY)).verdict is Verdict.ACCEPTED
    assert wait_until(lambda: len(reported(listener, job.token)) == 2, PATIENCE)
    # In either order: Kannel tells "delivered" before "accepted" now and then.
    assert sorted(reported(listener, job.token)) == ["accepted", "delivered"]


def test_what_waits_for_the_operator_is_accepted_and_delivered_later(
    kannel: Server, listener: HttpCounterpart, sms: MakeJob
) -> None:
    job = sms(note="kept for later")
    kannel.stop_operator()
    try:
        outcome = try_once(kannel, job, reports=Reports(listener.url, "my lane", KEY))
    finally:
        kannel.start_operator()
    assert (outcome.verdict, outcome.answer) == (Verdict.ACCEPTED, "202 3: Queued for later delivery")
    assert wait_for(kannel, "kept for later").parts == 1
    assert wait_until(lambda: "delivered" in reported(listener, job.token), PATIENCE)


def test_a_number_that_no_operator_takes_is_refused(kannel: Server, listener: HttpCounterpart, sms: MakeJob) -> None:
    job = sms(to_address=f"{DENIED}123456")
    outcome = try_once(kannel, job, reports=Reports(listener.url, "my lane", KEY))
    assert (outcome.verdict, outcome.status, outcome.reason.code) == (Verdict.REFUSED, 320, "NOT_ROUTABLE")
    assert wait_until(lambda: reported(listener, job.token) == ["rejected"], PATIENCE)


def test_a_wrong_password_waits_for_an_operator_and_is_not_told(kannel: Server, sms: MakeJob) -> None:
    outcome = try_once(kannel, sms(), password="correct-horse")
    assert (outcome.verdict, outcome.reason.code, outcome.alarm) == (Verdict.WAIT, "CREDENTIALS_REFUSED", True)
    assert "correct-horse" not in f"{outcome!r} {outcome.answer}"


def test_a_send_without_a_number_is_refused(kannel: Server, sms: MakeJob) -> None:
    outcome = try_once(kannel, sms(to_address=None))
    assert (outcome.verdict, outcome.status) == (Verdict.REFUSED, 400)


def test_a_password_of_any_characters_reaches_kannel(tmp_path: Path, sms: MakeJob, kannel: Server) -> None:
    assert kannel.url  # it is installed
    with Server(tmp_path / "other", password="pa+ss&w/ord%41=1") as other:
        assert try_once(other, sms()).verdict is Verdict.ACCEPTED


def test_a_kannel_that_is_gone_is_transient(kannel: Server, sms: MakeJob, tmp_path: Path) -> None:
    with Server(tmp_path / "other", password=kannel.password) as other:
        other.stop_smsbox()
        outcome = try_once(other, sms())
    assert (outcome.verdict, outcome.reason.code) == (Verdict.TRANSIENT, "CONNECTION_REFUSED")

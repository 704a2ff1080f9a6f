"""Does the Abillify adapter ask once for each e-mail, under the right key, and read every answer?"""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from duepost.statuses import Status
from sandbox.abillify_counterpart import KEPT, AbillifyCounterpart, error, result
from sandbox.http_behaviour import Answer
from worker.providers.abillify import Abillify
from worker.providers.port import Job, Outcome, Verdict

MakeJob = Callable[..., Job]
PASSWORD = "pass"


@pytest.fixture
def clock() -> list[datetime]:
    return [datetime(2026, 11, 30, 12, tzinfo=UTC)]


@pytest.fixture
def abillify(tmp_path: Path, clock: list[datetime]) -> Iterator[AbillifyCounterpart]:
    with AbillifyCounterpart(tmp_path, clock=lambda: clock[0]) as server:
        yield server


@pytest.fixture
def provider(abillify: AbillifyCounterpart) -> Iterator[Abillify]:
    made = Abillify(url=f"{abillify.url}/api", user="demo", password=PASSWORD, total_limit=timedelta(seconds=2))
    yield made
    made.close()


ASTRAY = (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "API_NOT_FOUND")


def keys(abillify: AbillifyCounterpart) -> list[str | None]:
    """Of the e-mails that went out."""
    return [taken.key for taken in abillify.taken()]


def facts(outcome: Outcome) -> tuple[Verdict, Status, str]:
    return outcome.verdict, outcome.status, outcome.reason.code


def test_the_request_is_the_one_that_abillify_describes(
    abillify: AbillifyCounterpart, provider: Abillify, job: MakeJob
) -> None:
    outcome = provider.send(job(invoice="RE 1/ø"))
    [request] = abillify.requests
    assert (request.method, request.path) == ("POST", "/api/invoices/RE%201%2F%C3%B8/resendInvoice")
    assert json.loads(request.body) == {}
    assert request.headers["content-type"] == "application/json"
    assert b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"demo:pass"
    assert request.key == job().token
    assert facts(outcome) == (Verdict.ACCEPTED, Status.SENT, "ACCEPTED")
    assert outcome.provider_reference == "1"


def test_its_own_reference_goes_before_the_invoices_number(
    abillify: AbillifyCounterpart, provider: Abillify, job: MakeJob
) -> None:
    provider.send(job(invoice="1001", reference="RE-7"))
    assert abillify.requests[0].path.endswith("/invoices/RE-7/resendInvoice")


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        (result("OK", "0", "5"), (Verdict.ACCEPTED, Status.SENT, "ACCEPTED")),
        (result("ERROR", "1"), (Verdict.REFUSED, Status.ERROR, "REFUSED_BY_PROVIDER")),
        (error(400, "ClientError"), (Verdict.REFUSED, Status.ERROR, "REFUSED_BY_PROVIDER")),
        (error(409, "ClientError"), (Verdict.REFUSED, Status.ERROR, "REFUSED_BY_PROVIDER")),
        (error(401, "Unauthorized"), (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "CREDENTIALS_REFUSED")),
        (error(403, "Forbidden"), (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "CREDENTIALS_REFUSED")),
        (error(404, "NotFound"), (Verdict.REFUSED, Status.ERROR, "NOT_FOUND")),
        (error(429, "TooManyRequests"), (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "THROTTLED")),
        (error(500, "ServerError"), (Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "TEMPORARY")),
        (error(503, "ServerError"), (Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "TEMPORARY")),
        (Answer(502, b"<html>"), (Verdict.UNKNOWN, Status.ERROR, "GATEWAY_LOST_IT")),
        (Answer(503, b"<html>"), (Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "TEMPORARY")),
        (Answer(200, b"<html>log in</html>"), (Verdict.UNKNOWN, Status.ERROR, "ANSWER_UNREADABLE")),
        (Answer(200, b'{"job": "1"}'), (Verdict.UNKNOWN, Status.ERROR, "ANSWER_UNREADABLE")),
        (Answer(200, b'{"resultcode": 0}'), (Verdict.UNKNOWN, Status.ERROR, "ANSWER_UNREADABLE")),
        (error(422, "Other"), (Verdict.REFUSED, Status.EMAIL_REJECTED, "REJECTED")),
        (Answer(404, b"<html>"), ASTRAY),
        (Answer(404, b""), ASTRAY),
        (Answer(404, b'{"error": "no route"}'), ASTRAY),
        (Answer(302, b"", {"location": "http://127.0.0.1:1/"}), ASTRAY),
        (Answer(301, b"<html>"), ASTRAY),
        (Answer(405, b"<html>"), ASTRAY),
        (Answer(400, b"<html>"), ASTRAY),
        (Answer(501, b"<html>"), ASTRAY),
        (Answer(403, b"<html>"), (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "CREDENTIALS_REFUSED")),
    ],
)
def test_every_answer_has_its_meaning(
    abillify: AbillifyCounterpart,
    provider: Abillify,
    job: MakeJob,
    answer: Answer,
    meant: tuple[Verdict, Status, str],
) -> None:
    abillify.answer(answer.status, answer.body)
    assert facts(provider.send(job())) == meant


def test_a_wrong_base_address_is_the_operators_and_no_sends(abillify: AbillifyCounterpart, job: MakeJob) -> None:
    provider = Abillify(url=abillify.url, user="demo", password=PASSWORD)
    outcome = provider.send(job())
    provider.close()
    assert (facts(outcome), outcome.alarm, outcome.reason.values) == (ASTRAY, True, {"http": 404})
    assert keys(abillify) == []


def test_an_errors_type_is_in_the_reason_and_its_words_are_not(
    abillify: AbillifyCounterpart, provider: Abillify, job: MakeJob
) -> None:
    abillify.answer(409, error(409, "ClientError").body)
    assert provider.send(job()).reason.values == {"http": 409, "type": "ERR_UNIQUE_VIOLATION"}


def test_a_failure_of_abillifys_own_is_tried_again_under_a_new_key(
    abillify: AbillifyCounterpart, provider: Abillify, job: MakeJob
) -> None:
    send = job(invoice="RE-902")
    assert provider.send(send).verdict is Verdict.TRANSIENT
    assert provider.send(job(invoice="RE-902", attempt=2)).verdict is Verdict.ACCEPTED
    assert [request.key for request in abillify.requests] == [send.token, send.token, f"{send.token}-2"]
    assert keys(abillify) == [f"{send.token}-2"]


def test_what_the_network_lost_is_asked_for_under_the_old_key(
    abillify: AbillifyCounterpart, provider: Abillify, job: MakeJob
) -> None:
    assert provider.send(job(invoice="RE-903")).verdict is Verdict.UNKNOWN
    assert provider.send(job(invoice="RE-903", attempt=2)).verdict is Verdict.ACCEPTED
    assert keys(abillify) == [job().token], "one e-mail"


def test_half_an_answer_is_no_answer_and_costs_no_second_email(
    abillify: AbillifyCounterpart, provider: Abillify, job: MakeJob
) -> None:
    assert provider.send(job(invoice="RE-907")).verdict is Verdict.UNKNOWN
    assert provider.send(job(invoice="RE-907", attempt=2)).verdict is Verdict.ACCEPTED
    assert len(keys(abillify)) == 1


def test_a_balancers_429_is_waited_out(provider: Abillify, job: MakeJob) -> None:
    assert facts(provider.send(job(invoice="RE-904")))[::2] == (Verdict.WAIT, "THROTTLED")
    assert provider.send(job(invoice="RE-904")).verdict is Verdict.ACCEPTED


def test_a_balancers_5xx_is_kept_under_no_key(abillify: AbillifyCounterpart, provider: Abillify, job: MakeJob) -> None:
    abillify.answer(503, b"<html>")
    assert provider.send(job(attempt=3)).verdict is Verdict.TRANSIENT
    assert [request.key for request in abillify.requests] == [job().token]


def test_a_wrong_content_type_hides_no_yes(provider: Abillify, job: MakeJob) -> None:
    assert provider.send(job(invoice="RE-906")).verdict is Verdict.ACCEPTED


def test_a_key_is_new_again_after_its_24_hours(
    abillify: AbillifyCounterpart, provider: Abillify, job: MakeJob, clock: list[datetime]
) -> None:
    provider.send(job())
    clock[0] += KEPT
    provider.send(job())
    assert len(keys(abillify)) == 2, "so nothing may be in doubt for so long"


def test_after_a_persons_word_a_new_key_is_used_and_no_old_one_is_heard(
    abillify: AbillifyCounterpart, provider: Abillify, job: MakeJob, clock: list[datetime]
) -> None:
    """The old one could tell of an e-mail that never came, or be forgotten between two attempts and send a second."""
    provider.send(job())
    clock[0] += KEPT / 2
    assert provider.send(job(attempt=2, first_attempt=2)).verdict is Verdict.ACCEPTED
    clock[0] += KEPT / 2
    assert provider.send(job(attempt=3, first_attempt=2)).verdict is Verdict.ACCEPTED
    assert keys(abillify) == [job().token, f"{job().token}-2"]


def test_keys_are_walked_for_no_longer_than_the_deadline(
    abillify: AbillifyCounterpart, provider: Abillify, job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    abillify.answer(500, error(500, "ServerError").body, times=50)
    seconds = count(step=1.0)  # each call takes one of the two that the provider has
    monkeypatch.setattr("worker.providers.abillify.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    assert provider.send(job(attempt=50)).transient
    assert len(abillify.requests) == 3


def test_the_password_is_in_no_answer(abillify: AbillifyCounterpart, provider: Abillify, job: MakeJob) -> None:
    abillify.answer(500, b"user demo, password pass, Basic ZGVtbzpwYXNz")
    outcome = provider.send(job())
    assert PASSWORD not in f"{outcome.answer} {outcome!r} {provider!r}".replace("password", "")
    assert "ZGVtbzpwYXNz" not in str(outcome.answer)

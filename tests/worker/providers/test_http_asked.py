"""Does a question for a token deliver nothing, and is only a plain word taken for an answer?"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from duepost.statuses import Status
from sandbox.http_counterpart import HttpCounterpart
from tests.worker.providers.conftest import ID
from tests.worker.providers.misbehaving import Misbehaving, Talk
from worker.providers.http_json import HttpJson
from worker.providers.port import Asked, Job, Outcome, Verdict
from worker.providers.smtp import Smtp

MakeJob = Callable[..., Job]
NOW = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
SECRET = "topsecret"
LIMIT = timedelta(seconds=10)


def endpoint(url: str, *, limit: timedelta = LIMIT) -> HttpJson:
    return HttpJson(url=url, status_url=url + "/status/", bearer=SECRET, total_limit=limit, now=lambda: NOW)


@pytest.fixture
def provider(http_counterpart: HttpCounterpart) -> Iterator[HttpJson]:
    made = endpoint(http_counterpart.url + "/sends")
    yield made
    made.close()


def answered(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: Job, status: int, body: bytes, **headers: str
) -> Outcome | None:
    http_counterpart.answer(status, body, headers)
    return provider.ask(job)


def test_the_question_is_a_get_of_the_token_and_shows_nothing_else(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob
) -> None:
    answered(http_counterpart, provider, job(), 200, b'{"accepted": true}')
    [request] = http_counterpart.requests
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert (request.method, request.path, request.body) == ("GET", f"/sends/status/{ID}", b"")
    assert headers["authorization"] == f"Bearer {SECRET}"
    assert "idempotency-key" not in headers


def test_a_yes_is_sent_with_the_providers_reference(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob
) -> None:
    said = answered(http_counterpart, provider, job(), 200, b'{"accepted": true, "id": "A-17"}')
    assert said is not None
    assert (said.verdict, said.status, said.provider_reference) == (Verdict.ACCEPTED, Status.SENT, "A-17")


def test_a_no_is_final(http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob) -> None:
    said = answered(http_counterpart, provider, job(), 200, b'{"accepted": false}')
    assert said is not None
    assert (said.verdict, said.status) == (Verdict.REFUSED, Status.EMAIL_REJECTED)


def test_a_404_that_says_null_means_that_it_never_came(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob
) -> None:
    assert answered(http_counterpart, provider, job(), 404, b'{"accepted": null}') is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b""),
        (404, b"<html>not found</html>"),
        (404, b"{}"),
        (404, b'{"accepted": false}'),
        (404, b"null"),
        (200, b'{"accepted": null}'),
        (200, b"{}"),
        (200, b"<html>"),
        (204, b""),
        (302, b'{"accepted": null}'),
        (400, b'{"accepted": null}'),
        (410, b'{"accepted": null}'),
        (500, b'{"accepted": null}'),
        (502, b""),
        (503, b""),
    ],
)
def test_what_says_neither_is_asked_again_later_and_never_ends_the_send(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob, status: int, body: bytes
) -> None:
    said = answered(http_counterpart, provider, job(), status, body, Location="http://127.0.0.1:1/")
    assert said is not None
    assert (said.verdict, said.status) == (Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL)


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [(404, b"", "NOT_FOUND"), (200, b"{}", "ANSWER_UNREADABLE"), (302, b"", "REDIRECTED"), (503, b"", "TEMPORARY")],
)
def test_a_question_in_vain_says_so_with_its_cause(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob, status: int, body: bytes, cause: str
) -> None:
    said = answered(http_counterpart, provider, job(), status, body, Location="http://127.0.0.1:1/")
    assert said is not None
    assert (said.reason.code, said.reason.values["cause"]) == ("ASKED_IN_VAIN", cause)


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_question_that_has_to_wait_counts_as_no_attempt(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob, status: int
) -> None:
    said = answered(http_counterpart, provider, job(), status, b"")
    assert said is not None
    assert said.verdict is Verdict.WAIT


def cut(talk: Talk) -> None:
    talk.hear()


def half_a_yes(talk: Talk) -> None:
    while talk.hear():
        pass
    talk.say(b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"accepted": true}')


@pytest.mark.parametrize("script", [cut, half_a_yes, Talk.hang], ids=["cut", "half a yes", "silence"])
def test_an_answer_that_does_not_come_whole_tells_nothing(job: MakeJob, script: Callable[[Talk], None]) -> None:
    with Misbehaving(script) as server:
        provider = endpoint(f"http://{server.host}:{server.port}", limit=timedelta(seconds=1))
        said = provider.ask(job())
        provider.close()
    assert said is not None
    assert (said.verdict, said.status) == (Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL)


def test_the_secret_is_in_no_outcome(http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob) -> None:
    said = answered(http_counterpart, provider, job(), 200, b'{"accepted": true, "id": "topsecret"}')
    vain = answered(http_counterpart, provider, job(), 500, b"you said topsecret")
    assert said is not None
    assert vain is not None
    assert SECRET not in f"{said.answer} {said.provider_reference} {vain.answer}"


def test_an_attempt_that_may_ask_first_has_time_for_both() -> None:
    assert endpoint("http://x.test").total_deadline == 2 * LIMIT
    assert HttpJson(url="http://x.test", total_limit=LIMIT).total_deadline == LIMIT


def test_a_mail_server_cannot_be_asked() -> None:
    smtp = Smtp(host="x.test", port=25, tls="none", sender="a@x.test")
    assert not isinstance(smtp, Asked)
    assert isinstance(endpoint("http://x.test"), Asked)

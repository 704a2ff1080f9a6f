"""Does an HTTP endpoint's answer, or none, become the right outcome?"""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duepost.errors import ConfigError
from duepost.options import Options
from sandbox.http_counterpart import HttpCounterpart
from tests.worker.providers.conftest import ID, PDF
from worker.providers.http_json import HttpJson
from worker.providers.port import Document, Job, Verdict

MakeJob = Callable[..., Job]
NOW = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)


def endpoint(url: str, **settings: Any) -> HttpJson:
    usual: dict[str, Any] = {"total_limit": timedelta(seconds=10), "now": lambda: NOW}
    return HttpJson(url=url, **usual | settings)


@pytest.fixture
def provider(http_counterpart: HttpCounterpart) -> Iterator[HttpJson]:
    made = endpoint(http_counterpart.url + "/sends", bearer="topsecret")
    yield made
    made.close()


def test_a_send_arrives_whole(http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob) -> None:
    assert provider.send(job(subject="Fakturæ", note="Kære Anna")).verdict is Verdict.ACCEPTED
    [request] = http_counterpart.requests
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["idempotency-key"] == str(ID)
    assert headers["authorization"] == "Bearer topsecret"
    body = json.loads(request.body)
    document = body.pop("document")
    assert body == {
        "token": str(ID),
        "channel": "email",
        "kind": "invoice",
        "invoice": "1001",
        "account": "default",
        "to_address": "anna@customer.test",
        "subject": "Fakturæ",
        "note": "Kære Anna",
        "attachments": [],
        "from": None,
        "from_name": None,
        "confirm_read": False,
        "copy": False,
        "shown_to": None,
    }
    assert (document["filename"], document["media_type"]) == ("Faktura-1001-æøå.pdf", "application/pdf")
    assert base64.b64decode(document["content"]) == PDF


def test_what_a_mail_says_of_its_own_arrives_as_well(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob
) -> None:
    paper, terms = Document("1.pdf", "application/pdf", b"%PDF-1"), Document("terms.txt", "text/plain", b"terms")
    own = Options(sender="me@shop.test", sender_name="Søren", confirm_read=True, copy=True, shown_to="a@b.test")
    provider.send(job(document=None, attachments=(paper, terms), options=own))
    provider.send(job(document=terms, attachments=(paper, terms), options=Options(attach=("pdf",))))
    whole, chosen = (json.loads(request.body) for request in http_counterpart.requests)
    sent = [{"filename": "1.pdf", "media_type": "application/pdf", "content": "JVBERi0x"}]
    other = {"filename": "terms.txt", "media_type": "text/plain", "content": "dGVybXM="}
    asked = ("attachments", "from", "from_name", "confirm_read", "copy", "shown_to")
    assert [whole[name] for name in asked] == [[*sent, other], "me@shop.test", "Søren", True, True, "a@b.test"]
    assert (chosen["document"], chosen["attachments"]) == (None, sent)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_only_accepted_true_in_a_2xx_is_sent(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob, status: int
) -> None:
    http_counterpart.answer(status, b'{"accepted": true}')
    outcome = provider.send(job())
    assert (outcome.verdict, outcome.status) == (Verdict.ACCEPTED, 200)


def test_accepted_false_is_final(http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob) -> None:
    http_counterpart.answer(200, b'{"accepted": false, "why": "no such receiver"}')
    outcome = provider.send(job())
    assert (outcome.verdict, outcome.status) == (Verdict.REFUSED, 350)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>accepted: true</html>",
        b"true",
        b"[]",
        b"{}",
        b'{"accepted": "true"}',
        b'{"accepted": 1}',
        b'{"accepted": null}',
        b'{"accepted": tr',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_a_2xx_that_says_neither_yes_nor_no_is_unknown(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob, body: bytes
) -> None:
    http_counterpart.answer(200, body)
    outcome = provider.send(job())
    assert (outcome.verdict, outcome.status, outcome.reason.code) == (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")


@pytest.mark.parametrize(
    ("statuses", "verdict", "status", "alarm"),
    [
        ([301, 302, 303, 307, 308], "refused", 300, True),
        ([408, 409, 421, 423, 424, 425], "transient", 310, False),
        ([500, 503, 507, 508, 521, 522, 523, 525, 526, 527, 529], "transient", 310, False),
        ([502, 504, 520, 524], "unknown", 300, False),
        ([501, 505, 511], "refused", 300, True),
        ([401, 402, 403, 407], "wait", 310, True),
        ([429], "wait", 310, False),
        ([404], "refused", 300, False),
        ([400, 405, 406, 410, 411, 412, 413, 414, 415, 416, 417, 422, 428, 431, 451], "refused", 350, False),
    ],
)
def test_every_status_has_its_outcome(
    *,
    http_counterpart: HttpCounterpart,
    provider: HttpJson,
    job: MakeJob,
    statuses: list[int],
    verdict: str,
    status: int,
    alarm: bool,
) -> None:
    for answered in statuses:
        http_counterpart.answer(answered, b'{"accepted": false}', {"Location": "http://127.0.0.1:1/"})
        outcome = provider.send(job())
        assert (answered, outcome.verdict, outcome.status, outcome.alarm) == (answered, verdict, status, alarm)
        assert outcome.reason.values == {"http": answered}


def test_a_409_that_says_already_accepted_is_sent(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob
) -> None:
    http_counterpart.answer(409, b'{"accepted": true}')
    assert provider.send(job()).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "wait_seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Sat, 21 Nov 2026 07:31:00 GMT", 60),
        ("999999", 86_400),
        ("9" * 500, 86_400),
        ("Sat, 28 Nov 2026 07:30:00 GMT", 86_400),
    ],
)
def test_retry_after_is_obeyed_up_to_a_day_and_no_attempt_counted(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob, status: int, header: str, wait_seconds: int
) -> None:
    http_counterpart.answer(status, b"", {"Retry-After": header})
    outcome = provider.send(job())
    assert (outcome.verdict, outcome.retry_after) == (Verdict.WAIT, timedelta(seconds=wait_seconds))


@pytest.mark.parametrize(
    "header",
    [
        "-5",
        "soon",
        "",
        "1.5",
        "Fri, 20 Nov 2026 07:30:00 GMT",
        "²",
        "Fri, 31 Dec 99999999999 23:59:59 GMT",
        "Fri, 31 Dec 2026 23:59:59 +99999999999999",
    ],
)
def test_a_retry_after_that_cannot_be_used_is_none(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob, header: str
) -> None:
    http_counterpart.answer(503, b"", {"Retry-After": header})
    outcome = provider.send(job())
    assert (outcome.verdict, outcome.retry_after) == (Verdict.TRANSIENT, None)


def test_a_429_whose_retry_after_is_junk_still_waits(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob
) -> None:
    http_counterpart.answer(429, b"", {"Retry-After": "Fri, 31 Dec 99999999999 23:59:59 GMT"})
    outcome = provider.send(job())
    assert (outcome.verdict, outcome.reason.code, outcome.retry_after) == (Verdict.WAIT, "THROTTLED", None)


@pytest.mark.parametrize("status", [200, 409])
def test_the_answers_id_is_the_reference(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob, status: int
) -> None:
    http_counterpart.answer(status, b'{"accepted": true, "id": "d-17"}')
    outcome = provider.send(job())
    assert (outcome.verdict, outcome.provider_reference) == (Verdict.ACCEPTED, "d-17")


@pytest.mark.parametrize("name", [b"17", b"null", b'""', b'"' + b"a" * 101 + b'"', rb'"\u0000"', rb'"\ud800"'])
def test_an_id_that_the_ledger_cannot_take_is_no_reference(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob, name: bytes
) -> None:
    http_counterpart.answer(200, b'{"accepted": true, "id": %s}' % name)
    outcome = provider.send(job())
    assert (outcome.verdict, outcome.provider_reference) == (Verdict.ACCEPTED, None)


def test_a_redirect_is_not_followed(http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob) -> None:
    http_counterpart.answer(307, b"", {"Location": http_counterpart.url + "/elsewhere"})
    provider.send(job())
    assert len(http_counterpart.requests) == 1


def test_the_environments_proxy_is_not_asked(provider: HttpJson, job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert provider.send(job()).verdict is Verdict.ACCEPTED


def test_a_bearer_that_the_answer_quotes_is_not_kept(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob
) -> None:
    http_counterpart.answer(401, b"no such bearer: topsecret")
    assert provider.send(job()).answer == "401 no such bearer: ***"


def test_a_bearer_that_the_id_quotes_is_not_kept(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob
) -> None:
    http_counterpart.answer(200, b'{"accepted": true, "id": "topsecret-1"}')
    assert provider.send(job()).provider_reference == "***-1"


@pytest.mark.parametrize("bearer", ["a\r\nX: y", "a\0", "å"])
def test_a_bearer_that_no_header_takes_stops_the_process_without_being_shown(bearer: str) -> None:
    with pytest.raises(ConfigError) as refused:
        HttpJson(url="http://127.0.0.1:1/", bearer=bearer)
    assert bearer not in str(refused.value)


@pytest.mark.parametrize("wrong", [{"url": "https://"}, {"url": "http://host:port/"}, {"status_url": "http://*.test"}])
def test_an_address_that_cannot_be_called_stops_the_process(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        HttpJson(**{"url": "http://host/", **wrong})

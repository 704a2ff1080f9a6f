"""What does the port promise of every adapter that speaks HTTP, whatever it is answered?

A test module makes a class of it whose name begins with Test, beside fixtures `calls` and `job`.
"""

import html
import json
import struct
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from duepost.statuses import Status
from sandbox.http_behaviour import Answer
from sandbox.http_counterpart import HttpCounterpart
from sandbox.http_request import Request
from tests.worker.providers.contract import SECRET, Make, MakeJob
from worker.providers.port import Job, Outcome, Verdict

HTML = {"content-type": "text/html"}
PAGE = b"<!DOCTYPE html><html><body><h1>Under repair</h1></body></html>"
WISH = timedelta(seconds=1234)
LIMIT = timedelta(seconds=20)  # for one call: a busy machine is no fault of an answer
OFTEN = 20  # more calls than one send makes
NEITHER = {Verdict.TRANSIENT, Verdict.UNKNOWN, Verdict.WAIT}


@dataclass(frozen=True)
class Calls:
    """make: the adapter. before: answers that bring a send to the call under test. own: what its send has otherwise.

    heard, told: the latest requests, and what each adapter shows of itself.
    """

    make: Make
    before: tuple[Answer, ...] = ()
    own: Mapping[str, object] = field(default_factory=dict)
    heard: list[Request] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def send(self, server: HttpCounterpart, job: Job, answer: Answer) -> Outcome:
        """What comes of one send when the call under test, and every one after it, is answered so."""
        provider = self.make(server.host, server.port, LIMIT)
        server.behave()
        for one, times in [*((one, 1) for one in self.before), (answer, OFTEN)]:
            server.answer(one.status, one.body, one.headers, times)
        outcome = provider.send(job)
        provider.close()
        self.heard[:] = server.requests
        assert len(self.heard) > len(self.before), "the call under test was never made"
        self.told.append(f"{provider!r} {outcome!r} {outcome.answer} {outcome.reason}")
        return outcome


class HttpContract:
    """calls: an adapter with SECRET, and what it is answered before. job: a send."""

    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[HttpCounterpart]:
        with HttpCounterpart(tmp_path / "provider") as server:
            yield server

    @pytest.mark.parametrize("answer", [Answer(401), Answer(401, PAGE, HTML), Answer(401, b"{}")])
    def test_refused_credentials_wait_with_an_alarm(
        self, calls: Calls, job: MakeJob, server: HttpCounterpart, answer: Answer
    ) -> None:
        outcome = calls.send(server, job(**calls.own), answer)
        assert (outcome.verdict, outcome.status, outcome.alarm) == (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, True)

    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize(("body", "kind"), [(b"", {}), (PAGE, HTML), (b"{}", {})])
    def test_retry_after_is_obeyed(
        self, calls: Calls, job: MakeJob, server: HttpCounterpart, *, status: int, body: bytes, kind: Mapping[str, str]
    ) -> None:
        answer = Answer(status, body, {**kind, "retry-after": str(int(WISH.total_seconds()))})
        outcome = calls.send(server, job(**calls.own), answer)
        assert outcome.transient
        assert (outcome.status, outcome.retry_after) == (Status.ERROR_SENDING_EMAIL, WISH)

    @pytest.mark.parametrize("status", [429, 503])
    def test_without_retry_after_it_is_transient_all_the_same(
        self, calls: Calls, job: MakeJob, server: HttpCounterpart, status: int
    ) -> None:
        assert calls.send(server, job(**calls.own), Answer(status)).transient

    @pytest.mark.parametrize("answer", [Answer(500), Answer(500, PAGE, HTML), Answer(500, b"{}")])
    def test_a_server_that_fails_ends_no_send(
        self, calls: Calls, job: MakeJob, server: HttpCounterpart, answer: Answer
    ) -> None:
        assert calls.send(server, job(**calls.own), answer).verdict in NEITHER

    def test_a_redirect_is_not_followed_and_calls_for_an_operator(
        self, calls: Calls, job: MakeJob, server: HttpCounterpart, tmp_path: Path
    ) -> None:
        with HttpCounterpart(tmp_path / "elsewhere") as elsewhere:
            outcome = calls.send(server, job(**calls.own), Answer(301, b"", {"location": f"{elsewhere.url}/"}))
            assert elsewhere.requests == []
        assert (outcome.verdict is Verdict.ACCEPTED, outcome.alarm) == (False, True)

    @pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"<html>", PAGE, b"\xff\xfe\0"])
    def test_garbage_with_a_200_is_neither_sent_nor_refused(
        self, calls: Calls, job: MakeJob, server: HttpCounterpart, body: bytes
    ) -> None:
        outcome = calls.send(server, job(**calls.own), Answer(200, body))
        assert (outcome.verdict in NEITHER, outcome.status is Status.SENT) == (True, False)

    @pytest.mark.parametrize("status", [200, 400, 401])
    def test_a_provider_that_answers_with_what_it_heard_gives_no_secret_away(
        self, calls: Calls, job: MakeJob, server: HttpCounterpart, caplog: pytest.LogCaptureFixture, status: int
    ) -> None:
        caplog.set_level(0)
        calls.send(server, job(**calls.own), Answer(status))
        heard = "\n".join(echo(request) for request in reversed(calls.heard))
        secrets = [word for word in (SECRET, *logins(calls.heard)) if any(word in way for way in ways(heard))]
        assert secrets, "no request held the secret"
        for words in (heard, *secrets):
            for body in shapes(words):
                calls.send(server, job(**calls.own), Answer(status, body))
        told = "\n".join((*calls.told, caplog.text))
        assert [word for word in secrets for way in ways(told) if word in way] == []


def echo(request: Request) -> str:
    """The request as an answer quotes it: what authorizes it first."""
    headers = sorted(request.headers.items(), key=lambda one: one[0] in {"host", "user-agent", "accept"})
    lines = [f"{name}: {value}" for name, value in headers]
    return "\n".join([request.path, *lines, request.body[:2000].decode("latin-1")])


def logins(heard: list[Request]) -> Iterator[str]:
    """What stood in `Authorization: Basic`, each of which opens what its password opens."""
    for request in heard:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic" and SECRET in b64decode(value).decode():
            yield value


def shapes(words: str) -> Iterator[bytes]:
    """Answers that quote the words: as they are, as a page, in every field that an adapter reads, and as a printer."""
    yield words.encode()
    yield f"<html><body><pre>{html.escape(words)}</pre></body></html>".encode()
    error = {"code": words, "codetag": words, "message": words}
    fields = {
        "Message": words,
        "message": words,
        "type": words,
        "result": words,
        "resultcode": words,
        "id": words,
        "job": words,
        "sid": words,
        "ids": [words],
        "CorrelationId": words,
        "errorDetails": words,
        "Data": words,
        "Errors": [{"Code": "E", "Field": "F", "Values": [words]}],
        "errors": {"error": error},
    }
    yield json.dumps({**fields, "code": 400, "IsValid": False, "status": "1"}).encode()
    yield json.dumps({**fields, "code": words, "IsValid": True, "status": words, "accepted": False}).encode()
    short = words.encode()[:900]
    message = b"\x41\x00\x0estatus-message" + struct.pack(">H", len(short)) + short
    yield struct.pack(">BBhi", 2, 0, 0x0401, 1) + b"\x01\x47\x00\x12attributes-charset\x00\x05utf-8" + message + b"\x03"


def ways(told: str) -> Iterator[str]:
    """As it is, and as who undoes an escape reads it."""
    yield told
    yield unquote_plus(told)
    yield html.unescape(told)
    yield told.replace("\\/", "/")

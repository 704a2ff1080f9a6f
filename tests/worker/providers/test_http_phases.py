"""Does a call that breaks say "not sent" before the body's first byte, and "unknown" after it?"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from sandbox.http_counterpart import HttpCounterpart
from tests.worker.providers.misbehaving import Misbehaving, Script, Talk
from worker.providers.http_json import HttpJson
from worker.providers.port import Document, Job, Outcome, Verdict

MakeJob = Callable[..., Job]
SHORT = timedelta(seconds=0.5)
YES = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"accepted": true}'


def endpoint(url: str, **settings: Any) -> HttpJson:
    usual: dict[str, Any] = {"total_limit": timedelta(seconds=10)}
    return HttpJson(url=url, **usual | settings)


@pytest.fixture
def provider(http_counterpart: HttpCounterpart) -> Iterator[HttpJson]:
    made = endpoint(http_counterpart.url + "/sends")
    yield made
    made.close()


def to_server(job: Job, *scripts: Script, sends: int = 1, **settings: Any) -> tuple[list[Outcome], Misbehaving]:
    """The outcomes of sending so often to a server with these scripts."""
    with Misbehaving(*scripts) as server:
        provider = endpoint(f"http://127.0.0.1:{server.port}/", **settings)
        outcomes = [provider.send(job) for _ in range(sends)]
        provider.close()
    return outcomes, server


def hear_request(talk: Talk) -> None:
    length = 0
    while line := talk.hear():
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    talk.hear_bytes(length)


def test_a_hang_after_the_body_left_is_unknown_within_the_deadline(
    http_counterpart: HttpCounterpart, job: MakeJob
) -> None:
    http_counterpart.hang()
    provider = endpoint(http_counterpart.url, total_limit=SHORT)
    began = time.monotonic()
    outcome = provider.send(job())
    assert time.monotonic() - began < 1
    assert (outcome.verdict, outcome.reason.code) == (Verdict.UNKNOWN, "TIMED_OUT")


def test_trickled_headers_end_with_the_deadline(http_counterpart: HttpCounterpart, job: MakeJob) -> None:
    http_counterpart.trickle("headers")
    outcome = endpoint(http_counterpart.url, total_limit=SHORT).send(job())
    assert (outcome.verdict, outcome.reason.code) == (Verdict.UNKNOWN, "TIMED_OUT")


def test_a_trickled_body_ends_with_the_deadline(http_counterpart: HttpCounterpart, job: MakeJob) -> None:
    http_counterpart.trickle("body")
    outcome = endpoint(http_counterpart.url, total_limit=SHORT).send(job())
    assert (outcome.verdict, outcome.reason.code) == (Verdict.UNKNOWN, "ANSWER_UNREADABLE")


def test_a_connection_cut_after_the_body_is_unknown_and_not_repeated(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob
) -> None:
    provider.send(job(token="first"))
    http_counterpart.cut_after_body()
    outcome = provider.send(job())
    assert (outcome.verdict, outcome.reason.code) == (Verdict.UNKNOWN, "CONNECTION_LOST")
    assert len(http_counterpart.taken()) == 2


def test_an_answer_of_any_length_takes_a_megabyte_at_most(
    http_counterpart: HttpCounterpart, provider: HttpJson, job: MakeJob
) -> None:
    http_counterpart.huge(50_000_000)
    assert provider.send(job()).verdict is Verdict.UNKNOWN
    assert provider.send(job(token="next")).verdict is Verdict.ACCEPTED


def test_endless_headers_end(job: MakeJob) -> None:
    def endless(talk: Talk) -> None:
        hear_request(talk)
        talk.say(b"HTTP/1.1 200 OK\r\n")
        talk.repeat(b"X: y\r\n")

    [outcome], _ = to_server(job(), endless)
    assert (outcome.verdict, outcome.reason.code) == (Verdict.UNKNOWN, "GARBAGE")


def test_an_endless_100_continue_ends(job: MakeJob) -> None:
    def endless(talk: Talk) -> None:
        hear_request(talk)
        talk.repeat(b"HTTP/1.1 100 Continue\r\n\r\n")

    [outcome], _ = to_server(job(), endless)
    assert (outcome.verdict, outcome.reason.code) == (Verdict.UNKNOWN, "GARBAGE")


@pytest.mark.parametrize("words", [b"220 mail.test ESMTP\r\n", b"\x00\x01\r\n\r\n", b"HTTP/1.1 OK\r\n\r\n"])
def test_what_is_not_http_is_unknown(job: MakeJob, words: bytes) -> None:
    def garbage(talk: Talk) -> None:
        hear_request(talk)
        talk.say(words)

    [outcome], _ = to_server(job(), garbage)
    assert (outcome.verdict, outcome.reason.code) == (Verdict.UNKNOWN, "GARBAGE")


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"accepted": true}',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{"accepted": true}\r\n',
    ],
)
def test_a_yes_that_breaks_off_is_unknown(job: MakeJob, answer: bytes) -> None:
    def cut(talk: Talk) -> None:
        hear_request(talk)
        talk.say(answer)

    [outcome], _ = to_server(job(), cut)
    assert outcome.verdict is Verdict.UNKNOWN


def test_an_answer_given_before_the_body_was_read_counts(job: MakeJob) -> None:
    def refuse(talk: Talk) -> None:
        talk.hear()
        talk.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        talk.hang()

    [outcome], _ = to_server(job(document=Document("huge.pdf", "application/pdf", bytes(20_000_000))), refuse)
    assert (outcome.verdict, outcome.reason.code) == (Verdict.REFUSED, "MESSAGE_TOO_LARGE")


def test_a_reset_while_the_body_leaves_is_unknown(job: MakeJob) -> None:
    def reset(talk: Talk) -> None:
        while talk.hear():
            pass
        talk.hear_bytes(1_000_000)
        talk.reset()

    [outcome], _ = to_server(job(document=Document("huge.pdf", "application/pdf", bytes(20_000_000))), reset)
    assert (outcome.verdict, outcome.reason.code) == (Verdict.UNKNOWN, "CONNECTION_LOST")


def test_a_server_that_is_no_tls_server_is_transient(job: MakeJob) -> None:
    def plain(talk: Talk) -> None:
        talk.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Misbehaving(plain) as server:
        outcome = endpoint(f"https://127.0.0.1:{server.port}/").send(job())
    assert (outcome.verdict, outcome.reason.code) == (Verdict.TRANSIENT, "TLS_FAILED")


def test_a_connection_that_the_server_closed_in_between_costs_nothing(job: MakeJob) -> None:
    def once(talk: Talk) -> None:
        hear_request(talk)
        talk.say(YES)

    with Misbehaving(once) as server:
        provider = endpoint(f"http://127.0.0.1:{server.port}/")
        outcomes = [(provider.send(job()), server.heard())[0] for _ in range(2)]
        provider.close()
    assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED] * 2
    assert server.connections == 2


def test_a_connection_is_kept_for_the_next_send(job: MakeJob) -> None:
    def twice(talk: Talk) -> None:
        for _ in range(2):
            hear_request(talk)
            talk.say(YES)

    outcomes, server = to_server(job(), twice, sends=2)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED] * 2
    assert server.connections == 1

"""Does the HTTP counterpart, a process of its own, behave as its folder says until it says otherwise?"""

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.behaviour_file import behave, behave_well
from sandbox.http_behaviour import LOGIN_PAGE, TRUNCATED, Act, Answer, Fault, Huge, Trickle
from sandbox.http_calls import read_calls
from sandbox.http_counterpart import HttpCounterpart
from sandbox.http_ledger import read_taken
from sandbox.http_standing import HttpStanding
from tests.sandbox.program import Program

BODY = b'{"invoice": "1001"}'
IMPATIENT = 0.15  # seconds a client waits for an answer that never comes
GARBAGE = bytes(range(256))
SLOW = timedelta(milliseconds=1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with Program("sandbox.http_counterpart", tmp_path_factory.mktemp("http"), "--calls") as running:
        yield running


@pytest.fixture
def program(shared: Program) -> Iterator[Program]:
    """It behaves well at the start; its folder goes on from test to test, as its keys do."""
    behave_well(shared.folder)
    yield shared
    behave_well(shared.folder)


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


def post(program: Program, key: str, **given: Any) -> requests.Response:
    headers = {"Idempotency-Key": key}
    return requests.post(f"{program.url}/sends", data=BODY, headers=headers, allow_redirects=False, timeout=10, **given)


def takings(program: Program, key: str) -> int:
    return sum(taken.key == key for taken in read_taken(program.folder))


@pytest.mark.parametrize(
    ("answer", "takings_left"),
    [
        (Answer(429, headers={"Retry-After": "7"}), 0),
        (Answer(503, b"later", {"Retry-After": "7"}), 0),
        (Answer(401), 0),
        (Answer(403), 0),
        (Answer(500), 0),
        (Answer(500, taken=True), 2),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/elsewhere"}), 0),
        (LOGIN_PAGE, 0),
        (TRUNCATED, 2),
        (Answer(200, GARBAGE), 2),
    ],
)
def test_it_answers_as_told_to_every_request_until_it_is_told_to_behave_well(
    program: Program, key: str, answer: Answer, takings_left: int
) -> None:
    behave(program.folder, HttpStanding(answer))
    for _ in range(2):
        reply = post(program, key)
        assert (reply.status_code, reply.content) == (answer.status, answer.body)
        assert [reply.headers[name] for name in answer.headers] == list(answer.headers.values())
    assert takings(program, key) == takings_left
    behave_well(program.folder)
    assert post(program, key).json()["accepted"]


def test_one_behaviour_takes_the_place_of_another_within_a_connection(program: Program) -> None:
    with requests.Session() as session:
        for status in (500, 501, 502):
            behave(program.folder, HttpStanding(Answer(status)))
            assert session.post(program.url, data=BODY, timeout=10).status_code == status


@pytest.mark.parametrize(("fault", "takings_left"), [(Fault.HANG, 0), (Fault.HANG_TAKEN, 1)])
def test_it_never_answers(program: Program, key: str, fault: Fault, takings_left: int) -> None:
    behave(program.folder, HttpStanding(fault))
    with pytest.raises(requests.ReadTimeout):
        requests.post(program.url, data=BODY, headers={"Idempotency-Key": key}, timeout=IMPATIENT)
    assert takings(program, key) == takings_left


@pytest.mark.parametrize(("fault", "takings_left"), [(Fault.RESET, 0), (Fault.CUT, 1)])
def test_it_ends_the_connection(program: Program, key: str, fault: Fault, takings_left: int) -> None:
    behave(program.folder, HttpStanding(fault))
    with pytest.raises(requests.ConnectionError):
        post(program, key)
    assert takings(program, key) == takings_left


def test_a_reset_is_one_and_comes_before_the_body(program: Program) -> None:
    behave(program.folder, HttpStanding(Fault.RESET))
    with socket.create_connection(("127.0.0.1", program.port), timeout=10) as raw:
        raw.sendall(b"POST /sends HTTP/1.1\r\nContent-Length: 2\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            raw.recv(1)


def test_a_trickled_body_never_ends(program: Program, key: str) -> None:
    behave(program.folder, HttpStanding(Trickle("body", SLOW)))
    with closing(post(program, key, stream=True)) as reply:
        start = b"".join(islice(reply.iter_content(1), 60))
    assert start.startswith(b'{"accepted": true')
    assert start.endswith(b"  ")
    assert takings(program, key) == 1


def test_trickled_headers_never_end(program: Program, key: str) -> None:
    behave(program.folder, HttpStanding(Trickle("headers", SLOW)))
    with socket.create_connection(("127.0.0.1", program.port), timeout=10) as raw, raw.makefile("rb") as answer:
        raw.sendall(b"POST /sends HTTP/1.1\r\nIdempotency-Key: %s\r\n\r\n" % key.encode())
        start = answer.read(150)
    assert start.startswith(b"HTTP/1.1 200 OK\r\n")
    assert start.endswith(b"xxxx")
    assert b"\r\n\r\n" not in start
    assert takings(program, key) == 1


def test_a_huge_answer_has_200_mb_unless_told_otherwise(program: Program, key: str) -> None:
    behave(program.folder, HttpStanding(Huge()))
    with closing(post(program, key, stream=True)) as reply:
        assert reply.headers["content-length"] == "200000000"
    behave(program.folder, HttpStanding(Huge(70_000)))
    assert len(post(program, key).content) == 70_000
    assert takings(program, key) == 2


def test_a_share_of_the_keys_meets_it_and_always_the_same(program: Program) -> None:
    behave(program.folder, HttpStanding(Answer(503), share=0.3))
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=10)

    def status(key: int) -> int:
        connection.request("POST", "/sends", BODY, {"Idempotency-Key": f"share-{key}"})
        with connection.getresponse() as reply:
            reply.read()
            return reply.status

    met = [[status(key) for key in range(200)] for _ in range(2)]
    connection.close()
    assert met[0] == met[1]
    assert 30 <= met[0].count(503) <= 90
    assert met[0].count(200) == 200 - met[0].count(503)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_of_none_or_all_is_none_or_all(program: Program, share: float) -> None:
    behave(program.folder, HttpStanding(Answer(503), share=share))
    statuses = {post(program, f"none-or-all-{number}").status_code for number in range(20)}
    assert statuses == {503 if share else 200}


def test_look_ups_are_spared_unless_they_are_to_misbehave_too(program: Program, key: str) -> None:
    post(program, key)
    behave(program.folder, HttpStanding(Answer(503)))
    assert requests.get(f"{program.url}/sends/{key}", timeout=10).json()["accepted"] is True
    behave(program.folder, HttpStanding(Answer(503), asks="same"))
    assert requests.get(f"{program.url}/sends/{key}", timeout=10).status_code == 503


def test_nothing_is_taken_by_asking(program: Program, key: str) -> None:
    behave(program.folder, HttpStanding(Fault.CUT, asks="same"))
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{program.url}/sends/{key}", timeout=10)
    assert takings(program, key) == 0


def test_its_behaviour_outlives_it(tmp_path: Path) -> None:
    behave(tmp_path, HttpStanding(Answer(503)))
    with Program("sandbox.http_counterpart", tmp_path) as program:
        assert post(program, "token-1").status_code == 503
        program.kill_and_restart()
        assert post(program, "token-1").status_code == 503


@pytest.mark.parametrize(
    ("act", "done"),
    [
        (None, 200),
        (Answer(429), 429),
        (Fault.HANG, "hang"),
        (Fault.HANG_TAKEN, "hang_taken"),
        (Fault.RESET, "reset"),
        (Fault.CUT, "cut"),
        (Trickle(), "trickle"),
        (Huge(), "huge"),
    ],
)
def test_every_call_is_written_down_with_what_was_done(
    program: Program, key: str, act: Act | None, done: int | str
) -> None:
    if act:
        behave(program.folder, HttpStanding(act))
    with socket.create_connection(("127.0.0.1", program.port), timeout=10) as raw:
        raw.sendall(b"POST /sends HTTP/1.1\r\nIdempotency-Key: %s\r\n\r\n" % key.encode())
        program.wait_for(lambda: calls_of(program, key) == [("POST", "/sends", done)])


def test_look_ups_are_calls_too(program: Program, key: str) -> None:
    requests.get(f"{program.url}/sends/{key}", timeout=10)
    assert calls_of(program, key) == [("GET", requests.utils.requote_uri(f"/sends/{key}"), 404)]


def test_a_scripted_reset_is_a_call_of_which_nothing_was_read(tmp_path: Path) -> None:
    with HttpCounterpart(tmp_path, calls=True) as server:
        server.reset_before_reading()
        with pytest.raises(requests.ConnectionError):
            requests.post(server.url, data=BODY, timeout=10)
    assert [(call.method, call.done) for call in read_calls(tmp_path)] == [(None, "reset")]


def test_calls_are_written_down_only_when_asked_for(tmp_path: Path) -> None:
    with HttpCounterpart(tmp_path) as server:
        requests.post(server.url, data=BODY, timeout=10)
    assert not (tmp_path / "calls.ndjson").exists()
    assert read_calls(tmp_path) == []


def calls_of(program: Program, key: str) -> list[tuple[str | None, str | None, int | str]]:
    return [(call.method, call.path, call.done) for call in read_calls(program.folder) if call.key == key]

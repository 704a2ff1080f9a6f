"""Does the HTTP counterpart remember what it took, whatever happens to its process, and say so when it is asked?"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.http_counterpart import HttpCounterpart
from sandbox.http_ledger import read_taken
from tests.sandbox.program import Program

BODY = b'{"invoice": "1001"}'


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with Program("sandbox.http_counterpart", tmp_path) as running:
        yield running


def post(url: str, key: str) -> requests.Response:
    return requests.post(f"{url}/sends", data=BODY, headers={"Idempotency-Key": key}, timeout=10)


def ask(url: str, path: str) -> tuple[int, object]:
    reply = requests.get(url + path, timeout=10)
    return reply.status_code, reply.json()


def test_a_look_up_says_whether_a_key_was_taken(program: Program) -> None:
    taken = post(program.url, "token 1/æ").json()["id"]
    assert ask(program.url, "/sends/token%201%2F%C3%A6?verbose=1") == (200, {"accepted": True, "id": taken})
    assert ask(program.url, "/any/where/token-2") == (404, {"accepted": None})
    assert len(read_taken(program.folder)) == 1


def test_a_look_up_is_answered_after_a_kill(program: Program) -> None:
    taken = post(program.url, "token-1").json()["id"]
    program.kill_and_restart()
    assert ask(program.url, "/sends/token-1") == (200, {"accepted": True, "id": taken})


def test_a_repeat_is_recognised_after_a_kill(program: Program) -> None:
    first = post(program.url, "token-1").content
    program.kill_and_restart()
    assert post(program.url, "token-1").content == first
    assert [taken.repeat for taken in read_taken(program.folder)] == [False, True]


def test_the_port_can_be_had_again_at_once_after_a_kill(program: Program) -> None:
    with requests.Session() as session:  # it leaves a connection that the kill ends from the server's side
        session.post(program.url, data=BODY, timeout=10)
        before = program.port
        program.kill_and_restart()
        assert program.port == before
    assert post(program.url, "token-1").ok


def test_a_forgetful_one_takes_a_repeat_anew(tmp_path: Path) -> None:
    with Program("sandbox.http_counterpart", tmp_path, "--forgetful") as program:
        first = post(program.url, "token-1").json()["id"]
        assert post(program.url, "token-1").json()["id"] != first
        program.kill_and_restart()
        assert post(program.url, "token-1").json()["id"] != first
        assert ask(program.url, "/sends/token-1") == (200, {"accepted": True, "id": first})
    assert [taken.repeat for taken in read_taken(tmp_path)] == [False] * 3
    assert len({taken.id for taken in read_taken(tmp_path)}) == 3


def test_a_forgetful_one_forgets_its_scripted_answer_too(tmp_path: Path) -> None:
    with HttpCounterpart(tmp_path, forgetful=True) as server:
        server.answer(202, b"{}")
        assert [post(server.url, "token-1").status_code for _ in range(2)] == [202, 200]

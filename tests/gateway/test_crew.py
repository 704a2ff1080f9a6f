"""Do processes of their own take large batches in, and what when one of them dies?"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from sqlalchemy import Engine, text

from gateway.native.batch import PIECE_BYTES
from sandbox.child import wait_until
from sandbox.ports import free_port
from tests.gateway.conftest import MakeKey, Serve, Served
from tests.gateway.test_process import PATIENCE, answers, environment, start
from tests.gateway.test_sends import SEND, count

ROWS = 5_000
SOON = timedelta(seconds=15)


def body(prefix: str, number: int = ROWS) -> bytes:
    rows = ({**SEND, "InvoiceNumber": f"{prefix}{one}"} for one in range(1, number + 1))
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def told(answer: requests.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def of_crew(gateway: Served) -> list[int]:
    pool = gateway.app.state.service.crew._pool
    return list(pool._processes) if pool else []


@pytest.mark.parametrize("crew", [0, 2])
def test_a_large_batch_keeps_its_lines_in_order(
    serve: Serve, make_key: MakeKey, database_url: str, engine: Engine, crew: int
) -> None:
    key, door = make_key(), serve(database_url, gateway={"batch_processes": crew})
    sent = body("A") + b"\nno json\n" + body("B")
    assert len(sent) > 2 * PIECE_BYTES
    said = told(door.call("POST", "/v1/sends/batch?run=month", key, data=sent))
    assert [one["line"] for one in said[:-1]] == [*range(1, ROWS + 1), *range(ROWS + 2, 2 * ROWS + 3)]
    assert said[ROWS]["error"]["message"] == "the body is no JSON"
    assert said[-1] == {"accepted": 2 * ROWS, "duplicates": 0, "refused": 1}
    assert count(engine, "send WHERE run_id IS NOT NULL") == 2 * ROWS
    assert len(of_crew(door)) == crew


def test_a_small_batch_starts_no_process(gateway: Served, key: str) -> None:
    assert told(gateway.call("POST", "/v1/sends/batch", key, data=body("A", 500)))[-1]["accepted"] == 500
    assert not of_crew(gateway)


@pytest.mark.parametrize("which", [slice(0, 1), slice(1, 2), slice(0, 2)], ids=["first", "second", "both"])
def test_one_that_dies_idle_is_replaced(gateway: Served, key: str, engine: Engine, which: slice) -> None:
    told(gateway.call("POST", "/v1/sends/batch", key, data=body("A")))
    crew = of_crew(gateway)
    for pid in crew[which]:
        os.kill(pid, signal.SIGKILL)
    assert wait_until(
        lambda: not any(psutil.pid_exists(pid) and alive(psutil.Process(pid)) for pid in crew[which]), SOON
    )
    assert told(gateway.call("POST", "/v1/sends/batch", key, data=body("B")))[-1]["accepted"] == ROWS
    assert count(engine, "send") == 2 * ROWS


@pytest.mark.parametrize("which", [slice(0, 1), slice(1, 2), slice(0, 2)], ids=["first", "second", "both"])
def test_one_that_dies_at_work_is_told_and_a_repeat_takes_the_rest(
    gateway: Served, key: str, engine: Engine, which: slice
) -> None:
    told(gateway.call("POST", "/v1/sends/batch", key, data=body("A")))
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE send IN ACCESS EXCLUSIVE MODE"))  # so that it is surely at work

        def pieces() -> Iterator[bytes]:
            yield body("B", 6 * ROWS)  # some pieces at work, one kept back
            assert wait_until(lambda: waiting(connection) >= 2, SOON)
            for pid in of_crew(gateway)[which]:
                os.kill(pid, signal.SIGKILL)
            yield body("C", 1)

        answer = gateway.call("POST", "/v1/sends/batch", key, data=pieces())
        assert answer.status_code == 503
        assert answer.json()["message"].startswith("a process that takes batches in has died; repeat the whole batch")
    assert gateway.call("GET", "/v1/statuses", key).status_code == 200
    said = told(gateway.call("POST", "/v1/sends/batch", key, data=body("B", 6 * ROWS)))
    assert (said[-1]["accepted"] + said[-1]["duplicates"], said[-1]["refused"]) == (6 * ROWS, 0)
    assert count(engine, "send WHERE invoice LIKE 'B%'") == 6 * ROWS


def waiting(connection: Any) -> int:
    return int(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_a_gateway_that_is_killed_leaves_no_process(database_url: str, make_key: MakeKey, tmp_path: Path) -> None:
    port, key = free_port(), make_key()
    url = f"http://127.0.0.1:{port}"
    process: subprocess.Popen[bytes] = start(environment(database_url, port), tmp_path / "log")
    try:
        assert wait_until(lambda: answers(f"{url}/healthz"), PATIENCE), (tmp_path / "log").read_text()
        headers = {"Authorization": f"Bearer {key}"}
        told(requests.post(f"{url}/v1/sends/batch", data=body("A"), headers=headers, timeout=60))
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 2
    finally:
        process.kill()
        process.wait()
    assert wait_until(lambda: not any(alive(child) for child in children), SOON)


def test_a_stop_ends_them_too(database_url: str, make_key: MakeKey, tmp_path: Path) -> None:
    port, key = free_port(), make_key()
    url = f"http://127.0.0.1:{port}"
    process = start(environment(database_url, port), tmp_path / "log")
    try:
        assert wait_until(lambda: answers(f"{url}/healthz"), PATIENCE), (tmp_path / "log").read_text()
        headers = {"Authorization": f"Bearer {key}"}
        told(requests.post(f"{url}/v1/sends/batch", data=body("A"), headers=headers, timeout=60))
        children = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        process.wait(30)
    finally:
        process.kill()
        process.wait()
    assert not any(alive(child) for child in children)


def alive(child: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(child.is_running() and child.status() != psutil.STATUS_ZOMBIE)
    return False

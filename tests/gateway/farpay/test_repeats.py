"""Is an invoice never there without the send it came with, whatever dies, and can a repeat tell?"""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import Engine, text

from sandbox.child import wait_until
from sandbox.ports import HOST, free_port
from tests.gateway.farpay.conftest import INVOICE, SEND, Client, message, ok
from tests.gateway.farpay.test_create import rows

ROOT = Path(__file__).parents[3]
BODY = {**INVOICE, "Send": SEND}
PATIENCE = timedelta(seconds=60)


def test_a_send_that_is_refused_takes_no_number(client: Client, engine: Engine) -> None:
    wrong = {**INVOICE, "Send": {**SEND, "ToAddress": "nobody"}}
    assert message(client.call("POST", "", json=wrong))[0] == 400
    assert client.create()["SendStatus"] == 100
    assert len(rows(engine, "id")) == 1


def test_a_ledger_that_goes_away_before_the_commit_keeps_nothing(client: Client, engine: Engine) -> None:
    with ThreadPoolExecutor(1) as thread:
        with engine.begin() as connection:
            connection.execute(text("LOCK TABLE send IN ACCESS EXCLUSIVE MODE"))
            asked = thread.submit(client.call, "POST", "", json=BODY)
            assert wait_until(lambda: ended_waiting(engine) > 0, PATIENCE)  # the invoice is in, its send is not
        answer = asked.result(60)
    assert message(answer)[0] == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert rows(engine, "id", "held_invoice") == []
    assert client.create()["SendStatus"] == 100


def ended_waiting(engine: Engine) -> int:
    """Ends the connections that wait for the lock; how many there were."""
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )
        return len(found.all())


def test_two_at_once_are_one(client: Client, engine: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(client.call, "POST", "", json=BODY) for _ in range(8)]
        told = sorted(call.result(60).status_code for call in calls)
    assert told == [200, *[400] * 7]
    assert len(rows(engine, "id")) == len(rows(engine, "id", "held_invoice")) == 1


def test_patches_at_once_are_each_a_send(client: Client, engine: Engine) -> None:
    made = client.create()
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(client.call, "PATCH", f"/{made['Id']}", json={"Send": SEND}) for _ in range(4)]
        assert [call.result(60).status_code for call in calls] == [200] * 4
    assert sorted(row[0] for row in rows(engine, "sequence")) == [0, 1, 2, 3, 4]


@contextmanager
def process(database_url: str, folder: Path, **settings: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """`python -m gateway`."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("DUEPOST_")}
    env |= {"DUEPOST_DATABASE_URL": database_url, "DUEPOST_BROKER_URL": "redis://127.0.0.1:1/0", "DUEPOST_LANES": "{}"}
    env |= {"DUEPOST_GATEWAY__PORT": str(port), "DUEPOST_DOCUMENTS": str(folder / "documents"), **settings}
    with (folder / "gateway.log").open("wb") as log:
        started = subprocess.Popen([sys.executable, "-m", "gateway"], cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        url = f"http://{HOST}:{port}"
        assert wait_until(lambda: healthy(url), PATIENCE), (folder / "gateway.log").read_text()
        yield f"{url}/v2/invoices", started
    finally:
        started.kill()
        started.wait()


def healthy(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


def test_a_gateway_that_dies_before_it_answers_has_taken_it_all(
    client: Client, engine: Engine, database_url: str, tmp_path: Path
) -> None:
    key = {"X-API-KEY": client.key}
    with process(database_url, tmp_path, DUEPOST_CRASH_AT="accepted:INV-001", DUEPOST_ENVIRONMENT="sandbox") as (
        url,
        dies,
    ):
        with pytest.raises(requests.ConnectionError):
            requests.post(url, json=BODY, headers=key, timeout=30)
        assert dies.wait(30) == -9
    again = client.call("POST", "", json=BODY)
    assert message(again) == (400, "10009::Invoice number used")
    number = again.json()["Details"][0]["Details"][0]["Value"].removeprefix("its Id is ")
    assert ok(client.call("GET", f"/{number}"))["SendStatus"] == 100
    assert len(rows(engine, "id")) == 1

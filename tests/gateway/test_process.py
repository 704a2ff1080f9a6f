"""Does the door run as a process of its own, and does a real Kannel report to it?"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import requests
from sqlalchemy import Engine

from duepost.ledger import look
from duepost.signed import report_context, verify
from sandbox.child import wait_until
from sandbox.kannel import Kannel as Server
from sandbox.kannel import missing
from sandbox.ports import HOST, free_port
from tests.gateway.conftest import KEY, MakeKey
from worker.providers.kannel import Kannel
from worker.providers.port import Job, Verdict
from worker.providers.sms_port import Reports

ROOT = Path(__file__).parents[2]
PATIENCE = timedelta(seconds=30)
ACCOUNT = "sms"


@dataclass(frozen=True)
class Door:
    """`python -m gateway` and what it says."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path


def environment(database_url: str, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DUEPOST_")}
    account = {"KIND": "kannel", "URL": "http://127.0.0.1:1/", "USER": "u", "PASSWORD": "p", "SENDER": "Acme"}
    return {
        **kept,
        "DUEPOST_DATABASE_URL": database_url,
        "DUEPOST_BROKER_URL": "redis://127.0.0.1:1/0",
        "DUEPOST_LANES__SMS": f'{{"channel": "sms", "provider": "{ACCOUNT}"}}',
        "DUEPOST_REPORTS_KEY": KEY,
        "DUEPOST_GATEWAY__PORT": str(port),
        **{f"DUEPOST_PROVIDERS__SMS__{name}": value for name, value in account.items()},
    }


def command(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "gateway", *arguments]
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=30)


@pytest.fixture
def door(database_url: str, tmp_path: Path) -> Iterator[Door]:
    port, log = free_port(), tmp_path / "gateway.log"
    url = f"http://{HOST}:{port}"
    with log.open("wb") as said:
        argv = [sys.executable, "-m", "gateway"]
        process = subprocess.Popen(argv, cwd=ROOT, env=environment(database_url, port), stdout=said, stderr=said)
    try:
        assert wait_until(lambda: answers(f"{url}/healthz"), PATIENCE), log.read_text()
        yield Door(process, url, log)
    finally:
        process.kill()
        process.wait()


def start(env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as said:
        return subprocess.Popen([sys.executable, "-m", "gateway"], cwd=ROOT, env=env, stdout=said, stderr=said)


def answers(url: str) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(url, timeout=2).status_code == 200
    return False


@pytest.mark.kannel
def test_a_real_kannel_reports_to_the_door(door: Door, engine: Engine, sent: UUID, tmp_path: Path) -> None:
    lack = missing()
    if lack is not None:
        pytest.fail(lack) if os.environ.get("CI") else pytest.skip(lack)
    number, token = "+4533445566", str(sent)
    job = Job(sent, token, "sms", "invoice", "1001", "default", number, subject=None, note="Hej", document=None)

    def words() -> list[str]:
        with engine.connect() as connection:
            return sorted(one.word for one in look.receipts(connection, sent))

    with Server(tmp_path / "kannel") as server:
        provider = Kannel(
            url=server.url,
            user=server.user,
            password=server.password,
            sender="Acme",
            reports=Reports(f"{door.url}/reports", ACCOUNT, KEY),
        )
        assert provider.send(job).verdict is Verdict.ACCEPTED
        provider.close()
        # In either order: Kannel tells "delivered" before "accepted" now and then.
        assert wait_until(lambda: len(words()) == 2, PATIENCE), door.log.read_text()
    assert words() == ["accepted", "delivered"]
    assert number not in door.log.read_text()


def test_it_ends_at_sigterm_without_a_traceback(door: Door) -> None:
    door.process.send_signal(signal.SIGTERM)
    assert door.process.wait(15) == 0
    assert "Traceback" not in door.log.read_text()


def test_it_prints_the_address_of_an_access_point(database_url: str) -> None:
    printed = command("--address", ACCOUNT, env=environment(database_url, 1))
    assert printed.returncode == 0
    _, room, account, signed = printed.stdout.strip().split("/")
    assert (room, account, verify(signed, KEY, report_context(ACCOUNT))) == ("reports", ACCOUNT, "account")


def test_an_account_that_is_not_there_has_none(database_url: str) -> None:
    refused = command("--address", "nobody", env=environment(database_url, 1))
    assert (refused.returncode, refused.stderr) == (1, "there is no provider account nobody\n")


def test_without_a_key_for_reports_no_address_is_printed(database_url: str) -> None:
    env = environment(database_url, 1)
    del env["DUEPOST_REPORTS_KEY"]
    refused = command("--address", ACCOUNT, env=env)
    assert refused.returncode == 1
    assert refused.stderr.startswith("duepost cannot start: DUEPOST_REPORTS_KEY is not set")


def test_a_caller_whose_answer_was_lost_in_a_crash_gets_it_by_repeating(
    database_url: str, engine: Engine, make_key: MakeKey, tmp_path: Path
) -> None:
    port, log, key = free_port(), tmp_path / "gateway.log", make_key()
    env = {**environment(database_url, port), "DUEPOST_DOCUMENTS": str(tmp_path / "documents")}
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "month-end-7"}
    row = {"Channel": "email", "InvoiceNumber": "1001", "ToAddress": "accounts@customer.dk"}

    def post() -> requests.Response:
        return requests.post(f"http://{HOST}:{port}/v1/sends", json=row, headers=headers, timeout=30)

    crashing = start({**env, "DUEPOST_CRASH_AT": "accepted:1001", "DUEPOST_ENVIRONMENT": "sandbox"}, log)
    try:
        assert wait_until(lambda: answers(f"http://{HOST}:{port}/healthz"), PATIENCE), log.read_text()
        with pytest.raises(requests.ConnectionError):
            post()
        assert crashing.wait(15) == -signal.SIGKILL
    finally:
        crashing.kill()
        crashing.wait()
    again = start(env, log)
    try:
        assert wait_until(lambda: answers(f"http://{HOST}:{port}/healthz"), PATIENCE), log.read_text()
        answer = post()
    finally:
        again.kill()
        again.wait()
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (202, "true")
    with engine.connect() as connection:
        [kept] = look.sends_of_invoice(connection, "1001")
    assert str(kept.id) == answer.json()["id"]

"""Is a dialect's caller whose answer was lost in a crash told it by repeating, and is nothing sent twice?"""

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Engine

from sandbox.child import wait_until
from sandbox.ports import HOST, free_port
from tests.gateway.conftest import MakeKey, Served
from tests.gateway.dialects import hold, sends
from tests.gateway.test_process import PATIENCE, answers, environment, start

Call = Callable[[str, str, dict[str, Any]], requests.Response]


def saphety(url: str, key: str, held: dict[str, Any]) -> requests.Response:
    body = {"OutboundFinancialDocumentId": held["guid"], "DestinationEmails": [{"Email": "a@b.dk"}]}
    address = f"{url}/api/OutboundFinancialDocumentMaintenance/sendAdditionalNotifications"
    return requests.post(address, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=30)


def abillify(url: str, key: str, held: dict[str, Any]) -> requests.Response:
    address = f"{url}/api/invoices/{held['invoice']}/resendInvoice"
    return requests.post(address, auth=("x", key), headers={"Idempotency-Key": "k"}, timeout=30)


@pytest.mark.parametrize("call", [saphety, abillify])
def test_a_lost_answer_is_told_to_who_repeats(
    gateway: Served, make_key: MakeKey, database_url: str, engine: Engine, tmp_path: Path, call: Call
) -> None:
    key = make_key()
    held = hold(gateway, key, "1001")
    port, log = free_port(), tmp_path / "gateway.log"
    url = f"http://{HOST}:{port}"
    env = {**environment(database_url, port), "DUEPOST_DOCUMENTS": str(tmp_path / "documents")}
    crashing = start({**env, "DUEPOST_CRASH_AT": "accepted", "DUEPOST_ENVIRONMENT": "sandbox"}, log)
    try:
        assert wait_until(lambda: answers(f"{url}/healthz"), PATIENCE), log.read_text()
        with suppress(requests.ConnectionError):
            call(url, key, held)
        assert crashing.wait(30) == -signal.SIGKILL
    finally:
        crashing.kill()
        crashing.wait()
    again = start(env, log)
    try:
        assert wait_until(lambda: answers(f"{url}/healthz"), PATIENCE), log.read_text()
        answer = call(url, key, held)
    finally:
        again.kill()
        again.wait()
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (200, "true")
    assert len(sends(engine, "send.id")) == 1

"""Do a channel's quiet hours and a provider account's limit hold in a worker process, as its settings say?"""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select

from duepost.documents import DocumentStore
from duepost.doors import enqueue
from duepost.intake import Door
from duepost.ledger.release import release
from duepost.ledger.schema import state
from duepost.rules import Rules
from duepost.sends import NewSend
from duepost.statuses import Status
from sandbox.http_counterpart import HttpCounterpart
from sandbox.valkey import ValkeyServer
from tests.duepost.ledger.conftest import MINUTE, account_id
from tests.worker.conftest import ProcessOf

ROOT = Path(__file__).resolve().parents[2]
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
ADDRESS = {"email": "accounts@customer.dk", "sms": "+4520123456"}
THREE_PARTS = "a" * 400
LANES = {channel: {"channel": channel, "provider": "own"} for channel in ADDRESS}


def send_of(channel: str, number: int, note: str) -> NewSend:
    return NewSend(channel=channel, invoice=f"{note[:3]}-{number}", to_address=ADDRESS[channel], note=note)


def order_of(engine: Engine, tmp_path: Path, channel: str, count: int = 1, note: str = "Due.") -> tuple[int, list[str]]:
    """An order of sends that a door took by day."""
    door = Door(Rules(), DocumentStore(tmp_path / "documents"))
    with engine.begin() as connection:
        account_id(connection)
        for number in range(count):
            enqueue(connection, send_of(channel, number, note), door=door)
        released = release(connection, channel, count, MINUTE)
    return released.lease, [one.hex for one in released.ids]


def hours_around_now() -> str:
    now = datetime.now(COPENHAGEN)
    return f"{now - timedelta(hours=2):%H:%M}-{now + timedelta(hours=2):%H:%M}"


@pytest.mark.parametrize("order", [("email", "sms"), ("sms", "email")], ids="-".join)
def test_quiet_hours_are_the_channels_whichever_lane_of_an_account_comes_first(
    engine: Engine,
    process_of: ProcessOf,
    tmp_path: Path,
    order: tuple[str, str],
) -> None:
    process = process_of(lanes=LANES, quiet_hours={"sms": hours_around_now()})
    said = {channel: process.deliver(channel, *order_of(engine, tmp_path, channel)) for channel in order}
    assert said == {"email": "1 sent", "sms": "1 left for later"}


def standings(engine: Engine) -> list[tuple[Status, int]]:
    """Status and attempts of every send."""
    with engine.connect() as connection:
        return sorted((Status(row.status), row.attempts) for row in connection.execute(select(state)))


def clock(engine: Engine) -> datetime:
    with engine.connect() as connection:
        return connection.execute(select(func.now())).scalar_one()


def limited(url: str, **given: float) -> dict[str, Any]:
    """Of a provider account: a unit each 100 s, so that no turn comes while the test runs, and none is waited for."""
    return {"own": {"kind": "http", "url": url, "units_per_second": 0.01, **given}}


@pytest.mark.parametrize(("burst", "calls"), [({}, 1), ({"burst_units": 6}, 2)], ids=["a-second's", "of-its-own"])
def test_an_sms_of_three_parts_takes_three_units_and_those_that_wait_make_no_attempt(
    engine: Engine,
    process_of: ProcessOf,
    counterpart: HttpCounterpart,
    valkey: ValkeyServer,
    tmp_path: Path,
    burst: dict[str, float],
    calls: int,
) -> None:
    valkey.flush()
    process = process_of(
        lanes=LANES, quiet_hours={"sms": ""}, providers=limited(counterpart.url, **burst), limits_url=valkey.url
    )
    before = clock(engine)
    said = process.deliver("sms", *order_of(engine, tmp_path, "sms", 4, THREE_PARTS))
    assert said == f"{calls} sent · {4 - calls} left for later"
    assert len(counterpart.taken()) == calls
    assert standings(engine) == [(Status.QUEUE, 0)] * (4 - calls) + [(Status.SENT, 1)] * calls
    wait = timedelta(seconds=100 * (3 * calls - burst.get("burst_units", 1) + 1))
    with engine.connect() as connection:
        due = connection.execute(select(state.c.due_at).where(state.c.due_at.is_not(None))).scalars().all()
    assert all(before + wait <= one <= clock(engine) + wait for one in due)


CHILD = """
import sys
from celery import Celery
from config.settings import load_settings
from worker.process import Process

process = Process(Celery("test"), load_settings(), sys.argv[1])
print(process.deliver("email", int(sys.argv[2]), sys.argv[3:]))
process.close()
"""


def test_two_worker_processes_share_what_an_account_may_be_given(
    engine: Engine, database_url: str, counterpart: HttpCounterpart, broker_url: str, tmp_path: Path
) -> None:
    orders = [order_of(engine, tmp_path, "email", 4, name) for name in ("one", "two")]
    settings = {
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "DOCUMENTS": str(tmp_path / "documents"),
        "LANES": json.dumps({"email": LANES["email"]}),
        "PROVIDERS": json.dumps(limited(counterpart.url, burst_units=5)),
        "FLOWER_ROWS_PER_SECOND": "0",
    }
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DUEPOST_")},
        **{f"DUEPOST_{name}": value for name, value in settings.items()},
    }
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, f"worker-{lease}@test", str(lease), *ids],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for lease, ids in orders
    ]
    said = [child.communicate(timeout=120)[0] for child in children]
    assert all("left for later" in one or one == "4 sent\n" for one in said)
    assert len(counterpart.taken()) == 5
    assert standings(engine) == [(Status.QUEUE, 0)] * 3 + [(Status.SENT, 1)] * 5

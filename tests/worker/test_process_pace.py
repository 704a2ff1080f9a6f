"""Do a channel's quiet hours and a provider account's limit hold in a worker process, as its settings say?"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, func, select

from duepost.documents import DocumentStore
from duepost.doors import enqueue
from duepost.intake import Door
from duepost.ledger import look
from duepost.ledger.release import release
from duepost.ledger.schema import state
from duepost.rules import Rules
from duepost.sends import NewSend
from duepost.statuses import Status
from sandbox.http_counterpart import HttpCounterpart
from sandbox.valkey import ValkeyServer
from tests.duepost.ledger.conftest import ENVIRONMENT, MINUTE, account_id
from tests.worker.conftest import ProcessOf
from worker import quota as quota_file

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
ADDRESS = {"email": "accounts@customer.dk", "sms": "+4520123456"}
THREE_PARTS = "a" * 400
LANES = {channel: {"channel": channel, "provider": "own"} for channel in ADDRESS}


def send_of(channel: str, number: int, note: str) -> NewSend:
    return NewSend(channel=channel, invoice=f"{channel}-{number}", to_address=ADDRESS[channel], note=note)


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

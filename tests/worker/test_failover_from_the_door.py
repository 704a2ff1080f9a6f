"""Does a send go on in the lane that its route names, from its enqueue to the second of two mail servers?"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from duepost.documents import DocumentStore
from duepost.doors import enqueue
from duepost.errors import InvalidSend
from duepost.intake import Door
from duepost.ledger.release import release
from duepost.ledger.schema import send as sends
from duepost.ledger.schema import state
from duepost.rules import Rules
from duepost.sends import NewSend
from duepost.settings import DoorSettings
from duepost.statuses import Status
from sandbox.behaviour_file import behave
from sandbox.mail_counterpart import MailCounterpart
from sandbox.mail_standing import MailStanding
from tests.duepost.ledger.conftest import MINUTE, account_id, reasons_of
from tests.worker.conftest import ProcessOf
from worker.process import Process

SEND = NewSend(channel="email", invoice="1001", to_address="anna@customer.dk")
ROUTE = {"email": ["invoices", "reserve"]}
Servers = Mapping[str, MailCounterpart]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Lane -> its mail server; that of lane invoices takes nothing now."""
    with ExitStack() as opened:
        made = {name: opened.enter_context(MailCounterpart(tmp_path / name)) for name in ("invoices", "reserve")}
        behave(tmp_path / "invoices", MailStanding.DEFER)
        yield made


@pytest.fixture
def process_by(servers: Servers, process_of: ProcessOf) -> Callable[..., Process]:
    """Makes a worker process of both lanes."""
    common = {"kind": "smtp", "host": "127.0.0.1", "tls": "none", "sender": "invoices@duepost.test"}

    def make(**settings: Any) -> Process:
        providers = {name: {**common, "port": server.port} for name, server in servers.items()}
        lanes = {name: {"channel": "email", "provider": name} for name in servers}
        return process_of(providers=providers, lanes=lanes, **settings)

    return make


def taken_in(engine: Engine, tmp_path: Path, rules: Rules, **asks: Any) -> None:
    with engine.begin() as connection:
        account_id(connection)
        door = Door(rules, DocumentStore(tmp_path / "documents"))
        enqueue(connection, replace(SEND, **asks), door=door)


def delivered(engine: Engine, process: Process, lane: str) -> tuple[str, str]:
    """What came of what is due in the lane, and the lane in which the send is then."""
    with engine.begin() as connection:
        released = release(connection, lane, 10, MINUTE)
    said = process.deliver(lane, released.lease, [one.hex for one in released.ids])
    with engine.connect() as connection:
        return said, connection.execute(select(state.c.lane)).scalar_one()


def lanes_told(engine: Engine) -> list[tuple[Status, str]]:
    with engine.connect() as connection:
        return reasons_of(connection, connection.execute(select(sends.c.id)).scalar_one())


def test_a_channels_route_leads_to_its_first_lane_and_on_to_the_next_account(
    engine: Engine, servers: Servers, process_by: Callable[..., Process], tmp_path: Path, database_url: str
) -> None:
    rules = DoorSettings.model_validate({"database_url": database_url, "routes": ROUTE}).rules
    taken_in(engine, tmp_path, rules)
    process = process_by(routes=ROUTE)
    assert delivered(engine, process, "invoices") == ("1 retry (310)", "reserve")
    assert delivered(engine, process, "reserve") == ("1 sent", "reserve")
    assert {name: len(server.taken()) for name, server in servers.items()} == {"invoices": 0, "reserve": 1}
    assert lanes_told(engine) == [(Status.ERROR_SENDING_EMAIL, "FAILED_OVER"), (Status.SENT, "ACCEPTED")]


def test_a_route_that_a_send_brings_along_holds_without_any_setting(
    engine: Engine, servers: Servers, process_by: Callable[..., Process], tmp_path: Path
) -> None:
    taken_in(engine, tmp_path, Rules(), lane="invoices, reserve")
    process = process_by()
    assert delivered(engine, process, "invoices") == ("1 retry (310)", "reserve")
    assert delivered(engine, process, "reserve") == ("1 sent", "reserve")
    assert {name: len(server.taken()) for name, server in servers.items()} == {"invoices": 0, "reserve": 1}


def test_a_send_that_names_one_lane_of_its_channels_route_stays_in_it(
    engine: Engine, servers: Servers, process_by: Callable[..., Process], tmp_path: Path
) -> None:
    taken_in(engine, tmp_path, Rules(), lane="invoices")
    assert delivered(engine, process_by(routes=ROUTE), "invoices") == ("1 retry (310)", "invoices")
    assert servers["reserve"].taken() == []


def test_a_route_that_names_a_lane_twice_is_refused_and_nothing_is_stored(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InvalidSend) as refused:
        taken_in(engine, tmp_path, Rules(), lane="invoices, reserve, invoices")
    assert str(refused.value) == "Lane names a lane twice: name each once, in the order to try them"
    with engine.connect() as connection:
        assert connection.execute(select(sends.c.id)).all() == []

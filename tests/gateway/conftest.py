"""What does a test of the door for reports need: a real one, as a process would run it?"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from requests import Response, Session
from sqlalchemy import Engine
from waitress.server import create_server
from waitress.wasyncore import close_all

from duepost.ledger.record import record
from duepost.signed import report_context, sign
from gateway.reports import LARGEST, ReportsDoor
from sandbox.ports import HOST
from tests.duepost.ledger.conftest import begun, outcome_of

KEY = "k" * 32
KINDS = {"kannel": "kannel", "twilio": "twilio", "gatewayapi": "gatewayapi", "peppol": "http"}


@dataclass(frozen=True)
class Listening:
    """A door on a port of its own."""

    url: str
    session: Session

    def address(self, token: object, account: str = "kannel", *, signed_for: str | None = None) -> str:
        return f"{self.url}/reports/{account}/{sign(str(token), KEY, report_context(signed_for or account))}"

    def get(self, address: str) -> Response:
        return self.session.get(address, timeout=10)

    def post(self, address: str, **body: object) -> Response:
        return self.session.post(address, timeout=10, **body)  # type: ignore[arg-type]


@pytest.fixture
def listen() -> Iterator[Callable[[Engine], Listening]]:
    """Starts a door on this ledger."""
    started = []

    def start(engine: Engine) -> Listening:
        door = ReportsDoor(engine, KINDS, KEY)
        sockets: dict[int, Any] = {}  # of this server alone
        server: Any = create_server(
            door, map=sockets, host=HOST, port=0, threads=4, ident="", max_request_body_size=LARGEST + 1
        )
        session = Session()
        session.trust_env = False
        thread = threading.Thread(target=server.run)
        thread.start()
        started.append((server, sockets, session, thread))
        return Listening(f"http://{HOST}:{server.effective_port}", session)

    yield start
    for server, sockets, session, thread in started:
        session.close()
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(partial(close_all, sockets))  # by its own thread, which then ends
        thread.join(10)


@pytest.fixture
def door(listen: Callable[[Engine], Listening], engine: Engine) -> Listening:
    return listen(engine)


@pytest.fixture
def sent(engine: Engine) -> UUID:
    """A send that a provider took."""
    with engine.begin() as connection:
        [send] = begun(connection)
        record(connection, [outcome_of(send)])
    return send.id


@pytest.fixture
def stranger() -> UUID:
    """An id that no send has."""
    return uuid4()

"""What does a test of the gateway need: a real one, as a process would run it, and keys to it?"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from requests import Response, Session
from sqlalchemy import Engine

from config.settings import load_settings
from duepost.credentials import Scope
from duepost.ledger.accounts import add_account
from duepost.ledger.keys import add_key
from duepost.ledger.record import record
from duepost.signed import report_context, sign
from gateway.app import make_app
from gateway.patience import Patience
from sandbox.child import wait_until
from sandbox.ports import HOST
from tests.duepost.ledger.conftest import begun, outcome_of

KEY = "k" * 32
KINDS = {"kannel": "kannel", "twilio": "twilio", "gatewayapi": "gatewayapi", "peppol": "as4"}
ZONE = "Europe/Copenhagen"
ACCOUNT = "acme"


@dataclass(frozen=True)
class Served:
    """An application on a port of its own, and a session to call it with."""

    url: str
    app: FastAPI = field(repr=False)
    session: Session = field(repr=False)

    def call(self, method: str, path: str, key: str | None = None, **more: Any) -> Response:
        """One request; `key` goes as a bearer's."""
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **more.pop("headers", {})}
        return self.session.request(method, f"{self.url}{path}", headers=headers, timeout=30, **more)

    def get(self, address: str) -> Response:
        return self.session.get(address, timeout=10)

    def post(self, address: str, **body: object) -> Response:
        return self.session.post(address, timeout=10, **body)  # type: ignore[arg-type]

    def address(self, token: object, account: str = "kannel", *, signed_for: str | None = None) -> str:
        """Where a provider reports on a send."""
        return f"{self.url}/reports/{account}/{sign(str(token), KEY, report_context(signed_for or account))}"


Serve = Callable[..., Served]


@pytest.fixture(autouse=True)
def _no_proxy_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's environment says: servers of these tests are on this machine."""
    monkeypatch.setenv("NO_PROXY", HOST)
    monkeypatch.setenv("no_proxy", HOST)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a gateway on a ledger, with these settings beside."""
    started: list[tuple[uvicorn.Server, threading.Thread, Session]] = []

    def start(database_url: str, **settings: Any) -> Served:
        asked = {
            "database_url": SecretStr(database_url),
            "broker_url": SecretStr("redis://127.0.0.1:1/0"),
            "documents": str(tmp_path / "documents"),
            "lanes": {},
            **settings,
        }
        app = make_app(load_settings(**asked))
        config = uvicorn.Config(app, host=HOST, port=0, http=Patience, ws="none", log_config=None, server_header=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        session = Session()
        session.trust_env = False
        started.append((server, thread, session))
        assert wait_until(lambda: server.started, timedelta(seconds=30))
        port = server.servers[0].sockets[0].getsockname()[1]
        return Served(f"http://{HOST}:{port}", app, session)

    yield start
    for server, thread, session in started:
        session.close()
        server.should_exit = True
        thread.join(30)


@pytest.fixture
def gateway(serve: Serve, database_url: str, engine: Engine) -> Served:
    """A gateway on a ledger with the account `acme`, in Copenhagen."""
    with engine.begin() as connection:
        add_account(connection, ACCOUNT, ZONE)
    return serve(database_url)


MakeKey = Callable[..., str]


@pytest.fixture
def make_key(engine: Engine) -> MakeKey:
    """Makes a key that may do all, or what is said, of the account `acme` or another."""

    def make(*scopes: Scope, account: str = ACCOUNT, kind: str = "live", name: str | None = None) -> str:
        with engine.begin() as connection:
            add_account(connection, account, ZONE)
            made = add_key(
                connection,
                account,
                name=name or uuid4().hex,
                scopes=scopes or tuple(Scope),
                kind=kind,
                actor="test",
            )
        return made.secret

    return make


@pytest.fixture
def key(gateway: Served, make_key: MakeKey) -> str:  # noqa: ARG001 - its account must be there
    """A key that may do all."""
    return make_key()


@pytest.fixture
def listen(serve: Serve) -> Callable[[str], Served]:
    """Starts a gateway that takes reports, on this ledger."""
    providers = {
        "kannel": {"kind": "kannel", "url": "http://127.0.0.1:1/", "user": "u", "password": "p", "sender": "Acme"},
        "twilio": {"kind": "twilio", "sid": "AC1", "token": "t", "sender": "+4533445566"},
        "gatewayapi": {"kind": "gatewayapi", "token": "t", "sender": "Acme"},
        "peppol": {"kind": "http", "url": "http://127.0.0.1:1/"},
    }
    return lambda database_url: serve(database_url, reports_key=SecretStr(KEY), providers=providers)


@pytest.fixture
def door(listen: Callable[[str], Served], database_url: str) -> Served:
    return listen(database_url)


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

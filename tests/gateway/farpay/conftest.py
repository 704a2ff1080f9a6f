"""What does a billing app that speaks FarPay need? Its own key, and another base address."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from requests import Response
from sqlalchemy import Engine

from duepost.credentials import Scope
from duepost.ledger.begin import Begun
from duepost.ledger.keys import add_login
from duepost.ledger.record import record
from duepost.ledger.release import release
from duepost.statuses import Status
from tests.duepost.ledger.conftest import MINUTE, begin, outcome_of, to_begin
from tests.gateway.conftest import ACCOUNT, Served

KEY = "your-api-key"
SEND = {"Channel": "Email", "Status": "Queue", "ToAddress": "anna@customer.dk "}
INVOICE = {"InvoiceTypeCode": "PIE", "InvoiceNumber": "INV-001", "Currency": "dkk"}


@dataclass(frozen=True)
class Client:
    """A billing app, as `requests` would have it."""

    served: Served
    key: str = field(repr=False)

    def call(self, method: str, path: str, **more: Any) -> Response:
        headers = {"X-API-KEY": self.key, **more.pop("headers", {})}
        return self.served.call(method, f"/v2/invoices{path}", headers=headers, **more)

    def create(self, send: object = SEND, **changes: Any) -> dict[str, Any]:
        """The answer to a POST that has to succeed."""
        body = {**INVOICE, **({"Send": send} if send else {}), **changes}
        return ok(self.call("POST", "", json=body))

    def get(self, number: object) -> dict[str, Any]:
        return ok(self.call("GET", f"/{number}"))

    def listed(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", query).json()
        return found


def ok(answer: Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def message(answer: Response) -> tuple[int, str]:
    """Status and Message of an error, which has FarPay's form and nothing else."""
    said = answer.json()
    assert list(said) == ["Message", "CorrelationId", "Details"]
    assert said["CorrelationId"] == answer.headers["X-Request-Id"]
    return answer.status_code, said["Message"]


@pytest.fixture
def login(gateway: Served, engine: Engine) -> str:  # noqa: ARG001 - its account must be there
    """The key that FarPay gave the billing app, registered by the operator."""
    with engine.begin() as connection:
        add_login(connection, ACCOUNT, system="farpay", user="", secret=KEY, scopes=tuple(Scope), actor="test")
    return KEY


@pytest.fixture
def client(gateway: Served, login: str) -> Client:
    return Client(gateway, login)


Begin = Callable[..., list[Begun]]


@pytest.fixture
def hand_over(engine: Engine) -> Begin:
    """Puts what is due into a provider's hands."""

    def start(lane: str = "email") -> list[Begun]:
        with engine.begin() as connection:
            released = release(connection, lane, 100, MINUTE)
            found = begin(connection, [to_begin(one, released.lease) for one in released.ids])
            return [found[one] for one in released.ids]

    return start


@pytest.fixture
def deliver(engine: Engine, hand_over: Begin) -> Callable[..., int]:
    """What is due goes to a provider, who answers so; how many there were."""

    def end(to_status: Status = Status.SENT, **more: Any) -> int:
        sends = hand_over()
        with engine.begin() as connection:
            record(connection, [outcome_of(one, to_status=to_status, **more) for one in sends])
        return len(sends)

    return end


def ago(written: str) -> timedelta:
    """How long ago an instant was that an answer tells."""
    moment = datetime.fromisoformat(written)
    return datetime.now(moment.tzinfo) - moment

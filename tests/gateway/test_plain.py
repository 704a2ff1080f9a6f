"""Do plain sends go in without a thread, and everything else, or whatever goes wrong, the long way?"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text

from duepost.ledger.accept import NUDGE
from gateway import accepting, plain, taking
from gateway.service import Service
from gateway.taking import Result, Taking
from sandbox.child import wait_until
from tests.gateway.conftest import Served
from tests.gateway.test_sends import SEND, count

SOON = timedelta(seconds=10)


@pytest.fixture
def service(gateway: Served, key: str, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Of a gateway that has taken a send in, so that it remembers the account for as long as the test runs."""
    monkeypatch.setattr(taking, "MEMORY_SECONDS", 600.0)
    assert gateway.call("POST", "/v1/sends", key, json={**SEND, "InvoiceNumber": "first"}).status_code == 202
    found: Service = gateway.app.state.service
    found.taking.read_again()
    return found


@pytest.fixture
def long_way(service: Service, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Invoices that go the long way."""
    gone: list[str] = []
    take = type(service.taking).take

    def noted(self: Taking, group: Any) -> list[Result]:
        gone.extend(one.asked.send.invoice for one in group)
        return take(self, group)

    monkeypatch.setattr(Taking, "take", noted)
    return gone


def post(gateway: Served, key: str, **row: Any) -> Any:
    return gateway.call("POST", "/v1/sends", key, json={**SEND, **row})


def test_a_plain_send_goes_in_without_the_thread(
    gateway: Served, key: str, engine: Engine, long_way: list[str]
) -> None:
    assert post(gateway, key, InvoiceNumber="plain").status_code == 202
    assert (count(engine, "send"), long_way) == (2, [])


@pytest.mark.parametrize(
    ("row", "status"), [({"Run": "2026-11"}, 202), ({"ToAddress": "nobody"}, 422), ({"InvoiceNumber": "first"}, 200)]
)
def test_what_is_not_plain_goes_the_long_way(
    gateway: Served, key: str, long_way: list[str], row: dict[str, str], status: int
) -> None:
    assert post(gateway, key, **{"InvoiceNumber": "odd", **row}).status_code == status
    assert long_way == [row.get("InvoiceNumber", "odd")]


def test_a_key_makes_it_go_the_long_way_and_be_taken_once(gateway: Served, key: str, long_way: list[str]) -> None:
    headers = {"Idempotency-Key": "k1"}
    first, again = (gateway.call("POST", "/v1/sends", key, json=SEND, headers=headers) for _ in range(2))
    assert (first.status_code, first.json(), again.headers["Idempotent-Replayed"]) == (202, again.json(), "true")
    assert long_way == ["1001", "1001"]


def test_both_ways_write_the_same(gateway: Served, key: str, engine: Engine, long_way: list[str]) -> None:
    words = 'Æ "quoted", back\\slash,\ttab,\nnew line, {brace}, snow \N{SNOWMAN}, far \N{SMILING FACE WITH OPEN MOUTH}'
    row = {"Note": words, "FromName": 'Acme "A" \\', "ConfirmRead": True, "ScheduleSendDate": "2027-06-01 08:00"}
    for number in ("short", "long"):
        more = {"Run": "r"} if number == "long" else {}
        assert post(gateway, key, InvoiceNumber=number, **row, **more).status_code == 202
    assert set(long_way) == {"long"}
    columns = "channel, kind, to_address, note, options, scheduled_wall, scheduled_zone, scheduled_at, units, source"
    statement = f"""
        SELECT invoice, {columns}, status, due_at, lane, priority FROM send JOIN state ON send_id = id
        WHERE invoice IN ('short', 'long') ORDER BY invoice, to_address"""  # noqa: S608
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(statement))]
    long, short = rows
    assert long[1:] == short[1:]
    assert short[4] == words
    assert short[5]["sender_name"] == 'Acme "A" \\'


@pytest.mark.usefixtures("service")
def test_twins_in_one_group_are_one_send(gateway: Served, key: str, engine: Engine) -> None:
    with ThreadPoolExecutor(16) as threads:
        said = list(threads.map(lambda _: post(gateway, key, InvoiceNumber="twin"), range(32)))
    assert sorted(one.status_code for one in said) == [200] * 31 + [202]
    assert len({one.json()["id"] for one in said}) == 1
    assert count(engine, "send WHERE invoice = 'twin'") == 1


def test_a_connection_that_dies_costs_no_send(
    gateway: Served, key: str, engine: Engine, long_way: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "PAUSE_SECONDS", 0.0)
    post(gateway, key, InvoiceNumber="before")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'duepost gateway'"
    with engine.begin() as connection:
        assert connection.execute(text(end)).rowcount
    assert post(gateway, key, InvoiceNumber="after").status_code == 202
    assert post(gateway, key, InvoiceNumber="later").status_code == 202
    assert (count(engine, "send"), long_way) == (4, ["after"])


def test_the_scheduler_is_told_of_what_is_due_at_once(
    gateway: Served, key: str, database_url: str, long_way: list[str]
) -> None:
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as listening:
        listening.execute(f"LISTEN {NUDGE}")
        post(gateway, key, InvoiceNumber="later", ScheduleSendDate="2027-06-01 08:00")
        assert not list(listening.notifies(timeout=0.5))
        post(gateway, key, InvoiceNumber="now")
        assert len(list(listening.notifies(timeout=5, stop_after=1))) == 1
    assert not long_way


@pytest.mark.usefixtures("service")
def test_who_waits_too_long_is_told_and_the_send_is_taken_once(
    gateway: Served, key: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "PATIENCE_SECONDS", 0.5)
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE send IN ACCESS EXCLUSIVE MODE"))
        answer = post(gateway, key, InvoiceNumber="slow")
        assert (answer.status_code, "taken once" in answer.json()["message"]) == (503, True)
        assert answer.headers["Retry-After"]
    assert wait_until(lambda: count(engine, "send WHERE invoice = 'slow'") == 1, SOON)
    monkeypatch.setattr(accepting, "PATIENCE_SECONDS", 30.0)
    assert post(gateway, key, InvoiceNumber="slow").status_code == 200


def test_an_account_is_read_again_before_it_is_forgotten(
    gateway: Served, key: str, engine: Engine, service: Service
) -> None:
    post(gateway, key, InvoiceNumber="asks")
    with engine.begin() as connection:
        connection.execute(text("UPDATE account SET zone = 'America/New_York' WHERE name = 'acme'"))
    service.taking.read_again()
    said = post(gateway, key, InvoiceNumber="zone", ScheduleSendDate="2027-06-01 08:00").json()
    assert said["due_at"] == "2027-06-01T12:00:00+00:00"
    service.taking.read_again()
    service.taking.read_again()  # nobody has asked for it since
    assert "acme" not in service.taking.remembered().accounts


@pytest.mark.usefixtures("service")
def test_a_new_receiver_beside_a_known_one_is_answered_as_ever(gateway: Served, key: str) -> None:
    post(gateway, key, InvoiceNumber="several", ToAddress="old@b.dk")
    answer = post(gateway, key, InvoiceNumber="several", ToAddress="new@b.dk, old@b.dk")
    assert (answer.status_code, answer.json()["duplicate_of"]) == (202, None)
    assert [one["duplicate_of"] is None for one in answer.json()["also"]] == [False]


@pytest.mark.usefixtures("service")
def test_a_group_that_fails_is_told_and_the_next_one_is_taken(
    gateway: Served, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> list[Result]:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(Taking, "take", failing)
        answer = post(gateway, key, InvoiceNumber="fails", Run="r")
        assert (answer.status_code, "taken once" in answer.json()["message"]) == (503, True)
    assert post(gateway, key, InvoiceNumber="fails", Run="r").status_code == 202

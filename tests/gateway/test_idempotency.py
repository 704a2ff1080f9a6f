"""Does a repeated request get its first answer, whoever asks and whatever happened between?"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text

from duepost.ledger.idempotency import Repeat, claim, forget
from tests.gateway.conftest import MakeKey, Serve, Served
from tests.gateway.test_sends import SEND, count

KEY = {"Idempotency-Key": "month-end-7"}


def post(gateway: Served, key: str, row: Any = SEND, headers: Any = KEY) -> Any:
    return gateway.call("POST", "/v1/sends", key, json=row, headers=headers)


def test_the_same_key_gets_the_same_answer(gateway: Served, key: str, engine: Engine) -> None:
    first, again = post(gateway, key), post(gateway, key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert count(engine, "send") == 1


def test_it_survives_a_restart(serve: Serve, gateway: Served, key: str, database_url: str) -> None:
    first = post(gateway, key)
    assert post(serve(database_url), key).content == first.content


def test_another_body_under_the_same_key_is_refused(gateway: Served, key: str, engine: Engine) -> None:
    post(gateway, key)
    answer = post(gateway, key, {**SEND, "InvoiceNumber": "1002"})
    assert (answer.status_code, answer.json()["type"]) == (422, "ERR_KEY_REUSED")
    assert count(engine, "send") == 1


def test_a_key_is_its_accounts_own(gateway: Served, key: str, make_key: MakeKey) -> None:
    post(gateway, key)
    assert "Idempotent-Replayed" not in post(gateway, make_key(account="other")).headers


def test_a_refused_request_is_not_remembered(gateway: Served, key: str) -> None:
    assert post(gateway, key, {**SEND, "ToAddress": "nobody"}).status_code == 422
    assert post(gateway, key).status_code == 202


@pytest.mark.parametrize("wrong", ["x" * 256, "a b", "ø"])
def test_a_key_that_is_none_is_refused(gateway: Served, key: str, wrong: str) -> None:
    headers = {"Idempotency-Key": wrong.encode("latin-1")}
    assert post(gateway, key, headers=headers).status_code == 400


def test_of_twins_in_two_processes_one_wins(gateway: Served, key: str, engine: Engine) -> None:
    with engine.connect() as other, other.begin():
        account = other.execute(text("SELECT id FROM account WHERE name = 'acme'")).scalar_one()
        assert claim(other, [Repeat(account, "POST /v1/sends", KEY["Idempotency-Key"], b"\0" * 32)]) == [None]
        answer = post(gateway, key)
        assert (answer.status_code, answer.json()["type"]) == (409, "ERR_KEY_IN_USE")
        assert answer.headers["Retry-After"] == "1"
    assert post(gateway, key).status_code == 202


def test_of_many_twins_at_once_one_send_comes(gateway: Served, key: str, engine: Engine) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: post(gateway, key), range(32)))
    assert {one.status_code for one in answers} <= {202, 409}
    assert len({one.content for one in answers if one.status_code == 202}) == 1
    assert count(engine, "send") == count(engine, "idempotency") == 1


def test_after_a_day_the_key_is_new_again(gateway: Served, key: str, engine: Engine) -> None:
    post(gateway, key)
    with engine.begin() as connection:
        connection.execute(text("UPDATE idempotency SET created_at = now() - interval '24 hours 1 second'"))
    answer = post(gateway, key, {**SEND, "InvoiceNumber": "1002"})
    assert answer.status_code == 202
    with engine.begin() as connection:
        assert forget(connection) == 0
        connection.execute(text("UPDATE idempotency SET created_at = now() - interval '24 hours 1 second'"))
        assert forget(connection) == 1
    assert count(engine, "idempotency") == 0

"""Does a key open what it is for, for as long as it is to, and nothing else?"""

import logging
from typing import Any

import pytest
from sqlalchemy import Engine, text

from duepost.credentials import Scope, lookup_of
from duepost.errors import Refused
from duepost.ledger.keys import add_key, add_login, key_by, revoke
from gateway.callers import WRONG_TRIES, Keyring
from tests.gateway.conftest import MakeKey, Serve, Served
from tests.gateway.dialects import register
from tests.gateway.test_sends import SEND


def test_a_key_goes_as_a_bearers_or_as_x_api_key(gateway: Served, key: str) -> None:
    assert gateway.call("POST", "/v1/sends", key, json=SEND).status_code == 202
    assert gateway.call("POST", "/v1/sends", json=SEND, headers={"X-API-KEY": key}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer dp_live_aaaaaaaa_" + "a" * 40},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"X-API-KEY": "nothing"},
        {"X-API-KEY": "x" * 5000},
    ],
)
def test_without_a_key_nothing_opens(gateway: Served, headers: dict[str, str]) -> None:
    answer = gateway.call("POST", "/v1/sends", json=SEND, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (401, "ERR_UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_may_do_what_its_scopes_say(gateway: Served, make_key: MakeKey) -> None:
    reader = make_key(Scope.READ)
    answer = gateway.call("POST", "/v1/sends", reader, json=SEND)
    assert (answer.status_code, answer.json()["message"]) == (403, "this key may not send: it is for read")
    assert gateway.call("GET", "/v1/keys", reader).status_code == 403


def test_a_ledger_holds_no_key_that_opens(engine: Engine, make_key: MakeKey) -> None:
    secret = make_key()
    with engine.connect() as connection:
        row = str(connection.execute(text("SELECT * FROM api_key")).one())
    assert secret not in row
    assert secret.rpartition("_")[2] not in row


def test_an_app_has_two_keys_at_most_while_it_changes_over(engine: Engine, make_key: MakeKey) -> None:
    old, new = make_key(name="billing"), make_key(name="billing")
    with pytest.raises(Refused, match="revoke the older"):
        make_key(name="billing")
    with engine.begin() as connection:
        assert revoke(connection, str(lookup_of(old)), reason="rotated", actor="anna")
        assert not revoke(connection, str(lookup_of(old)), reason="rotated", actor="anna")
        assert key_by(connection, str(lookup_of(new)))
    make_key(name="billing")


def test_a_revoked_key_opens_nothing_after_some_seconds(engine: Engine, make_key: MakeKey) -> None:
    now = [0.0]
    keyring, secret = Keyring(engine, clock=lambda: now[0]), make_key()
    assert keyring.caller_of_key(secret)
    with engine.begin() as connection:
        revoke(connection, str(lookup_of(secret)), reason="lost", actor="anna")
    now[0] += 5.1
    assert keyring.caller_of_key(secret) is None


def test_a_login_of_another_system_opens(engine: Engine, make_key: MakeKey) -> None:
    make_key()  # the account
    with engine.begin() as connection:
        for system, user in (("saphety", "anna"), ("farpay", "")):
            add_login(connection, "acme", system=system, user=user, secret="p" * 8, scopes=[Scope.SEND], actor="anna")
        with pytest.raises(Refused):
            add_login(connection, "acme", system="saphety", user="anna", secret="q", scopes=[], actor="anna")
    keyring = Keyring(engine)
    found = keyring.caller_of_login("saphety", "anna", "p" * 8)
    assert found
    assert (found.account, found.scopes) == ("acme", frozenset({Scope.SEND}))
    assert keyring.caller_of_login("farpay", "", "p" * 8)
    assert keyring.caller_of_login("saphety", "anna", "wrong") is None
    assert keyring.caller_of_login("abillify", "anna", "p" * 8) is None
    assert keyring.caller_of_login("saphety", "bo", "p" * 8) is None


def test_a_login_is_not_guessed_by_trying(engine: Engine, make_key: MakeKey) -> None:
    make_key()
    with engine.begin() as connection:
        add_login(connection, "acme", system="abillify", user="u", secret="right", scopes=[Scope.SEND], actor="a")
    now = [0.0]
    keyring = Keyring(engine, clock=lambda: now[0])
    for number in range(WRONG_TRIES):
        assert keyring.caller_of_login("abillify", "u", f"wrong {number}") is None
    assert keyring.caller_of_login("abillify", "u", "right") is None, "not even looked at"
    now[0] += 61
    assert keyring.caller_of_login("abillify", "u", "right")


def test_others_guesses_lock_nobody_out_who_has_opened_before(engine: Engine, make_key: MakeKey) -> None:
    key = make_key()
    now = [0.0]
    keyring = Keyring(engine, clock=lambda: now[0])
    assert keyring.caller_of_key(key)
    for number in range(WRONG_TRIES):
        assert keyring.caller_of_key(f"{key[:-2]}{number:02}") is None
    now[0] += 6  # what is remembered of the key is too old now
    assert keyring.caller_of_key(key)
    assert keyring.caller_of_key(f"{key[:-2]}xy") is None


def test_no_log_and_no_answer_tells_a_key(gateway: Served, key: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    answers = [
        gateway.call("POST", "/v1/sends", key, json={**SEND, key: "x"}),
        gateway.call("POST", "/v1/sends", wrong, json=SEND),
    ]
    assert [one.status_code for one in answers] == [422, 401]
    ours = [record for record in caplog.records if not record.name.startswith("urllib3")]
    said = "".join(record.getMessage() for record in ours) + "".join(one.text for one in answers)
    assert key not in said
    assert wrong.rpartition("_")[2] not in said


def test_keys_are_managed_by_the_api(gateway: Served, key: str, make_key: MakeKey) -> None:
    made = gateway.call("POST", "/v1/keys", key, json={"name": "shop", "scopes": ["send"]})
    assert made.status_code == 201
    secret, lookup = made.json()["secret"], made.json()["key"]
    assert gateway.call("POST", "/v1/sends", secret, json=SEND).status_code == 202
    listed = gateway.call("GET", "/v1/keys", key)
    assert lookup in [one["key"] for one in listed.json()["keys"]]
    assert secret not in listed.text
    stranger = make_key(account="other")
    assert gateway.call("DELETE", f"/v1/keys/{lookup}", stranger).status_code == 404
    assert gateway.call("DELETE", "/v1/keys/nothing", key).status_code == 404
    assert gateway.call("DELETE", f"/v1/keys/{lookup}", key).status_code == 204
    assert lookup not in gateway.call("GET", "/v1/keys", stranger).text


@pytest.mark.parametrize(
    "asked",
    [{}, {"name": ""}, {"name": 1}, {"name": "x", "scopes": ["all"]}, {"name": "x", "scopes": []}, {"nam": "x"}],
)
def test_a_wrong_key_is_not_made(gateway: Served, key: str, asked: dict[str, Any]) -> None:
    assert gateway.call("POST", "/v1/keys", key, json=asked).status_code == 422


def test_a_key_that_asks_too_often_is_told_to_wait(serve: Serve, make_key: MakeKey, database_url: str) -> None:
    door = serve(database_url, gateway={"requests_per_second": 0.1, "burst_requests": 2})
    eager, other = make_key(), make_key()
    assert [door.call("GET", "/v1/keys", eager).status_code for _ in range(3)] == [200, 200, 429]
    assert int(door.call("GET", "/v1/keys", eager).headers["Retry-After"]) >= 5
    assert door.call("GET", "/v1/keys", other).status_code == 200


def test_add_key_wants_an_account_that_is_there(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(Exception, match="Account is unknown"):
        add_key(connection, "nobody", name="x", scopes=[Scope.SEND], kind="live", actor="a")


def test_a_login_of_the_list_is_revoked_by_its_name(gateway: Served, key: str, engine: Engine) -> None:
    register(engine, "acumulus", "288252/shop", "secret")
    named = next(one["key"] for one in gateway.call("GET", "/v1/keys", key).json()["keys"] if "shop" in one["key"])
    assert gateway.call("DELETE", f"/v1/keys/{named}", key).status_code == 204
    assert gateway.call("DELETE", f"/v1/keys/{named}", key).status_code == 404

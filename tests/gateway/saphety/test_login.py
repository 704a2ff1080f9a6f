"""Does a token come for a login, say what SIN's say, and open only what it is for and as long as it may?"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from requests import Response
from sqlalchemy import Engine

from duepost.credentials import Scope
from duepost.ledger.keys import key_by, revoke
from gateway.callers import Caller
from gateway.saphety.tokens import AUDIENCE, ISSUER, LIFE, key_named, token_for
from tests.gateway.conftest import MakeKey, Serve, Served
from tests.gateway.dialects import hold, register
from tests.gateway.saphety.conftest import DOCUMENT, PASSWORD, PREFIX, USER, GetToken, faults

SIGNING_KEY = "s" * 40


def document(gateway: Served, token: str, guid: str = DOCUMENT, scheme: str = "bearer") -> Response:
    path = f"{PREFIX}/OutboundFinancialDocument/{guid}"
    return gateway.call("GET", path, headers={"Authorization": f"{scheme} {token}"})


def test_a_token_says_what_sins_say(get_token: GetToken) -> None:
    answer = get_token()
    said = answer.json()
    claims = jwt.decode(said["Data"], options={"verify_signature": False})
    assert jwt.get_unverified_header(said["Data"]) == {"alg": "HS256", "typ": "JWT"}
    assert {"nameid", "unique_name", "system_admin", "session_id", "cp", "rl", "nbf", "exp", "iat", "iss", "aud"} < set(
        claims
    )
    assert (claims["nameid"], claims["unique_name"]) == (USER, USER)
    assert (claims["nbf"] - claims["iat"], claims["exp"] - claims["iat"]) == (0, 28_800)
    assert PASSWORD not in json.dumps(claims)


def test_the_envelope_is_sins_to_the_byte(get_token: GetToken) -> None:
    answer = get_token()
    said = answer.json()
    assert list(said) == ["CorrelationId", "IsValid", "Errors", "Data"]
    assert str(UUID(said["CorrelationId"])) == answer.headers["X-Request-Id"]
    assert answer.content == json.dumps(said, separators=(",", ":")).encode()
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("user", "password"),
    [(USER, "wrong"), ("nobody@x.dk", PASSWORD), ("a\0b", "x"), ("a\ud800b", "x"), (USER, "x" * 5000)],
)
def test_a_wrong_login_is_refused_with_200(get_token: GetToken, user: str, password: str) -> None:
    answer = get_token(user, password)
    assert faults(answer) == [("INVALID_AUTHENTICATION_DATA", "Username", [user.encode(errors="replace").decode()])]
    assert list(answer.json()["Errors"][0]) == ["Code", "Field", "Values"]


@pytest.mark.parametrize(
    ("user", "password", "missing"),
    [
        (None, "x", ["Username"]),
        ("", " ", ["Username", "Password"]),
        (USER, None, ["Password"]),
        ([], {}, ["Username", "Password"]),
    ],
)
def test_what_is_missing_is_named(get_token: GetToken, user: object, password: object, missing: list[str]) -> None:
    assert faults(get_token(user, password)) == [("REQUIRED_FILED_IS_EMPTY", name, []) for name in missing]


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b"[" * 60_000, b'{"Username": "a", "USERNAME": "b"}'])
def test_a_body_that_is_no_object_is_refused(get_token: GetToken, body: bytes) -> None:
    answer = get_token(data=body)
    assert (answer.status_code, answer.json()["IsValid"]) == (400, False)


@pytest.mark.parametrize(
    "path",
    [
        "/api/Account/getToken",
        "/API/account/GETTOKEN",
        "/Dcn.Business.WebApi/api/Account/getToken",
        "//api/Account/getToken",
        "/a/b%20c/api/Account/gettoken",
    ],
)
def test_any_prefix_and_any_case_will_do(get_token: GetToken, path: str) -> None:
    body = json.dumps({"USERNAME": USER, "password": PASSWORD}).encode()
    assert get_token(path=path, data=body).json()["IsValid"]


@pytest.mark.parametrize("path", ["/xapi/Account/getToken", "/api/Account/getToken/x", "/api/Accounts/getToken"])
def test_another_path_is_none_of_sins(get_token: GetToken, path: str) -> None:
    assert get_token(path=path).status_code == 404


@pytest.mark.usefixtures("held")
class TestAToken:
    def test_opens_in_any_case_of_its_scheme(self, gateway: Served, token: str) -> None:
        assert all(
            document(gateway, token, scheme=scheme).json()["IsValid"] for scheme in ("bearer", "Bearer", "BEARER")
        )

    def test_ends_with_its_login(self, gateway: Served, token: str, engine: Engine) -> None:
        assert document(gateway, token).status_code == 200
        with engine.begin() as connection:
            assert revoke(connection, f"saphety:{USER}", reason="test", actor="test")
        assert document(gateway, token).status_code == 401
        register(engine, "saphety", USER, PASSWORD)
        assert document(gateway, token).status_code == 401

    def test_is_got_by_a_key_of_ours_and_does_what_that_may(
        self, gateway: Served, get_token: GetToken, make_key: MakeKey, key: str
    ) -> None:
        sender = make_key(Scope.SEND)
        assert document(gateway, get_token("whoever", sender).json()["Data"]).status_code == 403
        assert document(gateway, get_token("whoever", key).json()["Data"]).status_code == 200
        assert document(gateway, key).status_code == 200

    def test_opens_its_own_account_alone(self, gateway: Served, get_token: GetToken, make_key: MakeKey) -> None:
        other = make_key(account="other")
        theirs = hold(gateway, other, "FT-1")["guid"]
        ours = get_token().json()["Data"]
        unknown = "00000000-0000-4000-8000-000000000000"
        assert [faults(document(gateway, ours, guid)) for guid in (theirs, unknown)] == [
            [("DOCUMENT_NOT_FOUND", "OutboundFinancialDocumentId", [guid])] for guid in (theirs, unknown)
        ]

    def test_may_be_another_systems_that_is_registered(self, gateway: Served, engine: Engine) -> None:
        assert document(gateway, "a.b.c").status_code == 401
        register(engine, "saphety", "", "a.b.c")
        assert document(gateway, "a.b.c").status_code == 200


@pytest.fixture
def signing(serve: Serve, database_url: str, held: dict[str, Any]) -> Served:  # noqa: ARG001 - it has to be there
    """A gateway whose key for tokens is known."""
    return serve(database_url, gateway={"token_key": SIGNING_KEY})


@pytest.fixture
def caller(get_token: GetToken, engine: Engine) -> Caller:  # noqa: ARG001 - it has registered the login
    with engine.connect() as connection:
        found = key_by(connection, f"saphety:{USER}")
    assert found
    return Caller(found.id, found.account_id, "acme", found.zone, found.scopes, "live", found.name, found.lookup)


def test_a_token_ends_after_eight_hours(signing: Served, caller: Caller) -> None:
    now = datetime.now(UTC)
    young = token_for(SIGNING_KEY, caller, USER, now - LIFE + timedelta(minutes=5))
    assert document(signing, young).status_code == 200
    answer = document(signing, token_for(SIGNING_KEY, caller, USER, now - LIFE))
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json()["Errors"][0]["Code"] == "INVALID_AUTHENTICATION_DATA"
    token = token_for(SIGNING_KEY, caller, USER, now)
    assert key_named(SIGNING_KEY, token, now + LIFE - timedelta(seconds=2))
    assert key_named(SIGNING_KEY, token, now + LIFE) is None
    assert key_named(SIGNING_KEY, token, now - timedelta(seconds=2)) is None


def test_a_token_that_is_not_ours_opens_nothing(signing: Served, caller: Caller) -> None:
    good = token_for(SIGNING_KEY, caller, USER, datetime.now(UTC))
    claims = jwt.decode(good, SIGNING_KEY, ["HS256"], audience=AUDIENCE, issuer=ISSUER)
    head, body, mark = good.split(".")
    wrong = [
        jwt.encode(claims, "x" * 40, "HS256"),
        jwt.encode(claims, SIGNING_KEY * 2, "HS512"),
        jwt.encode(claims, "", "none"),
        jwt.encode({**claims, "iss": "https://www.saphety.com/"}, SIGNING_KEY),
        jwt.encode({**claims, "aud": "another"}, SIGNING_KEY),
        jwt.encode({**claims, "sub": "1"}, SIGNING_KEY),
        jwt.encode({**claims, "sub": f"{caller.key_id + 1} {caller.lookup}"}, SIGNING_KEY),
        jwt.encode({**claims, "exp": "soon"}, SIGNING_KEY),
        jwt.encode({name: value for name, value in claims.items() if name != "exp"}, SIGNING_KEY),
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{mark}x",
        "garbage",
        "..",
        "e30.e30.e30",
        "dp_live_aaaaaaaa_" + "a" * 40,
    ]
    assert document(signing, good).status_code == 200
    assert {one: document(signing, one).status_code for one in wrong} == dict.fromkeys(wrong, 401)
    assert signing.call("GET", f"{PREFIX}/OutboundFinancialDocument/{DOCUMENT}").status_code == 401


def test_two_processes_share_their_tokens(
    serve: Serve, database_url: str, signing: Served, get_token: GetToken
) -> None:
    get_token()
    answer = signing.call("POST", "/api/Account/getToken", json={"Username": USER, "Password": PASSWORD})
    second = serve(database_url, gateway={"token_key": SIGNING_KEY})
    assert document(second, answer.json()["Data"]).status_code == 200


def test_no_log_says_who_calls(
    gateway: Served, get_token: GetToken, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    get_token(password="wrong-one")
    document(gateway, token)
    assert [word for word in (USER, PASSWORD, "wrong-one", token) if word in caplog.text] == []
    assert "a wrong secret for key" in caplog.text


def test_too_many_calls_are_told_when_to_come_again(serve: Serve, database_url: str, key: str) -> None:
    gateway = serve(database_url, gateway={"requests_per_second": 0.001, "burst_requests": 1})
    first, second = (document(gateway, key) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.json()["Errors"][0]["Code"] == "TOO_MANY_REQUESTS"
    assert int(second.headers["Retry-After"]) > 0


def test_while_the_ledger_is_away_the_caller_is_asked_to_come_again(serve: Serve) -> None:
    away = serve("postgresql+psycopg://127.0.0.1:1/away")
    answer = away.call("POST", "/api/Account/getToken", json={"Username": USER, "Password": PASSWORD})
    assert (answer.status_code, answer.json()["Errors"][0]["Code"]) == (503, "TRY_LATER")
    assert answer.headers["Retry-After"]

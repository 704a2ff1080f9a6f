"""POST …/api/Account/getToken, and who calls with the token that it gave?"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import SecretStr
from starlette.responses import Response

from duepost.credentials import Scope, lookup_of
from gateway.callers import Caller, allowed, secret_of
from gateway.own_words import Body
from gateway.problems import Problem
from gateway.saphety.envelope import EMPTY, Fault, Refusal, Sin, said
from gateway.saphety.folding import folded
from gateway.saphety.tokens import key_named, token_for
from gateway.service import service_of

router = APIRouter(route_class=Sin, include_in_schema=False)

SYSTEM = "saphety"
CHALLENGE = {"WWW-Authenticate": "Bearer"}


@router.post("/api/account/gettoken")
@router.post("/{prefix:path}/api/account/gettoken")
def get_token(request: Request, body: Body) -> Response:
    """A token of eight hours for a login, or for a key of ours in its password's place."""
    fields = folded(body)
    user, password = fields.get("username"), fields.get("password")
    missing = [
        name
        for name, value in (("Username", user), ("Password", password))
        if not (isinstance(value, str) and value.strip())
    ]
    if missing:
        raise Refusal([Fault(EMPTY, name) for name in missing])
    user, password = str(user).strip(), str(password)
    service = service_of(request)
    caller = service.keyring.caller_of_login(SYSTEM, user, password)
    if caller is None:
        raise Refusal([Fault("INVALID_AUTHENTICATION_DATA", "Username", (user,))])
    service.limits.take(caller.key_id)
    return said(request, token_for(_signing_key(request), caller, user, datetime.now(UTC)))


def _caller_with(scope: Scope) -> Callable[[Request], Caller]:
    def known(request: Request) -> Caller:
        caller = _caller(request)
        if caller is None:
            raise Problem(401, "the token is missing, has ended or opens nothing: get another", headers=CHALLENGE)
        return allowed(request, scope, caller)

    return known


def _caller(request: Request) -> Caller | None:
    """By a token of ours, by a key of ours in its place, or by a token of another's that is registered as a login."""
    shown = secret_of(request)
    if shown is None:
        return None
    keyring = service_of(request).keyring
    if lookup_of(shown):
        return keyring.caller_of_key(shown)
    named = key_named(_signing_key(request), shown, datetime.now(UTC))
    return keyring.caller_of_id(*named) if named else keyring.caller_of_login(SYSTEM, "", shown)


def _signing_key(request: Request) -> str:
    key: SecretStr = request.app.state.token_key
    return key.get_secret_value()


Sender = Annotated[Caller, Depends(_caller_with(Scope.SEND))]
Reader = Annotated[Caller, Depends(_caller_with(Scope.READ))]

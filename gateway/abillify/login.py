"""Who calls with Abillify's HTTP Basic credentials?"""

import base64
import binascii
from typing import Annotated

from fastapi import Depends, Request

from duepost.credentials import Scope
from gateway.callers import Caller, Keyring, allowed
from gateway.problems import Detail, Problem
from gateway.service import service_of

SYSTEM = "abillify"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="duepost", charset="UTF-8"'}


def _sender(request: Request) -> Caller:
    """Raises: Problem 401, 403, 429."""
    caller = _caller(service_of(request).keyring, request.headers.get("authorization", ""))
    if caller is None:
        message = "user and password are missing or open nothing"
        raise Problem(401, message, [Detail(message, ["Authorization"], "send them by HTTP Basic")], headers=CHALLENGE)
    return allowed(request, Scope.SEND, caller)


def _caller(keyring: Keyring, header: str) -> Caller | None:
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        shown = base64.b64decode(given.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    try:
        login = shown.decode()
    except UnicodeDecodeError:
        login = shown.decode("latin-1")  # as many clients write what is not ASCII
    user, colon, password = login.partition(":")
    return keyring.caller_of_login(SYSTEM, user, password) if colon else None


Sender = Annotated[Caller, Depends(_sender)]

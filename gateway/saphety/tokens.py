"""What does a token of Saphety's dialect say, and whose is one that comes back?

An HS256 JWT with the claims of SIN's own; issuer and audience are duepost's. Its subject names the key that it was got
with, so that the token ends with that key.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt

from gateway.callers import Caller

LIFE = timedelta(hours=8)
ISSUER = "duepost"
AUDIENCE = "duepost/saphety"
ALGORITHM = "HS256"
OURS_TO_CHECK = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}  # by the clock that is given
NEEDED = ["exp", "nbf", "iat", "iss", "aud", "sub"]


def token_for(key: str, caller: Caller, user: str, now: datetime) -> str:
    """A token for the caller. now: aware."""
    issued = int(now.timestamp())
    claims = {
        "nameid": user,
        "unique_name": user,
        "system_admin": "False",
        "session_id": str(uuid4()),
        "cp": user,
        "rl": "Developer",
        "sub": f"{caller.key_id} {caller.lookup}",
        "nbf": issued,
        "exp": issued + int(LIFE.total_seconds()),
        "iat": issued,
        "iss": ISSUER,
        "aud": AUDIENCE,
    }
    return jwt.encode(claims, key, ALGORITHM)


def key_named(key: str, token: str, now: datetime) -> tuple[int, str] | None:
    """Number and lookup of the key that the token was got with; None for one that is not ours, or has ended."""
    options: Any = {**OURS_TO_CHECK, "require": NEEDED}
    try:
        claims = jwt.decode(token, key, [ALGORITHM], options, audience=AUDIENCE, issuer=ISSUER)
        if not int(claims["nbf"]) <= now.timestamp() < int(claims["exp"]):
            return None
        number, _, lookup = str(claims["sub"]).partition(" ")
        return int(number), lookup
    except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError):
        return None

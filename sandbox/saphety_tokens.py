"""Which tokens has the sandbox's Saphety given out, and which does it still take?"""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count

KEY = b"of the sandbox"
HEAD = {"alg": "HS256", "typ": "JWT"}


class TokenDesk:
    """HS256 tokens of this life. clock: by which they end."""

    def __init__(self, life: timedelta, clock: Callable[[], datetime]) -> None:
        self.life = life
        self._clock = clock
        self._numbers = count(1)
        self._revoked: set[str] = set()
        self.given: list[str] = []

    def give(self, user: str) -> str:
        """A new one."""
        issued = int(self._clock().timestamp())
        claims = {
            "nameid": user,
            "unique_name": user,
            "system_admin": "False",
            "session_id": str(next(self._numbers)),
            "nbf": issued,
            "exp": issued + int(self.life.total_seconds()),
            "iat": issued,
            "iss": "https://www.saphety.com/",
            "aud": "https://www.saphety.com/DcnSandbox",
        }
        signed = f"{_part(json.dumps(HEAD).encode())}.{_part(json.dumps(claims).encode())}"
        token = f"{signed}.{_sign(signed)}"
        self.given.append(token)
        return token

    def takes(self, token: str) -> bool:
        """True for one of its own that has not ended."""
        signed, _, signature = token.rpartition(".")
        if token in self._revoked or not hmac.compare_digest(signature.encode(), _sign(signed).encode()):
            return False
        claims = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
        return bool(claims["exp"] > self._clock().timestamp())

    def revoke(self) -> None:
        """Take none any longer of those that were given."""
        self._revoked.update(self.given)


def _part(words: bytes) -> str:
    return base64.urlsafe_b64encode(words).rstrip(b"=").decode()


def _sign(signed: str) -> str:
    return _part(hmac.new(KEY, signed.encode(), sha256).digest())

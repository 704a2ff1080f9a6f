"""Which token does an account at Saphety's invoice network (SIN) call with, and when is a new one fetched?

A token's life is nowhere promised (8 hours in one sample of the vendor's, 69 days in others), so its own `exp` is read,
without proof of its signature, which only SIN can give; a 401 before then fetches a new one as well.
"""

import json
import threading
from base64 import urlsafe_b64decode
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from worker.providers.port import Outcome

EARLY = timedelta(minutes=5)  # before its end a token is renewed, or a tenth of its life where that is less
TOKENS_HIDDEN = 8  # an answer may quote one that was renewed meanwhile


class Tokens:
    """The token of one account in one process, for any number of threads: one login serves all that wait for it.

    login: fetches one, or says why there is none, within a limit of its own.
    """

    def __init__(self, login: Callable[[], str | Outcome], now: Callable[[], datetime]) -> None:
        self._login = login
        self._now = now
        self._lock = threading.Lock()
        self._logins = 0
        self._last: str | Outcome | None = None
        self._renew_at: datetime | None = None
        self._known: deque[str] = deque(maxlen=TOKENS_HIDDEN)

    def current(self, refused: str | None = None) -> str | Outcome:
        """One to call with; a new one when it is `refused` or near its end. An Outcome says why there is none."""
        seen = self._logins
        with self._lock:
            if self._logins != seen and self._last is not None:
                return self._last  # of a login that ended while this thread waited: good or bad, it is ours as well
            if isinstance(self._last, str) and self._last != refused and not self._is_old():
                return self._last
            self._last = self._login()
            self._logins += 1
            if isinstance(self._last, str):
                self._known.append(self._last)
                self._renew_at = renewal(self._last, self._now())
            return self._last

    @property
    def known(self) -> tuple[str, ...]:
        """The newest ones, which no answer may show."""
        return tuple(self._known)

    def _is_old(self) -> bool:
        return self._renew_at is not None and self._now() >= self._renew_at


def renewal(token: str, now: datetime) -> datetime | None:
    """When a token that came now is to be renewed; None when it does not say its end, or by our clock has passed it."""
    try:
        claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
        end = datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (ValueError, LookupError, TypeError, OverflowError, OSError, RecursionError):
        return None
    return end - min(EARLY, (end - now) / 10) if end > now else None

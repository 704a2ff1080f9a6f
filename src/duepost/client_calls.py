"""Which requests to the gateway are repeated, how long after, and until when?"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from requests import Request

from duepost.client_errors import error_of, word_of
from duepost.client_wire import Answer, Broken, Wire
from duepost.errors import TryLater, Unexpected

WAITS_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)  # after the 1st, 2nd … try; the last one repeats
LONGEST_WAIT_SECONDS = 30.0  # a Retry-After beyond is the caller's to obey
AGAIN = frozenset({429, 503})
KEY_IN_USE = "ERR_KEY_IN_USE"


@dataclass(frozen=True)
class Calls:
    """Makes calls over one wire. seconds: for one call with all its tries and waits."""

    wire: Wire
    seconds: float
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer, when it is a success. The same request, headers and all, goes out again after a lost connection,
        429, 503, and 409 while a request under its Idempotency-Key is under way; after nothing else.

        Raises: what client_errors.error_of makes of the answer; TryLater when the time is up; Unexpected.
        """
        request = Request(method, self.wire.url + path, params=query, data=body, headers=dict(headers or {}))
        until = self.clock() + self.seconds
        tried = 0
        while True:
            found = self.wire.ask(request, until - self.clock())
            tried += 1
            if isinstance(found, Answer) and found.status < 300:
                return found
            wait = _wait(found, tried)
            if wait is None or self.clock() + wait >= until:
                raise _error(found, self.wire.url, self.seconds)
            self.sleep(wait)


def _wait(found: Answer | Broken, tried: int) -> float | None:
    """Seconds until it may go out again; None when it may not. Never sooner than the answer says."""
    usual = WAITS_SECONDS[min(tried, len(WAITS_SECONDS)) - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - spreads callers
    if isinstance(found, Broken):
        return usual if found.again else None
    if found.status in AGAIN or (found.status == 409 and word_of(found) == KEY_IN_USE):
        said = retry_after(found.headers.get("Retry-After"), datetime.now(UTC))
        if said is None:
            return usual
        return max(said, usual) if said <= LONGEST_WAIT_SECONDS else None
    return None


def retry_after(said: str | None, now: datetime) -> float | None:
    """Seconds from now that the header names, as a number or as a date; None when it names none."""
    if said is None:
        return None
    if said.strip().isascii() and said.strip().isdecimal():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)


def _error(found: Answer | Broken, url: str, seconds: float) -> Exception:
    if isinstance(found, Answer):
        return error_of(found)
    if found.again:
        return TryLater(f"the gateway at {url}: {found.why} within {seconds:g} s; repeat it: nothing is taken twice")
    return Unexpected(f"the gateway at {url}: {found.why}")

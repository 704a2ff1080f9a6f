"""How many requests may one key make?"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from gateway.problems import Problem

KNOWN = 10_000  # keys counted at once; the fullest are forgotten first, which counts for the caller


@dataclass
class Limits:
    """A token bucket for each key, of this process."""

    per_second: float
    burst: int
    clock: Callable[[], float] = monotonic
    _buckets: dict[object, tuple[float, float]] = field(default_factory=dict)
    _alone: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, key: object) -> None:
        """Count one request. Raises: Problem 429, which says when the next may come."""
        now = self.clock()
        with self._alone:
            tokens, since = self._buckets.get(key, (float(self.burst), now))
            tokens = min(float(self.burst), tokens + (now - since) * self.per_second)
            if tokens >= 1:
                if len(self._buckets) >= KNOWN and key not in self._buckets:
                    self._buckets.clear()
                self._buckets[key] = (tokens - 1, now)
                return
            self._buckets[key] = (tokens, now)
        wait = max(1, math.ceil((1 - tokens) / self.per_second))
        raise Problem(429, f"this key makes too many requests: wait {wait} s", headers={"Retry-After": str(wait)})

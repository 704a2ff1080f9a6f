"""How many units may a provider account be given, by all processes together?

One token bucket in Valkey for each account, as GCRA keeps it: when the bucket will be full again, and when that was
written. It runs on Valkey's clock, so the machines' own clocks need not agree; where that clock is set back, the bucket
goes back with it.
"""

import logging
import threading
import time
from datetime import timedelta
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0  # a turn that comes sooner is reserved and waited for in the sending thread
BLIND = timedelta(seconds=5)  # when Valkey is away: a limit is a promise, so nothing goes
ANSWERS_WITHIN = 5.0  # seconds
KOMBUS, REDIS_PYS = "redis+socket://", "unix://"  # names of one scheme

# KEYS[1]: the account's; ARGV: seconds a unit, units at once, units wanted, the longest wait. Answers how many seconds
# to wait for the turn that is now reserved, or minus the wait when it is longer than that: then nothing is reserved. Of
# a turn the first unit is judged: were all of them, sends of one unit would pass one of many for ever. The others are
# waited for, too, as far as they come within the longest wait once more; the rest is owed, and those after wait longer.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local each, burst, wanted, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local full, written = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%S+)$')
full, written = tonumber(full or now), tonumber(written or now)
full = math.max(full - math.max(written - now, 0), now)
local turn = math.max(full + (1 - burst) * each - now, 0)
if turn > patience then return tostring(-turn) end
local held = math.min(wanted, burst, 1 + math.floor(patience / each))
local wait = math.max(full + (held - burst) * each - now, 0)
full = full + wanted * each
redis.call('SET', KEYS[1], string.format('%.6f %.6f', full, now), 'PX', math.ceil((full - now) * 1000) + 1000)
return tostring(wait)
"""


class Quota:
    """The bucket of one provider account; every method may be called from any thread.

    A send of many units waits for its turn no longer than one of a single unit. One of more units than the bucket holds
    takes a full one, and those after it wait the longer.
    """

    def __init__(self, url: str, account: str, *, per_second: float, burst: int, stopping: threading.Event) -> None:
        self._client: Redis = Redis.from_url(
            url.replace(KOMBUS, REDIS_PYS), socket_timeout=ANSWERS_WITHIN, socket_connect_timeout=ANSWERS_WITHIN
        )
        self._take: Any = self._client.register_script(TAKE)
        self._key = f"duepost:quota:{account}"
        self._each = 1 / per_second
        self._burst = burst
        self._stopping = stopping

    def wait(self, units: int) -> timedelta | None:
        """Wait for a turn that comes soon and take it: None. Else how long to wait, and nothing is taken."""
        try:
            answer = self._take(keys=[self._key], args=[self._each, self._burst, units, PATIENCE_SECONDS])
        except RedisError as trouble:
            log.warning("quota of %s: Valkey does not answer (%s); its sends wait", self._key, type(trouble).__name__)
            return BLIND
        seconds = float(answer)
        if seconds < 0:
            return timedelta(seconds=-seconds)
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            if self._stopping.wait(left):
                return timedelta(seconds=left)
        return None

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

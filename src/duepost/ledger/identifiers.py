"""How is the id of a send made?"""

import secrets
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): milliseconds since 1970, then a number that only grows within the process.

    Ids of one process sort in the order they were made, so that a million inserts fill the index from the right.
    """
    global _last  # noqa: PLW0603 - the order of ids is a fact of the whole process
    fresh = time.time_ns() // 1_000_000 << 74 | secrets.randbits(73)
    with _lock:
        # Below the clock: a random number, fresh each millisecond, counted up within it or while the clock stands.
        _last = fresh if fresh >> 74 > _last >> 74 else _last + 1 + (fresh & 0xFFFF)
        stamp = _last
    milliseconds, rest = stamp >> 74, stamp & (1 << 74) - 1
    return UUID(int=milliseconds << 80 | 7 << 76 | rest >> 62 << 64 | 2 << 62 | rest & (1 << 62) - 1)

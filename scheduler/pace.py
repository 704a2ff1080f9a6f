"""How many sends of a lane may be handed out now, when its provider account takes only so many a second?

What is handed out faster than the provider takes it would wait in the lane's queue until its lease ends. The exact
limit is kept by the workers; this only keeps the queue short.
"""

from collections.abc import Callable

LEASES = 0.25  # of a release lease: what a queue holds at most, in time


class Pace:
    """Counts units for the lanes of one scheduler process. clock: monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lanes: dict[str, tuple[float, float]] = {}  # name -> units left, and when that was

    def room(self, lane: str, per_second: float, lease_seconds: float) -> int:
        """Sends that may be handed out; below 1 none."""
        most = max(per_second * lease_seconds * LEASES, 1.0)
        left, at = self._lanes.get(lane, (most, self._clock()))
        now = self._clock()
        left = min(left + (now - at) * per_second, most)
        self._lanes[lane] = left, now
        return int(left)

    def used(self, lane: str, units: int) -> None:
        """So many were handed out."""
        left, at = self._lanes[lane]
        self._lanes[lane] = left - units, at

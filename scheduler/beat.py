"""What happens at which minute? In UTC, so that no clock change leaves a gap."""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

from config.names import CONTROL_QUEUE, PRINT_RUNS, RELEASE

# The tick waits for a releaser that is just ending its minute; a nudge finds that one at work and leaves.
PATIENCE_SECONDS = 10

A_MINUTE = 60


def beat_schedule(tick_seconds: int = A_MINUTE, *, print_runs: bool = False) -> dict[str, Any]:
    """Each full minute, or each so many seconds. A tick that nobody took before the next one is worthless.

    print_runs: whether any lane has them.
    """
    every_minute = tick_seconds == A_MINUTE
    entry = {
        "schedule": crontab() if every_minute else timedelta(seconds=tick_seconds),
        "options": {"queue": CONTROL_QUEUE, "expires": max(tick_seconds * 5 // 6, 1)},
    }
    release = {"release": {"task": RELEASE, "args": (PATIENCE_SECONDS,), **entry}}
    return {**release, "print runs": {"task": PRINT_RUNS, **entry}} if print_runs else release

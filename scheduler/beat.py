"""What happens at which minute? In UTC, so that no clock change leaves a gap."""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

from config.names import CONTROL_QUEUE, RELEASE

# The tick waits for a releaser that is just ending its minute; a nudge finds that one at work and leaves.
PATIENCE_SECONDS = 10

A_MINUTE = 60


def beat_schedule(tick_seconds: int = A_MINUTE) -> dict[str, Any]:
    """Each full minute, or each so many seconds. A tick that nobody took before the next one is worthless."""
    every_minute = tick_seconds == A_MINUTE
    return {
        "release": {
            "task": RELEASE,
            "schedule": crontab() if every_minute else timedelta(seconds=tick_seconds),
            "args": (PATIENCE_SECONDS,),
            "options": {"queue": CONTROL_QUEUE, "expires": max(tick_seconds * 5 // 6, 1)},
        },
    }

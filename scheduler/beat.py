"""What happens at which minute? In UTC, so that no clock change leaves a gap."""

from celery.schedules import crontab

from config.names import CONTROL_QUEUE, RELEASE

# The tick waits for a releaser that is just ending its minute; a nudge finds that one at work and leaves.
PATIENCE_SECONDS = 10

# A tick that nobody took within 50 s is worthless: the next one does its work.
BEAT_SCHEDULE = {
    "release": {
        "task": RELEASE,
        "schedule": crontab(),
        "args": (PATIENCE_SECONDS,),
        "options": {"queue": CONTROL_QUEUE, "expires": 50},
    },
}

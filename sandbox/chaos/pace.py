"""At what pace does a drill's duepost work, and with what lanes? Seconds in the place of minutes."""

from collections.abc import Mapping
from datetime import timedelta

LANES = ("email", "sms", "asked")
FAST = timedelta(seconds=20)
CALM = timedelta(seconds=60)  # within which everything is settled once the trouble is over
USER, PASSWORD = "invoices", "hemmelig"
DELAY_MS = "30"  # of each counterpart, so that something is in its hands when the trouble comes
RELAYS = "sandbox.link"

# Seconds in the place of minutes; everything else is as in production.
SETTINGS: Mapping[str, str] = {
    "DUEPOST_TICK_SECONDS": "2",
    "DUEPOST_RELEASE_LEASE_SECONDS": "4",
    "DUEPOST_RECORD_SECONDS": "4",
    "DUEPOST_RETRY__WAITS_SECONDS": "[0.5, 1, 1, 2, 2]",
    "DUEPOST_RETRY__THROTTLED_SECONDS": "1",
    "DUEPOST_RETRY__CREDENTIALS_SECONDS": "1",
    "DUEPOST_PROVIDERS__SMTP__USER": USER,
    "DUEPOST_PROVIDERS__SMTP__PASSWORD": PASSWORD,
    "DUEPOST_PROVIDERS__SMTP__COMMAND_SECONDS": "2",
    "DUEPOST_PROVIDERS__SMTP__FINAL_DOT_SECONDS": "2",
    "DUEPOST_PROVIDERS__HTTP__KIND": "http",
    "DUEPOST_PROVIDERS__HTTP__BEARER": PASSWORD,
    "DUEPOST_PROVIDERS__HTTP__TOTAL_SECONDS": "2",
    "DUEPOST_PROVIDERS__HTTP__ON_UNKNOWN": "resend",
    "DUEPOST_PROVIDERS__ASKED__KIND": "http",
    "DUEPOST_PROVIDERS__ASKED__TOTAL_SECONDS": "2",
    "DUEPOST_PROVIDERS__ASKED__ON_UNKNOWN": "resolve",
    **{
        f"DUEPOST_PROVIDERS__{account}__{name}": value
        for account in ("SMTP", "HTTP", "ASKED")
        for name, value in (("WIDTH", "4"), ("CIRCUIT_FAILURES", "5"), ("CIRCUIT_PROBE_SECONDS", "1"))
    },
    **{
        f"DUEPOST_LANES__{lane.upper()}__{name}": value
        for lane, channel, account in zip(LANES, ("email", "sms", "sms"), ("smtp", "http", "asked"), strict=True)
        for name, value in (("CHANNEL", channel), ("PROVIDER", account), ("ORDER_SIZE", "5"))
    },
}

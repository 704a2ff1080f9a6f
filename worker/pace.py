"""May the provider account be called for this send now, or how much later?

Waiting for its time is no attempt: nothing is written but when to look again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from duepost.ledger.orders import Leased
from duepost.quiet import QuietHours, next_allowed
from worker.quota import Quota


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """What makes a send of one lane wait."""

    quota: Quota | None = None
    quiet: QuietHours | None = None
    now: Callable[[], datetime] = _utc_now

    def wait(self, send: Leased) -> timedelta | None:
        """None when it may go now; a turn that comes soon is waited for here."""
        if self.quiet:
            now = self.now()
            later = next_allowed(send.to_address, now, send.zone, self.quiet)
            if later:
                return later - now
        return self.quota.wait(send.units) if self.quota else None

"""Where can a process be made to die, to prove what is left behind?

A drill sets DUEPOST_CRASH_AT; the settings refuse it outside the sandbox. Nobody else ever arms it.
"""

import os
import signal
from collections.abc import Callable

# point -> what has just happened, or is just about to
POINTS = {
    "accepted": "a door has committed",
    "published": "a scheduler has put an order into a queue",
    "claimed": "a worker has read its order",
    "begun": "the begin is committed",
    "before_send": "the provider is about to be called",
    "after_send": "the provider has answered",
    "before_record": "the outcome is about to be recorded",
    "recorded": "the outcome is committed",
}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)  # as a crash would: nothing is tidied up


_armed: tuple[str, str] | None = None


def arm(crash_at: str | None) -> None:
    """Die at this point, `POINT` or `POINT:INVOICE`; None disarms."""
    global _armed  # noqa: PLW0603 - a process dies whole
    point, _, invoice = (crash_at or "").partition(":")
    _armed = (point, invoice) if point else None


def reached(point: str, invoice: str = "", *, die: Callable[[], None] = _die) -> None:
    """The process is at this point, with a send of this invoice where it knows of one."""
    if _armed is not None and _armed[0] == point and _armed[1] in {"", invoice}:
        die()

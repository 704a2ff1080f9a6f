"""What follows from an outcome: which status, and when is the next attempt?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from duepost.ledger.unknown import UnknownPolicy
from duepost.reasons import Reason
from duepost.sends import Channel
from duepost.statuses import Status
from worker.providers.port import Outcome, Verdict

HASTY = 3  # attempts of which the provider may say that the next is to be soon; after them our own schedule holds
SOONEST = timedelta(seconds=1)  # a provider that says "at once" (Retry-After: 0) is not asked in a loop


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`waits[n-1]` follows attempt n, the last one repeats, each multiplied by 1 ± jitter.

    Giving up goes by the clock, not by a count: `give_up` after the send was first due.
    """

    waits: tuple[timedelta, ...]
    jitter: float
    throttled: timedelta
    credentials: timedelta
    give_up: Mapping[Channel, timedelta]


@dataclass(frozen=True, slots=True)
class Following:
    """`wait` is None when nothing more happens by itself; `counted` is False when the attempt does not count."""

    status: Status
    wait: timedelta | None
    counted: bool
    reason: Reason


def follow(
    outcome: Outcome,
    *,
    attempt: int,
    channel: Channel,
    first_due: datetime,
    now: datetime,
    policy: RetryPolicy,
    on_unknown: UnknownPolicy,
    uniform: Callable[[float, float], float],
) -> Following:
    """Turn the outcome of attempt number `attempt` (from 1) into what the ledger is to say.

    A retry is 310 on every channel. Past the deadline it becomes 300 GAVE_UP with the last reason in its values, and
    what the provider may have taken stays OUTCOME_UNKNOWN. The provider's own wish, where it has one, takes the place
    of our waits, at least 1 second.
    """
    if outcome.verdict in {Verdict.ACCEPTED, Verdict.REFUSED}:
        return Following(outcome.status, None, counted=True, reason=outcome.reason)
    left = first_due + policy.give_up[channel] - now
    if outcome.verdict is Verdict.UNKNOWN:
        reason = Reason("OUTCOME_UNKNOWN", values={"cause": outcome.reason.code, **outcome.reason.values})
        if on_unknown is UnknownPolicy.HOLD or left <= timedelta(0):
            return Following(Status.ERROR, None, counted=True, reason=reason)
    else:
        reason = outcome.reason
    if left <= timedelta(0):
        values = {"last": outcome.reason.code, **outcome.reason.values}
        return Following(Status.ERROR, None, counted=True, reason=Reason("GAVE_UP", values=values))
    wait = _wait(outcome, attempt, policy) * uniform(1 - policy.jitter, 1 + policy.jitter)
    if outcome.retry_after is not None:
        # The provider knows best: not earlier than told, and not all at the same moment either.
        told = max(outcome.retry_after, SOONEST) * uniform(1, 1 + policy.jitter)
        wait = max(told, wait) if outcome.verdict is Verdict.TRANSIENT and attempt > HASTY else told
    # The last attempt is made at the deadline, not before it.
    return Following(Status.ERROR_SENDING_EMAIL, min(wait, left), outcome.verdict is not Verdict.WAIT, reason)


def _wait(outcome: Outcome, attempt: int, policy: RetryPolicy) -> timedelta:
    if outcome.verdict is Verdict.WAIT:
        return policy.credentials if outcome.alarm else policy.throttled
    return policy.waits[min(attempt, len(policy.waits)) - 1]

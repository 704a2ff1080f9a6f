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
LAST_CALL = timedelta(minutes=15)  # the release gives up so long after the deadline, to let the last attempt be made
SOONEST = timedelta(seconds=1)  # a provider that says "at once" (Retry-After: 0) is not asked in a loop


AGED = 8  # a provider at work on a send for 8 minutes is asked after another one
SELDOMEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NextLane:
    """Where a send may go on that this lane's provider surely has not taken. `again`: all others were tried before."""

    name: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`waits[n-1]` follows attempt n, the last one repeats, each multiplied by 1 ± jitter.

    Giving up goes by the clock, `give_up` after the send was first due; `most_attempts` only ends a loop. What a
    provider is at work on is asked for after `pending`, later after an eighth of its age, at least once an hour.
    `known_for`: so long after it was first called the provider surely knows a repeat by our token; None for ever.
    """

    waits: tuple[timedelta, ...]
    jitter: float
    throttled: timedelta
    credentials: timedelta
    give_up: Mapping[Channel, timedelta]
    most_attempts: int
    pending: timedelta = timedelta(seconds=30)
    known_for: timedelta | None = None

    def may_be_forgotten(self, first_call: datetime, now: datetime) -> bool:
        """True when the provider may take a repeat for a new send."""
        return self.known_for is not None and now > first_call + self.known_for + LAST_CALL


@dataclass(frozen=True, slots=True)
class Following:
    """`wait` is None when nothing more happens by itself; `counted` is False when the attempt does not count.

    `in_doubt`: a provider may have taken the send, at this attempt or at one before. `not_after` (aware): when the
    release, too, gives it up. `lane`: where it goes on, if not in its own.
    """

    status: Status
    wait: timedelta | None
    counted: bool
    reason: Reason
    in_doubt: bool = False
    not_after: datetime | None = None
    lane: str | None = None


def follow(
    outcome: Outcome,
    *,
    attempt: int,
    channel: Channel,
    first_due: datetime,
    first_call: datetime,
    now: datetime,
    policy: RetryPolicy,
    on_unknown: UnknownPolicy,
    uniform: Callable[[float, float], float],
    in_doubt: bool = False,
    not_after: datetime | None = None,
    next_lane: NextLane | None = None,
) -> Following:
    """Turn the outcome of attempt number `attempt` (from 1) into what the ledger is to say.

    first_call: of this provider, since a person's last word. not_after: of a retry, what an attempt before has set, or
    the send's own. in_doubt: a provider may have taken the send at an attempt
    before. Then only a yes or the receiver's own refusal
    ends it; all else that ends it leaves it OUTCOME_UNKNOWN.

    A retry is 310 on every channel. Past the deadline it becomes 300 GAVE_UP with the last reason in its values, and
    what the provider may have taken stays OUTCOME_UNKNOWN. The provider's own wish, where it has one, takes the place
    of our waits, at least 1 second. What this provider surely has not taken goes on in `next_lane`, where there is one.
    """
    ended = _ended(outcome, in_doubt=in_doubt)
    if ended:
        return ended
    deadline = first_due + policy.give_up[channel] if not_after is None else not_after - LAST_CALL
    if policy.known_for is not None:
        deadline = min(deadline, first_call + policy.known_for)
    left = deadline - now
    told = None
    if outcome.retry_after is not None:
        # The provider knows best: not earlier than told, and not all at the same moment either.
        told = max(outcome.retry_after, SOONEST) * uniform(1, 1 + policy.jitter)
    over = left <= timedelta(0) or attempt >= policy.most_attempts or (told is not None and told > left + LAST_CALL)
    doubt = in_doubt or outcome.verdict in {Verdict.UNKNOWN, Verdict.PENDING}
    if doubt and (over or (outcome.verdict is Verdict.UNKNOWN and on_unknown is UnknownPolicy.HOLD)):
        return _unknown(outcome)
    if over:
        values = {"last": outcome.reason.code, **outcome.reason.values}
        return Following(Status.ERROR, None, counted=True, reason=Reason("GAVE_UP", values=values))
    limit = deadline + LAST_CALL
    if outcome.verdict is Verdict.PENDING:
        wait = min(told or _next_look(now - first_due, policy), max(left, SOONEST))
        return Following(outcome.status, wait, counted=False, reason=outcome.reason, in_doubt=True, not_after=limit)
    if next_lane and not doubt and (outcome.verdict is Verdict.TRANSIENT or outcome.alarm):
        return _failed_over(outcome, next_lane, _wait(outcome, attempt, policy), limit)
    wait = _wait(outcome, attempt, policy) * uniform(1 - policy.jitter, 1 + policy.jitter)
    if told is not None:
        wait = max(told, wait) if outcome.verdict is Verdict.TRANSIENT and attempt > HASTY else told
    return Following(
        Status.ERROR_SENDING_EMAIL,
        max(min(wait, left), told or timedelta(0)),  # the last one at the deadline, none before the told time
        outcome.verdict is not Verdict.WAIT,
        _unknown(outcome).reason if outcome.verdict is Verdict.UNKNOWN else outcome.reason,
        in_doubt=doubt,
        not_after=limit,
    )


def _ended(outcome: Outcome, *, in_doubt: bool) -> Following | None:
    """What a yes or a refusal ends; None when something more is to happen."""
    if outcome.verdict is Verdict.ACCEPTED and outcome.lane is not None:
        return Following(outcome.status, timedelta(0), counted=False, reason=outcome.reason, lane=outcome.lane)
    if outcome.verdict not in {Verdict.ACCEPTED, Verdict.REFUSED}:
        return None
    if outcome.verdict is Verdict.REFUSED and in_doubt and outcome.status is Status.ERROR:
        return _unknown(outcome)
    return Following(outcome.status, None, counted=True, reason=outcome.reason)


def _next_look(age: timedelta, policy: RetryPolicy) -> timedelta:
    return min(max(policy.pending, age / AGED), SELDOMEST)


def _failed_over(outcome: Outcome, next_lane: NextLane, wait: timedelta, limit: datetime) -> Following:
    values = {"to": next_lane.name, "cause": outcome.reason.code, **outcome.reason.values}
    return Following(
        Status.ERROR_SENDING_EMAIL,
        wait if next_lane.again else timedelta(0),
        outcome.verdict is not Verdict.WAIT,
        Reason("FAILED_OVER", values=values),
        not_after=limit,
        lane=next_lane.name,
    )


def _unknown(outcome: Outcome) -> Following:
    reason = Reason("OUTCOME_UNKNOWN", values={"cause": outcome.reason.code, **outcome.reason.values})
    return Following(Status.ERROR, None, counted=True, reason=reason, in_doubt=True)


def _wait(outcome: Outcome, attempt: int, policy: RetryPolicy) -> timedelta:
    if outcome.verdict is Verdict.WAIT:
        return policy.credentials if outcome.alarm else policy.throttled
    return policy.waits[min(attempt, len(policy.waits)) - 1]

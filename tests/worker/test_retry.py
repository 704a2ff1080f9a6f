"""Does every outcome lead to the right status, and every retry to a time within its bounds?"""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import Retry
from duepost.ledger.unknown import UnknownPolicy
from duepost.reasons import Reason
from duepost.sends import Channel
from duepost.statuses import Status
from worker.accounts import retry_policy
from worker.providers.port import Outcome, Verdict
from worker.retry import LAST_CALL, SOONEST, Following, RetryPolicy, follow

DUE = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
POLICY = retry_policy(Retry())
ZERO = timedelta(0)
TIMEOUT = Reason("TIMEOUT", values={"phase": "connect"})

transient = st.sampled_from([Verdict.TRANSIENT, Verdict.WAIT])
numbers = st.integers(1, POLICY.most_attempts - 1)
chances = st.floats(0, 1)


def outcome(verdict: Verdict, *, retry_after: timedelta | None = None, alarm: bool = False) -> Outcome:
    return Outcome(verdict, Status.ERROR_SENDING_EMAIL, TIMEOUT, retry_after=retry_after, alarm=alarm)


def following(
    what: Outcome,
    *,
    attempt: int = 1,
    channel: Channel = Channel.EMAIL,
    after: timedelta = ZERO,
    on_unknown: UnknownPolicy = UnknownPolicy.HOLD,
    chance: float = 0.5,
    in_doubt: bool = False,
    policy: RetryPolicy = POLICY,
    first_call: timedelta = ZERO,
    not_after: datetime | None = None,
) -> Following:
    """What follows `after` the send was first due; chance 0 is the shortest wait, 1 the longest."""
    return follow(
        what,
        attempt=attempt,
        channel=channel,
        first_due=DUE,
        first_call=DUE + first_call,
        now=DUE + after,
        policy=policy,
        on_unknown=on_unknown,
        uniform=lambda low, high: low + chance * (high - low),
        in_doubt=in_doubt,
        not_after=not_after,
    )


def times_within(channel: Channel) -> st.SearchStrategy[timedelta]:
    return st.timedeltas(min_value=ZERO, max_value=POLICY.give_up[channel] - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("verdict", "status"), [(Verdict.ACCEPTED, Status.SENT), (Verdict.REFUSED, Status.EMAIL_BOUNCED)]
)
def test_a_final_answer_stands_as_the_provider_gave_it(verdict: Verdict, status: Status) -> None:
    answer = Outcome(verdict, status, TIMEOUT)
    assert following(answer, after=timedelta(days=30)) == Following(status, None, counted=True, reason=TIMEOUT)


@given(data=st.data(), verdict=transient, channel=st.sampled_from(Channel), attempt=numbers, chance=chances)
def test_a_retry_is_310_on_every_channel_and_never_beyond_the_deadline(
    data: st.DataObject, verdict: Verdict, channel: Channel, attempt: int, chance: float
) -> None:
    after = data.draw(times_within(channel))
    found = following(outcome(verdict), attempt=attempt, channel=channel, after=after, chance=chance)
    assert found.status is Status.ERROR_SENDING_EMAIL
    assert found.wait is not None
    assert ZERO < found.wait <= max(POLICY.give_up[channel] - after, SOONEST)


@given(
    verdict=transient,
    channel=st.sampled_from(Channel),
    late=st.timedeltas(min_value=ZERO, max_value=timedelta(days=400)),
)
def test_after_the_deadline_a_send_is_given_up_and_never_310(
    verdict: Verdict, channel: Channel, late: timedelta
) -> None:
    found = following(outcome(verdict), channel=channel, after=POLICY.give_up[channel] + late)
    assert (found.status, found.wait, found.reason.code) == (Status.ERROR, None, "GAVE_UP")
    assert found.reason.values == {"last": "TIMEOUT", "phase": "connect"}


@given(attempt=numbers, chance=chances)
def test_the_wait_is_the_schedules_own_within_its_jitter(attempt: int, chance: float) -> None:
    base = POLICY.waits[min(attempt, len(POLICY.waits)) - 1]
    wait = following(outcome(Verdict.TRANSIENT), attempt=attempt, chance=chance).wait
    assert wait is not None
    assert base * 0.79999 <= wait <= base * 1.20001


def test_the_default_schedule_makes_twenty_retries_in_two_days() -> None:
    assert len(POLICY.waits) == 20
    assert sum(POLICY.waits, ZERO) == timedelta(hours=47, minutes=51)


@pytest.mark.parametrize(
    ("alarm", "base"), [(False, POLICY.throttled), (True, POLICY.credentials)], ids=["throttled", "credentials"]
)
def test_an_answer_that_is_not_the_sends_fault_has_a_wait_of_its_own(*, alarm: bool, base: timedelta) -> None:
    assert following(outcome(Verdict.WAIT, alarm=alarm), attempt=9).wait == base


@pytest.mark.parametrize(("verdict", "counted"), [(Verdict.TRANSIENT, True), (Verdict.WAIT, False)])
def test_only_what_is_the_sends_own_trouble_counts_as_an_attempt(*, verdict: Verdict, counted: bool) -> None:
    assert following(outcome(verdict)).counted is counted


@given(verdict=transient, seconds=st.integers(1, 100_000), attempt=numbers, chance=chances)
def test_a_retry_is_never_earlier_than_the_provider_said(
    verdict: Verdict, seconds: int, attempt: int, chance: float
) -> None:
    told = timedelta(seconds=seconds)
    found = following(outcome(verdict, retry_after=told), attempt=attempt, chance=chance)
    assert found.wait is not None
    assert found.wait >= told


@given(verdict=transient, seconds=st.integers(1, 100_000), attempt=st.integers(1, 3), chance=chances)
def test_the_providers_wish_takes_the_place_of_our_own_wait_however_short(
    verdict: Verdict, seconds: int, attempt: int, chance: float
) -> None:
    told = timedelta(seconds=seconds)
    found = following(outcome(verdict, retry_after=told), attempt=attempt, chance=chance)
    assert found.wait is not None
    assert found.wait <= told * 1.20001


@pytest.mark.parametrize("verdict", [Verdict.TRANSIENT, Verdict.WAIT])
def test_a_wish_for_at_once_is_a_second(verdict: Verdict) -> None:
    assert following(outcome(verdict, retry_after=ZERO), chance=0).wait == timedelta(seconds=1)


@pytest.mark.parametrize("verdict", [Verdict.TRANSIENT, Verdict.WAIT])
def test_a_wish_beyond_the_deadline_gives_the_send_up_at_once(verdict: Verdict) -> None:
    found = following(outcome(verdict, retry_after=timedelta(days=30)))
    assert (found.status, found.wait, found.reason.code) == (Status.ERROR, None, "GAVE_UP")
    assert found.reason.values["last"] == "TIMEOUT"


def test_in_doubt_a_wish_beyond_the_deadline_leaves_it_unknown() -> None:
    found = following(outcome(Verdict.WAIT, retry_after=timedelta(days=30)), in_doubt=True)
    assert (found.status, found.wait, found.reason.code) == (Status.ERROR, None, "OUTCOME_UNKNOWN")


@given(
    verdict=transient,
    seconds=st.integers(1, 900_000),
    attempt=numbers,
    chance=chances,
    share=st.floats(0, 0.999999),
)
def test_near_the_deadline_too_no_provider_is_called_earlier_than_it_said(
    verdict: Verdict, seconds: int, attempt: int, chance: float, share: float
) -> None:
    told, after = timedelta(seconds=seconds), POLICY.give_up[Channel.EMAIL] * share
    found = following(outcome(verdict, retry_after=told), attempt=attempt, chance=chance, after=after)
    if found.wait is None:
        assert after + told * 1.20001 > POLICY.give_up[Channel.EMAIL] + LAST_CALL
    else:
        assert found.wait >= told
        assert found.not_after is not None
        assert DUE + after + found.wait <= found.not_after


def test_a_wish_a_little_beyond_the_deadline_is_met_by_the_last_call() -> None:
    give_up = POLICY.give_up[Channel.EMAIL]
    told = timedelta(minutes=10)
    found = following(outcome(Verdict.WAIT, retry_after=told), after=give_up - timedelta(minutes=5), chance=0)
    assert found.wait == told


def test_a_deadline_that_was_set_before_holds_whatever_the_send_was_first_due() -> None:
    """A person has let it go after its time."""
    not_after = DUE + timedelta(days=300)
    found = following(outcome(Verdict.TRANSIENT), attempt=2, after=timedelta(days=299), chance=0, not_after=not_after)
    assert (found.status, found.not_after) == (Status.ERROR_SENDING_EMAIL, not_after)


FORGETFUL = replace(POLICY, known_for=timedelta(hours=23))
WEEK = DUE + timedelta(days=7)


@pytest.mark.parametrize("not_after", [None, WEEK], ids=["its own time", "a caller's NotAfter"])
def test_a_repeat_is_made_only_while_the_provider_surely_knows_the_token(not_after: datetime | None) -> None:
    call = timedelta(hours=10)  # it waited behind a pause before the first one

    def lost(after: timedelta) -> Following:
        return following(
            Outcome(Verdict.UNKNOWN, Status.ERROR, TIMEOUT),
            after=call + after,
            on_unknown=UnknownPolicy.RESEND,
            policy=FORGETFUL,
            first_call=call,
            not_after=not_after,
        )

    early = lost(timedelta(hours=22))
    assert (early.status, early.not_after) == (310, DUE + call + timedelta(hours=23) + LAST_CALL)
    late = lost(timedelta(hours=23))
    assert (late.status, late.wait, late.reason.code, late.in_doubt) == (300, None, "OUTCOME_UNKNOWN", True)


def test_an_earlier_deadline_holds_though_the_provider_still_knows_the_token() -> None:
    not_after = DUE + timedelta(hours=2)
    found = following(outcome(Verdict.TRANSIENT), after=timedelta(hours=1), policy=FORGETFUL, not_after=not_after)
    assert (found.status, found.not_after) == (310, not_after)


@pytest.mark.parametrize("retry_after", [None, timedelta(minutes=10)], ids=["our own wait", "Retry-After"])
@pytest.mark.parametrize("attempt", [1, 2, 5, 20])
def test_sends_that_fail_together_do_not_come_back_together(attempt: int, retry_after: timedelta | None) -> None:
    chance = random.Random(1)  # noqa: S311 - repeatable
    waits = [
        following(outcome(Verdict.TRANSIENT, retry_after=retry_after), attempt=attempt, chance=chance.random()).wait
        for _ in range(1000)
    ]
    minutes = Counter(wait // timedelta(minutes=1) for wait in waits if wait is not None)
    assert max(minutes.values()) <= 600


def test_an_unknown_outcome_is_held_with_its_cause() -> None:
    found = following(outcome(Verdict.UNKNOWN))
    assert (found.status, found.wait, found.counted) == (Status.ERROR, None, True)
    assert found.reason == Reason("OUTCOME_UNKNOWN", values={"cause": "TIMEOUT", "phase": "connect"})


def test_an_unknown_outcome_is_sent_again_where_the_policy_says_so() -> None:
    found = following(outcome(Verdict.UNKNOWN), on_unknown=UnknownPolicy.RESEND)
    assert (found.status, found.wait, found.counted) == (Status.ERROR_SENDING_EMAIL, POLICY.waits[0], True)


@pytest.mark.parametrize("policy", UnknownPolicy)
def test_an_unknown_outcome_after_the_deadline_stays_unknown(policy: UnknownPolicy) -> None:
    found = following(outcome(Verdict.UNKNOWN), after=timedelta(days=30), on_unknown=policy)
    assert (found.status, found.wait, found.reason.code) == (Status.ERROR, None, "OUTCOME_UNKNOWN")


def test_a_provider_that_always_wants_to_be_asked_soon_meets_our_schedule_after_three_attempts() -> None:
    soon = outcome(Verdict.TRANSIENT, retry_after=timedelta(seconds=5))
    assert following(soon, attempt=3, chance=0).wait == timedelta(seconds=5)
    assert following(soon, attempt=4).wait == POLICY.waits[3]


@pytest.mark.parametrize("policy", [UnknownPolicy.RESEND, UnknownPolicy.RESOLVE])
def test_an_unknown_outcome_that_is_tried_again_is_in_doubt(policy: UnknownPolicy) -> None:
    found = following(outcome(Verdict.UNKNOWN), on_unknown=policy)
    assert (found.status, found.in_doubt, found.reason.code) == (Status.ERROR_SENDING_EMAIL, True, "OUTCOME_UNKNOWN")


@pytest.mark.parametrize("verdict", [Verdict.TRANSIENT, Verdict.WAIT])
def test_a_doubt_outlives_attempts_that_tell_nothing(verdict: Verdict) -> None:
    found = following(outcome(verdict), on_unknown=UnknownPolicy.RESOLVE, in_doubt=True)
    assert (found.status, found.in_doubt, found.reason.code) == (Status.ERROR_SENDING_EMAIL, True, "TIMEOUT")


@pytest.mark.parametrize("verdict", [Verdict.TRANSIENT, Verdict.WAIT, Verdict.UNKNOWN])
def test_a_doubt_that_outlives_the_deadline_is_a_persons_and_not_given_up(verdict: Verdict) -> None:
    found = following(outcome(verdict), after=timedelta(days=30), on_unknown=UnknownPolicy.RESOLVE, in_doubt=True)
    assert (found.status, found.reason.code, found.in_doubt) == (Status.ERROR, "OUTCOME_UNKNOWN", True)
    assert found.reason.values["cause"] == "TIMEOUT"


@pytest.mark.parametrize(
    ("verdict", "status"), [(Verdict.ACCEPTED, Status.SENT), (Verdict.REFUSED, Status.EMAIL_BOUNCED)]
)
def test_a_yes_or_the_receivers_own_no_ends_the_doubt(verdict: Verdict, status: Status) -> None:
    found = following(Outcome(verdict, status, TIMEOUT), in_doubt=True)
    assert found == Following(status, None, counted=True, reason=TIMEOUT)


def test_a_refusal_for_a_reason_of_our_own_does_not_end_the_doubt() -> None:
    """Our protocol fault at the second call says nothing of what the first one did."""
    found = following(Outcome(Verdict.REFUSED, Status.ERROR, Reason("NOT_FOUND")), in_doubt=True)
    assert (found.status, found.reason.code, found.in_doubt) == (Status.ERROR, "OUTCOME_UNKNOWN", True)
    assert found.reason.values == {"cause": "NOT_FOUND"}


@pytest.mark.parametrize(("attempt", "over"), [(POLICY.most_attempts - 1, False), (POLICY.most_attempts, True)])
def test_the_last_attempt_that_counts_is_the_last(*, attempt: int, over: bool) -> None:
    found = following(outcome(Verdict.TRANSIENT), attempt=attempt)
    assert (found.reason.code == "GAVE_UP", found.wait is None) == (over, over)


def test_in_doubt_the_last_attempt_leaves_it_unknown() -> None:
    found = following(outcome(Verdict.TRANSIENT), attempt=POLICY.most_attempts, in_doubt=True)
    assert (found.status, found.reason.code) == (Status.ERROR, "OUTCOME_UNKNOWN")


@given(
    verdict=transient,
    channel=st.sampled_from(Channel),
    attempt=st.integers(1, POLICY.most_attempts - 1),
    chance=chances,
    share=st.floats(0, 0.999),
)
def test_the_release_gives_up_only_after_the_last_attempt_can_have_been_made(
    verdict: Verdict, channel: Channel, attempt: int, chance: float, share: float
) -> None:
    after = POLICY.give_up[channel] * share
    found = following(outcome(verdict), attempt=attempt, channel=channel, after=after, chance=chance)
    assert found.not_after == DUE + POLICY.give_up[channel] + LAST_CALL
    assert found.wait is not None
    assert DUE + after + found.wait < found.not_after


def test_what_has_ended_has_no_limit() -> None:
    assert following(Outcome(Verdict.ACCEPTED, Status.SENT, TIMEOUT)).not_after is None

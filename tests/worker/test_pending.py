"""Is what a provider is still at work on asked for until it is done, and never handed over twice?"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Engine, select, update

from duepost.ledger.doubt import Chosen, Finding, doubtful, settle
from duepost.ledger.schema import state
from duepost.ledger.unknown import UnknownPolicy
from duepost.reasons import Reason
from duepost.statuses import Status
from tests.worker.conftest import SENT, AttempterOf, Told
from tests.worker.test_attempt import attempt, due_again, leased, reasons, standing
from tests.worker.test_failover import read_again
from worker.attempt import Tried
from worker.providers.port import Job, Outcome, Verdict

AT_WORK = Outcome(Verdict.PENDING, Status.QUEUE, Reason("IN_PROGRESS"))


@dataclass
class Slow(Told):
    """Says "at work" to the call; `says` is what it answers when asked."""

    says: Outcome | None = AT_WORK
    asked: list[Job] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answer = lambda _: AT_WORK

    def ask(self, job: Job) -> Outcome | None:
        """Whatever the test says."""
        self.asked.append(job)
        return self.says


def test_it_stays_in_the_queue_is_in_doubt_and_no_attempt_is_counted(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Slow(), on_unknown=UnknownPolicy.RESOLVE), lease, send)
    with engine.connect() as connection:
        status, attempts, in_doubt = connection.execute(
            select(state.c.status, state.c.attempts, state.c.in_doubt)
        ).one()
    assert (status, attempts, in_doubt) == (Status.QUEUE, 0, True)


def test_it_is_asked_for_and_not_handed_over_again(engine: Engine, attempter_of: AttempterOf) -> None:
    provider = Slow()
    attempter = attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE)
    lease, send = leased(engine)
    attempt(attempter, lease, send)
    attempt(attempter, due_again(engine), send)
    provider.says = SENT
    attempt(attempter, due_again(engine), send)
    assert (len(provider.jobs), len(provider.asked)) == (1, 2)
    assert standing(engine, send).status is Status.SENT
    assert reasons(engine, send) == ["IN_PROGRESS", "IN_PROGRESS", "ACCEPTED"]


def test_what_never_came_is_handed_over_again(engine: Engine, attempter_of: AttempterOf) -> None:
    provider = Slow(says=None)
    attempter = attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE)
    lease, send = leased(engine)
    attempt(attempter, lease, send)
    attempt(attempter, due_again(engine), send)
    assert len(provider.jobs) == 2


def test_one_that_is_never_done_is_unknown_at_its_deadline(engine: Engine, attempter_of: AttempterOf) -> None:
    attempter = attempter_of(Slow(), on_unknown=UnknownPolicy.RESOLVE)
    lease, send = leased(engine)
    attempt(attempter, lease, send)
    lease = due_again(engine)
    with engine.begin() as connection:
        connection.execute(update(state).values(not_after=state.c.not_after - timedelta(days=4)))
    attempt(attempter, lease, read_again(engine, lease, send))
    assert (standing(engine, send).status, reasons(engine, send)[-1]) == (Status.ERROR, "OUTCOME_UNKNOWN")


def test_a_no_to_the_question_is_a_no_and_leaves_no_doubt(engine: Engine, attempter_of: AttempterOf) -> None:
    provider = Slow(says=Outcome(Verdict.REFUSED, Status.ERROR, Reason("HALTED")))
    attempter = attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE)
    lease, send = leased(engine)
    attempt(attempter, lease, send)
    attempt(attempter, due_again(engine), send)
    assert (standing(engine, send).status, reasons(engine, send)[-1]) == (Status.ERROR, "HALTED")


def test_the_question_brings_the_providers_own_name_for_it(engine: Engine, attempter_of: AttempterOf) -> None:
    provider = Slow()
    provider.answer = lambda _: replace(AT_WORK, provider_reference="F-17")
    attempter = attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE)
    lease, send = leased(engine)
    attempt(attempter, lease, send)
    attempt(attempter, due_again(engine), send)  # its answer names nothing
    attempt(attempter, due_again(engine), send)
    assert [job.provider_reference for job in (*provider.jobs, *provider.asked)] == [None, "F-17", "F-17"]


def test_a_name_from_before_a_person_had_it_sent_again_is_not_that_of_the_new_one(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    provider = Slow()
    provider.answer = lambda _: replace(AT_WORK, provider_reference="F-17")
    attempter = attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE)
    lease, send = leased(engine)
    attempt(attempter, lease, send)
    with engine.begin() as connection:
        assert settle(connection, Chosen([send.id]), Finding.SEND_AGAIN, reason="they have nothing", actor="mette")
    provider.answer = lambda _: Outcome(Verdict.UNKNOWN, Status.ERROR, Reason("TIMED_OUT"))
    attempt(attempter, due_again(engine), send)
    attempt(attempter, due_again(engine), send)
    assert [job.provider_reference for job in provider.asked] == [None]


def test_the_question_brings_when_the_provider_may_have_got_it_first(engine: Engine, attempter_of: AttempterOf) -> None:
    provider = Slow()
    replies = iter([Outcome(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, Reason("INVOICE_BUSY")), AT_WORK])
    provider.answer = lambda _: replace(next(replies), provider_reference=named[len(provider.jobs) - 1])
    named = [None, "F-17"]
    attempter = attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE)
    lease, send = leased(engine)
    began = []
    for _ in range(4):
        tried = attempt(attempter, lease, send)
        assert isinstance(tried, Tried)
        began.append(tried.began_at)
        lease = due_again(engine)
    jobs = (*provider.jobs, *provider.asked)
    assert [job.in_doubt_since for job in jobs] == [None, None, began[1], began[1]]
    assert [job.status for job in jobs] == [Status.QUEUE, Status.ERROR_SENDING_EMAIL, Status.QUEUE, Status.QUEUE]
    assert {job.first_due for job in jobs} == {send.first_due}


def test_a_send_of_which_nobody_can_tell_whether_it_was_taken_goes_to_a_person(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    told = Outcome(Verdict.REFUSED, Status.ERROR, Reason("NOT_TOLD_APART"), undecided=True)
    lease, send = leased(engine)
    attempt(attempter_of(Told(lambda _: told), on_unknown=UnknownPolicy.RESOLVE), lease, send)
    with engine.connect() as connection:
        [found] = doubtful(connection, Chosen([send.id]))
    assert (found.reason, found.cause) == ("OUTCOME_UNKNOWN", "NOT_TOLD_APART")


def test_each_attempt_knows_its_number(engine: Engine, attempter_of: AttempterOf) -> None:
    provider = Told(lambda _: Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, Reason("TEMPORARY")))
    lease, send = leased(engine)
    attempt(attempter_of(provider), lease, send)
    attempt(attempter_of(provider), due_again(engine), send)
    assert [job.attempt for job in provider.jobs] == [1, 2]

"""Does one attempt begin, call, record, and never guess?"""

import queue
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, func, select, text, update

from duepost.document_kinds import StoredDocument
from duepost.documents import DocumentStore
from duepost.ledger import look
from duepost.ledger.accept import accept_one, add_documents
from duepost.ledger.doubt import Chosen, Finding, settle
from duepost.ledger.history_tables import attempt as attempts_table
from duepost.ledger.look import Standing
from duepost.ledger.orders import Leased, read_order
from duepost.ledger.release import release
from duepost.ledger.schema import send as sends_table
from duepost.ledger.schema import state
from duepost.ledger.unknown import UnknownPolicy
from duepost.reasons import Reason
from duepost.sends import Channel
from duepost.statuses import Status
from tests.duepost.ledger.conftest import LANE, MINUTE, accepted
from tests.papers import PDF
from tests.worker.conftest import LATER, LIMIT, SENT, AttempterOf, Told
from worker.attempt import Attempter, Tried
from worker.gate import Gate
from worker.providers.port import Document, Job, Outcome, Verdict
from worker.providers.pretended import Pretended
from worker.retry import LAST_CALL

ADDRESS = "kunde@example.com"
OPEN_TRANSACTIONS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
)


def raise_with_the_address(_job: Job) -> Outcome:
    raise KeyError(ADDRESS)


def leased(engine: Engine, *, sha256: bytes | None = None) -> tuple[int, Leased]:
    """A send that was released to us, with a document when one is named."""
    with engine.begin() as connection:
        send = accepted(connection)
        accept_one(connection, send)
        if sha256:
            add_documents(connection, [StoredDocument(sha256, "application/pdf", len(PDF))])
            connection.execute(update(sends_table).values(document_sha256=sha256, filename="INV-1.pdf"))
        lease = release(connection, LANE, 1, MINUTE).lease
        return lease, read_order(connection, lease, [send.id])[0]


def attempt(attempter: Attempter, lease: int, send: Leased) -> Tried | UUID:
    """What the attempt says in the end: tried, or the id of a send left alone."""
    said: queue.SimpleQueue[Tried | UUID] = queue.SimpleQueue()
    attempter.attempt(send, lease, settled=said.put, left=said.put, deferred=lambda send_id, _: said.put(send_id))
    return said.get(timeout=LIMIT.total_seconds())


def standing(engine: Engine, send: Leased) -> Standing:
    with engine.connect() as connection:
        found = look.standing(connection, send.id)
    assert found is not None
    return found


def reasons(engine: Engine, send: Leased) -> list[str]:
    with engine.connect() as connection:
        return [change.reason_code for change in look.timeline(connection, send.id)]


def due_again(engine: Engine) -> int:
    """Make what waits due at once and release it; the new lease."""
    with engine.begin() as connection:
        connection.execute(update(state).values(due_at=state.c.due_at - timedelta(days=9)))
        return release(connection, LANE, 1, MINUTE).lease


def test_what_the_provider_accepted_is_sent(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    tried = attempt(attempter_of(Told()), lease, send)
    assert isinstance(tried, Tried)
    assert (tried.number, tried.status, tried.reason) == (1, Status.SENT, "ACCEPTED")
    assert standing(engine, send).status is Status.SENT


def test_the_ledger_says_that_the_provider_has_it_before_the_provider_does(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    lease, send = leased(engine)
    seen: list[bool] = []

    def look_first(_job: Job) -> Outcome:
        seen.append(standing(engine, send).in_hand)
        return SENT

    attempt(attempter_of(Told(look_first)), lease, send)
    assert seen == [True]


def test_no_transaction_is_open_while_the_provider_is_called(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    open_ones: list[int] = []

    def count(_job: Job) -> Outcome:
        with engine.connect() as connection:
            open_ones.append(connection.execute(OPEN_TRANSACTIONS).scalar_one())
        return SENT

    attempt(attempter_of(Told(count)), lease, send)
    assert open_ones == [0]


def test_a_send_that_is_not_ours_reaches_no_provider(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    provider = Told()
    assert attempt(attempter_of(provider), lease + 1, send) == send.id
    assert provider.jobs == []


def test_a_transient_outcome_is_tried_again_later(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Told(lambda _job: LATER)), lease, send)
    found = standing(engine, send)
    assert found.status is Status.ERROR_SENDING_EMAIL
    assert found.due_at is not None


def test_every_attempt_of_a_send_carries_the_same_token(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    provider = Told(lambda _job: LATER)
    attempter = attempter_of(provider)
    attempt(attempter, lease, send)
    attempt(attempter, due_again(engine), send)
    assert [job.token for job in provider.jobs] == [str(send.id)] * 2


def test_the_provider_is_given_the_document(
    engine: Engine, attempter_of: AttempterOf, documents: DocumentStore
) -> None:
    lease, send = leased(engine, sha256=documents.put(PDF).sha256)
    provider = Told()
    attempt(attempter_of(provider), lease, send)
    assert provider.jobs[0].document == Document("INV-1.pdf", "application/pdf", PDF)


def test_a_missing_document_is_tried_again_and_reaches_no_provider(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine, sha256=bytes(32))
    provider = Told()
    attempt(attempter_of(provider), lease, send)
    assert standing(engine, send).status is Status.ERROR_SENDING_EMAIL
    assert (reasons(engine, send), provider.jobs) == (["DOCUMENT_UNREADABLE"], [])


def test_an_adapter_that_raises_leaves_an_unknown_outcome_for_a_person(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Told(raise_with_the_address)), lease, send)
    assert standing(engine, send).status is Status.ERROR
    assert reasons(engine, send) == ["OUTCOME_UNKNOWN"]


def test_what_an_adapter_raises_appears_in_no_log(
    engine: Engine, attempter_of: AttempterOf, caplog: pytest.LogCaptureFixture
) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Told(raise_with_the_address)), lease, send)
    assert "KeyError" in caplog.text
    assert ADDRESS not in caplog.text


def test_an_unknown_outcome_is_sent_again_where_the_provider_recognises_repeats(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Told(raise_with_the_address), on_unknown=UnknownPolicy.RESEND), lease, send)
    assert standing(engine, send).status is Status.ERROR_SENDING_EMAIL


def test_the_lease_of_an_attempt_outlasts_the_providers_deadline(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    left: list[timedelta] = []

    def count(_job: Job) -> Outcome:
        with engine.connect() as connection:
            left.append(connection.execute(select(state.c.due_at - state.c.begun_at)).scalar_one())
        return SENT

    attempt(attempter_of(Told(count, total_deadline=timedelta(minutes=10))), lease, send)
    assert left[0] > timedelta(minutes=10)


def test_a_send_scheduled_for_long_ago_has_its_whole_time_for_retries(engine: Engine) -> None:
    with engine.begin() as connection:
        not_after = connection.execute(select(func.now() + MINUTE)).scalar_one()
        send = accepted(connection, due_in=timedelta(days=-300), not_after=not_after)
        accept_one(connection, send)
        accepted_at = connection.execute(select(sends_table.c.accepted_at)).scalar_one()
    with engine.begin() as connection:
        released = release(connection, LANE, 1, MINUTE)
        [found] = read_order(connection, released.lease, released.ids)
    assert found.first_due == accepted_at


def test_a_send_in_a_lane_of_another_channel_is_halted_and_reaches_no_provider(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    lease, send = leased(engine)
    provider = Told()
    attempt(replace(attempter_of(provider), channel=Channel.SMS), lease, send)
    assert provider.jobs == []
    with engine.connect() as connection:
        [change] = look.timeline(connection, send.id)
    assert (change.to_status, change.reason_code) == (Status.ERROR, "CHANNEL_MISMATCH")


UNKNOWN = Outcome(Verdict.UNKNOWN, Status.ERROR, Reason("TIMED_OUT"))
CANNOT_TELL = Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, Reason("TEMPORARY", values={"http": 503}))


@dataclass
class Known(Told):
    """A provider that can be asked; `said` is its answer, `asked` the tokens it was asked for."""

    said: Outcome | None = None
    asked: list[str] = field(default_factory=list)

    def ask(self, job: Job) -> Outcome | None:
        """Whatever the test says."""
        self.asked.append(job.token)
        return self.said


def left_in_doubt(engine: Engine, attempter_of: AttempterOf, policy: UnknownPolicy) -> tuple[int, Leased]:
    """A send whose first attempt ended in silence, released again."""
    lease, send = leased(engine)
    attempt(attempter_of(Told(lambda _job: UNKNOWN), on_unknown=policy), lease, send)
    return due_again(engine), send


def test_a_send_that_nobody_doubts_is_sent_without_asking(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    provider = Known()
    attempt(attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE), lease, send)
    assert (provider.asked, len(provider.jobs)) == ([], 1)


def test_what_the_provider_says_it_has_is_sent_without_a_second_call(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = left_in_doubt(engine, attempter_of, UnknownPolicy.RESOLVE)
    provider = Known(said=SENT)
    attempt(attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE), lease, send)
    assert (provider.asked, provider.jobs) == ([str(send.id)], [])
    assert standing(engine, send).status is Status.SENT


def test_what_the_provider_says_it_refused_has_ended(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = left_in_doubt(engine, attempter_of, UnknownPolicy.RESOLVE)
    provider = Known(said=Outcome(Verdict.REFUSED, Status.EMAIL_REJECTED, Reason("REJECTED")))
    attempt(attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE), lease, send)
    assert (standing(engine, send).status, provider.jobs) == (Status.EMAIL_REJECTED, [])


def test_what_the_provider_never_got_is_sent_with_the_same_token(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = left_in_doubt(engine, attempter_of, UnknownPolicy.RESOLVE)
    provider = Known(said=None)
    attempt(attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE), lease, send)
    assert [job.token for job in provider.jobs] == provider.asked == [str(send.id)]
    assert standing(engine, send).status is Status.SENT


def test_once_the_provider_never_got_it_a_failure_leaves_no_doubt(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = left_in_doubt(engine, attempter_of, UnknownPolicy.RESOLVE)
    attempt(attempter_of(Known(lambda _job: LATER), on_unknown=UnknownPolicy.RESOLVE), lease, send)
    assert not in_doubt(engine, send)


def test_while_the_provider_cannot_tell_the_send_waits_in_doubt_and_is_not_repeated(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    lease, send = left_in_doubt(engine, attempter_of, UnknownPolicy.RESOLVE)
    provider = Known(said=CANNOT_TELL)
    attempt(attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE), lease, send)
    assert (standing(engine, send).status, provider.jobs) == (Status.ERROR_SENDING_EMAIL, [])
    assert in_doubt(engine, send)


def test_policy_resend_repeats_without_asking(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = left_in_doubt(engine, attempter_of, UnknownPolicy.RESEND)
    provider = Known()
    attempt(attempter_of(provider, on_unknown=UnknownPolicy.RESEND), lease, send)
    assert (provider.asked, len(provider.jobs)) == ([], 1)


def test_a_send_in_doubt_is_not_repeated_once_the_policy_is_hold(engine: Engine, attempter_of: AttempterOf) -> None:
    """The operator changed it between the two attempts: a repeat is no longer known to be harmless."""
    lease, send = left_in_doubt(engine, attempter_of, UnknownPolicy.RESEND)
    provider = Known()
    attempt(attempter_of(provider, on_unknown=UnknownPolicy.HOLD), lease, send)
    assert (provider.asked, provider.jobs) == ([], [])
    assert (standing(engine, send).status, reasons(engine, send)[-1]) == (Status.ERROR, "OUTCOME_UNKNOWN")
    assert in_doubt(engine, send)


HOURS = timedelta(hours=1)


def forgetful(attempter_of: AttempterOf, provider: Told) -> Attempter:
    """For a provider that knows a repeat for 23 hours at least."""
    made = attempter_of(provider, on_unknown=UnknownPolicy.RESEND)
    return replace(made, policy=replace(made.policy, known_for=23 * HOURS))


@pytest.mark.parametrize(("ago", "calls"), [(22 * HOURS, 1), (24 * HOURS, 0)], ids=["still known", "may be forgotten"])
def test_what_is_in_doubt_is_not_repeated_to_a_provider_that_may_have_forgotten_it(
    engine: Engine, attempter_of: AttempterOf, ago: timedelta, calls: int
) -> None:
    """Whatever NotAfter says: a pause of a day lay between its two attempts."""
    lease, send = left_in_doubt(engine, attempter_of, UnknownPolicy.RESEND)
    with engine.begin() as connection:
        connection.execute(update(attempts_table).values(began_at=attempts_table.c.began_at - ago))
    provider = Told()
    send = replace(send, not_after=send.first_due + timedelta(days=7))
    attempt(forgetful(attempter_of, provider), lease, send)
    assert len(provider.jobs) == calls
    with engine.connect() as connection:
        change = look.timeline(connection, send.id)[-1]
    told = {"cause": "TOKEN_FORGOTTEN"}
    assert (change.to_status, change.reason_values) == ((Status.SENT, {}) if calls else (Status.ERROR, told))
    assert in_doubt(engine, send) is not bool(calls)


def test_after_a_persons_word_attempts_and_the_providers_memory_are_counted_anew(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    _, send = left_in_doubt(engine, attempter_of, UnknownPolicy.RESEND)
    with engine.begin() as connection:
        connection.execute(update(attempts_table).values(began_at=attempts_table.c.began_at - 30 * HOURS))
        settle(connection, Chosen(ids=[send.id]), Finding.SEND_AGAIN, reason="it never came", actor="anna")
    provider = Told(lambda _job: UNKNOWN)
    for _ in range(2):
        attempt(forgetful(attempter_of, provider), due_again(engine), send)
    assert [(job.first_attempt, job.attempt) for job in provider.jobs] == [(2, 2), (2, 3)]
    assert standing(engine, send).status is Status.ERROR_SENDING_EMAIL


def test_a_retry_is_given_up_by_the_release_too_once_its_deadline_has_passed(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Told(lambda _job: LATER)), lease, send)
    with engine.connect() as connection:
        not_after = connection.execute(select(state.c.not_after)).scalar_one()
    assert not_after == send.first_due + timedelta(hours=48) + LAST_CALL


def test_what_a_person_let_go_after_its_time_keeps_one_deadline_over_its_attempts(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    attempter = attempter_of(Told(lambda _job: LATER))
    limits = []
    with engine.begin() as connection:
        send_id = accepted_long_ago(connection)
        lease = release(connection, LANE, 1, MINUTE).lease
    for _ in range(3):
        with engine.connect() as connection:
            [send] = read_order(connection, lease, [send_id])
        attempt(attempter, lease, send)
        assert standing(engine, send).status is Status.ERROR_SENDING_EMAIL
        with engine.connect() as connection:
            limits.append(connection.execute(select(state.c.not_after)).scalar_one())
        lease = due_again(engine)
    assert limits == [limits[0]] * 3
    assert limits[0] > send.first_due + timedelta(days=300)


def accepted_long_ago(connection: Connection) -> UUID:
    """A send that waits with no limit, as after a person's word."""
    send = accepted(connection)
    accept_one(connection, send)
    connection.execute(update(sends_table).values(accepted_at=func.now() - timedelta(days=300)))
    return send.id


def test_in_a_neutralized_copy_everything_is_pretended(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Pretended()), lease, send)
    assert (standing(engine, send).status, reasons(engine, send)) == (Status.SENT, ["PRETENDED"])


def test_a_send_of_a_shut_provider_account_is_left_and_not_begun(
    engine: Engine, attempter_of: AttempterOf, gate: Gate
) -> None:
    gate.enter()
    gate.leave(Outcome(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, Reason("CREDENTIALS_REFUSED"), alarm=True))
    lease, send = leased(engine)
    provider = Told()
    assert attempt(attempter_of(provider), lease, send) == send.id
    assert (provider.jobs, standing(engine, send).attempts) == ([], 0)


def in_doubt(engine: Engine, send: Leased) -> bool:
    with engine.connect() as connection:
        return bool(connection.execute(select(state.c.in_doubt).where(state.c.send_id == send.id)).scalar_one())

"""Is every receipt kept once, and does the send's status follow from all of them?"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, update

from duepost.ledger import look
from duepost.ledger.begin import Begun
from duepost.ledger.doubt import Chosen, Finding, settle
from duepost.ledger.receipts import Effect, Taken, early, read_early, take_receipt
from duepost.ledger.record import record
from duepost.ledger.schema import send
from duepost.ledger.unknown import UnknownPolicy, settle_lost
from duepost.options import Options
from duepost.reasons import Reason
from duepost.receipts import NewReceipt, Source, Word
from duepost.statuses import Status
from tests.duepost.ledger.conftest import (
    LANE,
    MINUTE,
    NOW,
    at_once,
    begun,
    outcome_of,
    queue_up,
    reasons_of,
    rows_in,
    state_of,
)

pytestmark = pytest.mark.every_postgres

TO = "kunde@example.com"  # whom the tests' sends are to
SILENCE = Reason("OUTCOME_UNKNOWN", values={"cause": "TIMED_OUT"})
LEGAL = {(200, 320), (200, 330), (200, 340), (200, 350), (200, 9999), (340, 200)} | {
    (one, other) for one in (320, 330, 350, 9999) for other in (320, 330, 340, 350, 9999) if one != other
}


def sent(connection: Connection) -> UUID:
    [send] = begun(connection)
    record(connection, [outcome_of(send)])
    return send.id


def in_doubt(connection: Connection, *, status: Status = Status.ERROR) -> UUID:
    [send] = begun(connection)
    wait = MINUTE if status.waiting else None
    unknown = outcome_of(send, to_status=status, wait=wait, reason=SILENCE, verdict="unknown", in_doubt=True)
    record(connection, [unknown])
    return send.id


def receipt(send_id: UUID, word: Word = Word.FAILED, minutes: int | None = None, **changes: Any) -> NewReceipt:
    """What a mail server says, so many minutes after the hour."""
    status = Status.WRONG_EMAIL_ADDRESS if word is Word.FAILED else None
    usual: dict[str, Any] = {
        "source": Source.DSN,
        "status": status,
        "reason": "MAILBOX_UNKNOWN" if status else None,
        "code": "5.1.1" if status else None,
        "raw": f"{word} {minutes} {changes.get('status')}",
        "recipients": (TO,),
        "at": None if minutes is None else datetime(2026, 11, 26, 6, tzinfo=UTC) + timedelta(minutes=minutes),
    }
    return NewReceipt(send_id=send_id, word=word, **usual | changes)


def status_of(connection: Connection, send_id: UUID) -> object:
    return state_of(connection, send_id)["status"]


def test_a_bounce_follows_sent_with_who_and_why(connection: Connection) -> None:
    send_id = sent(connection)
    taken = take_receipt(connection, receipt(send_id))
    assert taken == Taken(Effect.CHANGED, Status.SENT, Status.WRONG_EMAIL_ADDRESS)
    change = look.timeline(connection, send_id)[-1]
    assert (change.from_status, change.to_status, change.reason_code) == (200, 320, "BOUNCED")
    assert change.reason_values == {"word": "failed", "cause": "MAILBOX_UNKNOWN", "code": "5.1.1"}
    assert change.actor == "receipt dsn"


def test_a_copys_complaint_may_know_no_more_than_whom_the_mail_shows(connection: Connection) -> None:
    send_id = sent(connection)
    shown = Options(shown_to="anna@example.com, bo@example.com", copy=True).to_json()
    connection.execute(update(send).where(send.c.id == send_id).values(options=shown))
    told = partial(receipt, send_id, Word.COMPLAINT)
    assert take_receipt(connection, told(recipients=("carl@example.com",))).effect is Effect.STRANGER
    assert take_receipt(connection, told(recipients=("bo@example.com",))).after is Status.EMAIL_MARKED_AS_SPAM


def test_a_persons_word_is_no_receipts_whatever_the_persons_name(connection: Connection) -> None:
    send_id = in_doubt(connection)
    settle(connection, Chosen([send_id]), Finding.NOT_SENT, reason="asked them", actor="receiptionist")
    assert take_receipt(connection, receipt(send_id)).effect is Effect.KEPT
    assert status_of(connection, send_id) == Status.NOT_SENT


def test_it_is_kept_with_its_own_words(connection: Connection) -> None:
    send_id = sent(connection)
    take_receipt(connection, receipt(send_id, minutes=5, raw="Status: 5.1.1\x1b[2J"))
    [kept] = look.receipts(connection, send_id)
    assert (kept.source, kept.word, kept.status, kept.reason) == ("dsn", "failed", 320, "MAILBOX_UNKNOWN")
    assert (kept.code, kept.raw, kept.at) == ("5.1.1", "Status: 5.1.1 [2J", datetime(2026, 11, 26, 6, 5, tzinfo=UTC))


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_a_time_that_cannot_be_is_no_time(connection: Connection, year: int) -> None:
    send_id = sent(connection)
    take_receipt(connection, receipt(send_id, at=datetime(year, 12, 31, 23, tzinfo=UTC)))
    assert look.receipts(connection, send_id)[0].at is None


def test_it_counts_once(connection: Connection) -> None:
    send_id = sent(connection)
    take_receipt(connection, receipt(send_id))
    assert take_receipt(connection, receipt(send_id)).effect is Effect.REPEATED
    assert rows_in(connection, "receipt") == 1
    assert reasons_of(connection, send_id) == [(200, "ACCEPTED"), (320, "BOUNCED")]


def test_one_that_comes_twice_at_once_counts_once(engine: Engine) -> None:
    with engine.begin() as connection:
        send_id = sent(connection)
    effects = {one.effect for one in at_once(engine, [lambda c: take_receipt(c, receipt(send_id))] * 4)}
    assert effects == {Effect.CHANGED, Effect.REPEATED}


def test_two_that_come_at_once_are_both_heard(engine: Engine) -> None:
    with engine.begin() as connection:
        send_id = sent(connection)
    words = [receipt(send_id, minutes=1), receipt(send_id, Word.COMPLAINT, 2)]
    at_once(engine, [partial(take_receipt, told=one) for one in words])
    with engine.connect() as connection:
        assert status_of(connection, send_id) == 340


def test_a_receipt_of_no_send_of_ours_is_not_kept(connection: Connection) -> None:
    sent(connection)
    assert take_receipt(connection, receipt(uuid4())) == Taken(Effect.NO_SEND)
    assert rows_in(connection, "receipt") == 0


@pytest.mark.parametrize("recipients", [(), ("mallory@evil.test",), ("kunde@example.org",)])
def test_a_receipt_that_names_another_receiver_is_not_kept(connection: Connection, recipients: tuple[str]) -> None:
    send_id = sent(connection)
    assert take_receipt(connection, receipt(send_id, recipients=recipients)).effect is Effect.STRANGER
    assert (rows_in(connection, "receipt"), status_of(connection, send_id)) == (0, 200)


@pytest.mark.parametrize("recipients", [None, ("mallory@evil.test", "KUNDE@example.com")])
def test_any_receiver_that_it_names_may_be_the_sends(connection: Connection, recipients: tuple[str] | None) -> None:
    assert take_receipt(connection, receipt(sent(connection), recipients=recipients)).effect is Effect.CHANGED


@pytest.mark.parametrize("word", [Word.DELIVERED, Word.READ, Word.DELAYED, Word.NOTED])
def test_evidence_changes_no_status(connection: Connection, word: Word) -> None:
    send_id = sent(connection)
    assert take_receipt(connection, receipt(send_id, word)).effect is Effect.KEPT
    assert reasons_of(connection, send_id) == [(200, "ACCEPTED")]


def test_an_older_word_that_comes_later_takes_no_newer_ones_place(connection: Connection) -> None:
    send_id = sent(connection)
    take_receipt(connection, receipt(send_id, minutes=9, status=Status.EMAIL_BOUNCED))
    assert take_receipt(connection, receipt(send_id, minutes=3)).effect is Effect.KEPT
    assert status_of(connection, send_id) == 330


def test_a_time_to_come_is_the_time_at_which_it_came(connection: Connection) -> None:
    send_id = sent(connection)
    take_receipt(connection, receipt(send_id, Word.COMPLAINT, at=datetime(2199, 1, 1, tzinfo=UTC)))
    connection.commit()
    assert take_receipt(connection, receipt(send_id, Word.NOT_SPAM)).after is Status.SENT


@pytest.mark.parametrize(
    "status", [Status.WRONG_EMAIL_ADDRESS, Status.EMAIL_REJECTED, Status.ERROR, Status.MISSING_EMAIL_ADDRESS]
)
def test_what_was_refused_at_once_follows_no_receipt(connection: Connection, status: Status) -> None:
    [send] = begun(connection)
    record(connection, [outcome_of(send, to_status=status, reason=Reason("REJECTED"), verdict="refused")])
    assert take_receipt(connection, receipt(send.id, Word.COMPLAINT)).effect is Effect.KEPT
    assert status_of(connection, send.id) == status


def test_a_send_that_waits_follows_none_and_stays_due(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    before = state_of(connection, send_id)
    assert take_receipt(connection, receipt(send_id)).effect is Effect.KEPT
    assert state_of(connection, send_id) == before


@pytest.mark.parametrize("stands", [Status.ERROR, Status.ERROR_SENDING_EMAIL])
@pytest.mark.parametrize(
    ("word", "status", "reason"),
    [
        (Word.DELIVERED, 200, "PROVED"),
        (Word.DELAYED, 200, "PROVED"),
        (Word.READ, 200, "PROVED"),
        (Word.FAILED, 320, "BOUNCED"),
        (Word.COMPLAINT, 340, "COMPLAINT"),
    ],
)
def test_a_receipt_ends_a_doubt_for_the_provider_had_the_send(
    connection: Connection, stands: Status, word: Word, status: int, reason: str
) -> None:
    send_id = in_doubt(connection, status=stands)
    assert take_receipt(connection, receipt(send_id, word)).effect is Effect.CHANGED
    found = state_of(connection, send_id)
    assert (found["status"], found["due_at"], found["in_doubt"]) == (status, None, False)
    assert reasons_of(connection, send_id)[-1] == (status, reason)


def test_after_that_it_follows_its_receipts_like_any_other(connection: Connection) -> None:
    send_id = in_doubt(connection)
    take_receipt(connection, receipt(send_id, Word.DELAYED, 1))
    take_receipt(connection, receipt(send_id, Word.FAILED, 2))
    assert reasons_of(connection, send_id)[1:] == [(200, "PROVED"), (320, "BOUNCED")]


@pytest.mark.parametrize("word", [Word.NOTED, Word.OPT_OUT])
def test_what_proves_nothing_ends_no_doubt(connection: Connection, word: Word) -> None:
    send_id = in_doubt(connection)
    assert take_receipt(connection, receipt(send_id, word)).effect is Effect.KEPT
    assert state_of(connection, send_id)["in_doubt"]


def came_early(connection: Connection, word: Word = Word.FAILED) -> Begun:
    """A send that a provider has just now, and a receipt that was faster than our commit."""
    [send] = begun(connection)
    assert take_receipt(connection, receipt(send.id, word)).effect is Effect.EARLY
    return send


def test_a_receipt_before_our_commit_is_read_again_after_it(connection: Connection) -> None:
    send = came_early(connection)
    assert list(early(connection)) == []
    record(connection, [outcome_of(send)])
    assert list(early(connection)) == [send.id]
    assert read_early(connection, send.id) == Taken(Effect.CHANGED, Status.SENT, Status.WRONG_EMAIL_ADDRESS)
    assert list(early(connection)) == []
    assert reasons_of(connection, send.id) == [(200, "ACCEPTED"), (320, "BOUNCED")]


def test_an_early_receipt_counts_with_the_next_one(connection: Connection) -> None:
    send = came_early(connection, Word.COMPLAINT)
    record(connection, [outcome_of(send)])
    assert take_receipt(connection, receipt(send.id, Word.DELIVERED)).after is Status.EMAIL_MARKED_AS_SPAM


def test_an_early_receipt_of_a_send_that_was_not_sent_changes_nothing(connection: Connection) -> None:
    send = came_early(connection)
    retry = outcome_of(send, to_status=Status.ERROR_SENDING_EMAIL, wait=MINUTE, verdict="transient")
    record(connection, [retry])
    assert read_early(connection, send.id).effect is Effect.KEPT
    assert list(early(connection)) == []


def test_an_early_receipt_settles_a_send_whose_worker_vanished(connection: Connection) -> None:
    [send] = begun(connection, lease_time=NOW)
    take_receipt(connection, receipt(send.id, Word.DELIVERED))
    settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD)
    assert read_early(connection, send.id) == Taken(Effect.CHANGED, Status.ERROR, Status.SENT)
    assert reasons_of(connection, send.id) == [(300, "OUTCOME_UNKNOWN"), (200, "PROVED")]


def test_a_provider_at_work_on_a_send_need_not_be_asked_again(connection: Connection) -> None:
    send_id = in_doubt(connection, status=Status.QUEUE)
    take_receipt(connection, receipt(send_id, Word.DELIVERED))
    found = state_of(connection, send_id)
    assert (found["status"], found["due_at"], found["in_doubt"]) == (200, None, False)


WORDS = st.tuples(st.sampled_from(Word), st.sampled_from([320, 330, 340, 350, 9999]))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(WORDS, min_size=1, max_size=6), chance=st.randoms(use_true_random=False))
def test_whatever_the_order_the_end_is_the_same_by_legal_steps(
    connection: Connection, told: list[tuple[Word, int]], chance: Any
) -> None:
    ends = set()
    for _ in range(2):
        send_id = sent(connection)
        receipts = [
            receipt(send_id, word, minute, status=Status(status) if word is Word.FAILED else None)
            for minute, (word, status) in enumerate(told)
        ]
        for one in chance.sample(receipts * 2, len(receipts) * 2):
            take_receipt(connection, one)
        ends.add(status_of(connection, send_id))
        steps = look.timeline(connection, send_id)[1:]
        assert {(int(step.from_status), int(step.to_status)) for step in steps} <= LEGAL
        assert len(look.receipts(connection, send_id)) == len(told)
    assert len(ends) == 1

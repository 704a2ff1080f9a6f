"""Do receipts change a status by the table alone, and in the order in which things happened?"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duepost.receipts import PRECEDENCE, Word, end_of, follows, printable, same_receiver
from duepost.statuses import Status

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
FAILURES = [
    Status.WRONG_EMAIL_ADDRESS,
    Status.EMAIL_BOUNCED,
    Status.EMAIL_MARKED_AS_SPAM,
    Status.EMAIL_REJECTED,
    Status.NOT_SENT,
]


@dataclass(frozen=True)
class Told:
    """A receipt of the ledger."""

    word: Word
    status: Status | None
    when: datetime


def told(word: Word, minute: int, status: Status | None = None) -> Told:
    return Told(word, status, NOON + timedelta(minutes=minute))


@pytest.mark.parametrize("status", FAILURES)
def test_a_failure_may_follow_sent(status: Status) -> None:
    assert follows(Status.SENT, Word.FAILED, status) is status


def test_a_complaint_follows_sent_and_any_failure() -> None:
    for status in (Status.SENT, *FAILURES):
        to = follows(status, Word.COMPLAINT, None)
        assert to is (None if status is Status.EMAIL_MARKED_AS_SPAM else Status.EMAIL_MARKED_AS_SPAM)


def test_a_complaint_is_taken_back_by_not_spam_alone() -> None:
    assert follows(Status.EMAIL_MARKED_AS_SPAM, Word.NOT_SPAM, None) is Status.SENT
    for word in set(Word) - {Word.NOT_SPAM}:
        assert follows(Status.EMAIL_MARKED_AS_SPAM, word, Status.WRONG_EMAIL_ADDRESS) is None


@pytest.mark.parametrize("word", sorted(set(Word) - set(PRECEDENCE)))
@pytest.mark.parametrize("status", Status)
def test_every_other_word_raises_and_lowers_nothing(word: Word, status: Status) -> None:
    assert follows(status, word, Status.EMAIL_BOUNCED) is None


@pytest.mark.parametrize("status", [one for one in Status if one not in {Status.SENT, *FAILURES}])
@pytest.mark.parametrize("word", Word)
def test_no_receipt_moves_a_send_that_was_not_sent(status: Status, word: Word) -> None:
    assert follows(status, word, Status.EMAIL_BOUNCED) is None


@pytest.mark.parametrize(
    ("receipts", "end"),
    [
        ([], 200),
        ([told(Word.DELIVERED, 1)], 200),
        ([told(Word.FAILED, 1, Status.EMAIL_BOUNCED)], 330),
        ([told(Word.FAILED, 2, Status.EMAIL_BOUNCED), told(Word.FAILED, 1, Status.WRONG_EMAIL_ADDRESS)], 330),
        ([told(Word.COMPLAINT, 1), told(Word.DELIVERED, 2)], 340),
        ([told(Word.COMPLAINT, 1), told(Word.NOT_SPAM, 2)], 200),
        ([told(Word.NOT_SPAM, 1), told(Word.COMPLAINT, 2)], 340),
        ([told(Word.NOT_SPAM, 2), told(Word.COMPLAINT, 1)], 200),
        ([told(Word.COMPLAINT, 1), told(Word.FAILED, 2, Status.EMAIL_BOUNCED)], 340),
        ([told(Word.FAILED, 1, Status.EMAIL_BOUNCED), told(Word.DELIVERED, 2)], 330),
    ],
)
def test_the_order_in_which_things_happened_decides(receipts: list[Told], end: int) -> None:
    assert end_of(receipts)[0] == end


RECEIPTS = st.lists(st.builds(told, st.sampled_from(Word), st.integers(0, 20), st.sampled_from(FAILURES)), max_size=8)


@given(RECEIPTS, st.randoms(use_true_random=False))
def test_the_order_in_which_receipts_come_does_not_matter(receipts: list[Told], chance) -> None:  # type: ignore[no-untyped-def]
    shuffled = chance.sample(receipts, len(receipts))
    assert end_of(shuffled)[0] is end_of(receipts)[0]


@given(RECEIPTS)
def test_a_receipt_that_comes_again_changes_nothing(receipts: list[Told]) -> None:
    assert end_of([*receipts, *receipts])[0] is end_of(receipts)[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna@customer.test", "anna@CUSTOMER.test"),
        ("anna@bücher.test", "anna@xn--bcher-kva.test"),
        ("<anna@customer.test>", " anna@customer.test. "),
        ("søren@customer.test", "SØREN@customer.test"),
    ],
)
def test_one_mailbox_may_be_written_in_several_ways(one: str, other: str) -> None:
    assert same_receiver(one, other)


@pytest.mark.parametrize(
    "other", ["", "@customer.test", "anna@customer.test.evil.test", "ann@customer.test", "a\udcff@æ"]
)
def test_another_mailbox_is_another(other: str) -> None:
    assert not same_receiver("anna@customer.test", other)


def test_nothing_is_kept_that_moves_a_terminals_cursor() -> None:
    assert printable("a\x1b[2Jb\0\x9bc\u202e\ud800\r\nd") == "a [2Jb  c  \nd"
    assert len(printable("æ" * 9000)) == 4000

"""Are complaints and read confirmations understood?"""

import pytest

from duepost.inbound.mail import read_mail
from duepost.receipts import NewReceipt, Source, Word
from tests.duepost.inbound.mails import ANNA, ID, arf, mdn


def one(content: bytes) -> NewReceipt:
    [found] = read_mail(content)
    return found


# kind of feedback -> word, and does it ask for a person?
FEEDBACK = [
    ("abuse", Word.COMPLAINT, False),
    ("fraud", Word.COMPLAINT, False),
    ("virus", Word.COMPLAINT, False),
    ("other", Word.COMPLAINT, False),
    ("miscategorized", Word.COMPLAINT, False),
    ("not-spam", Word.NOT_SPAM, False),
    ("auth-failure", Word.NOTED, True),
    ("dmarc", Word.NOTED, False),
    ("opt-out", Word.OPT_OUT, True),
    ("opt-out-list", Word.OPT_OUT, True),
    ("Abuse (spam button)", Word.COMPLAINT, False),
    ("something-new", Word.NOTED, True),  # not in the registry when this was written: no status by a guess
    (None, Word.NOTED, True),
]


@pytest.mark.parametrize(("kind", "word", "attention"), FEEDBACK)
def test_the_kind_of_feedback_says_what_it_is(kind: str | None, word: Word, *, attention: bool) -> None:
    found = one(arf(kind))
    assert (found.send_id, found.source, found.word, found.attention) == (ID, Source.ARF, word, attention)


def test_whom_a_complaint_names_comes_before_whom_the_mail_was_to() -> None:
    assert one(arf(returned_to="list@customer.test")).recipients == (ANNA,)
    assert one(arf(recipient=None)).recipients == (ANNA,)


def test_a_complaint_may_name_all_whom_the_mail_was_to() -> None:
    several = f"{ANNA}, Bo <bo@customer.test>,\n carl@customer.test"
    assert one(arf(recipient=None, returned_to=several)).recipients == (
        ANNA,
        "bo@customer.test",
        "carl@customer.test",
    )
    assert one(arf(recipient=None, returned_to="undisclosed-recipients:;")).recipients is None


def test_a_complaint_whose_receiver_is_hidden_counts_by_its_id() -> None:
    assert one(arf(recipient=None, returned_to=None)).recipients is None


def test_a_complaint_about_another_mail_says_nothing() -> None:
    assert read_mail(arf(message_id="<1@sender.test>")) == []
    assert read_mail(arf(message_id=None)) == []


# disposition -> word
DISPOSITIONS = [
    ("manual-action/MDN-sent-manually; displayed", Word.READ),
    ("automatic-action/MDN-sent-automatically;Displayed", Word.READ),
    ("automatic-action/MDN-sent-automatically; deleted", Word.NOTED),  # no proof of reading
    ("automatic-action/MDN-sent-automatically; dispatched", Word.NOTED),
    ("automatic-action/MDN-sent-automatically; processed", Word.NOTED),
    ("manual-action/MDN-sent-manually; denied", Word.NOTED),
    ("automatic-action/MDN-sent-automatically; displayed/error", Word.NOTED),
    ("automatic-action/MDN-sent-automatically; failed", Word.NOTED),
    ("", Word.NOTED),
]


@pytest.mark.parametrize(("disposition", "word"), DISPOSITIONS)
def test_only_displayed_says_that_the_mail_was_read(disposition: str, word: Word) -> None:
    found = one(mdn(disposition))
    assert (found.send_id, found.source, found.word, found.status) == (ID, Source.MDN, word, None)
    assert found.recipients == (ANNA,)


@pytest.mark.parametrize("message_id", [None, "<1@sender.test>"])
def test_a_confirmation_of_another_mail_says_nothing(message_id: str | None) -> None:
    assert read_mail(mdn(message_id=message_id)) == []

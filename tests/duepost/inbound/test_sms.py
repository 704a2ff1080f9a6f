"""What does a delivery report of an SMS do to its send?"""

from uuid import uuid4

import pytest

from duepost.inbound.sms import WORDS, read_report
from duepost.receipts import Word
from duepost.sms_reports import STATES

# SMPP's word as Kannel hands it on, its error -> word, status of the send
SMPP = [
    ("ENROUTE", "000", Word.ACCEPTED, None),
    ("ACCEPTD", "000", Word.ACCEPTED, None),
    ("DELIVRD", "000", Word.DELIVERED, None),
    ("EXPIRED", "000", Word.FAILED, 330),
    ("DELETED", "000", Word.FAILED, 9999),
    ("UNDELIV", "050", Word.FAILED, 330),
    ("UNDELIV", "001", Word.FAILED, 320),
    # 200 says that the gateway took it, and it did: no waiting time makes a failure of that.
    ("UNKNOWN", "000", Word.NOTED, None),
    ("REJECTD", "000", Word.FAILED, 350),
    ("SKIPPED", "000", Word.FAILED, 350),
    ("BARRED", "000", Word.FAILED, 350),
    ("BLIST", "000", Word.FAILED, 350),
    ("NOROUTE", "000", Word.FAILED, 320),
]


@pytest.mark.parametrize(("said", "error", "word", "status"), SMPP)
def test_each_word_of_smpp_has_its_receipt(said: str, error: str, word: Word, status: int | None) -> None:
    found = read_report("kannel", {"type": "2", "answer": f"id:1 stat:{said} err:{error}"}, uuid4())
    assert found
    assert (found.word, found.status, found.attention) == (word, status, said in {"BARRED", "BLIST"})


def test_every_state_of_a_report_has_its_word() -> None:
    assert set(WORDS) == set(STATES)
    failures = {state for state, (word, _) in WORDS.items() if word is Word.FAILED}
    assert failures == {state for state, status in STATES.items() if status not in {None, 200}}


def test_words_that_nobody_knows_are_no_report() -> None:
    assert read_report("kannel", {"type": "99"}, uuid4()) is None

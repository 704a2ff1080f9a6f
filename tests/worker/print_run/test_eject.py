"""Does a print run go on without the letters that cannot be printed?"""

import logging
from pathlib import Path

import pytest

from duepost.documents import DocumentStore
from duepost.ledger import look
from duepost.ledger.print_confirm import confirm, hand_over_again
from duepost.ledger.print_runs import envelopes
from duepost.statuses import Status
from tests.duepost.ledger.conftest import reasons_of
from tests.duepost.ledger.gathered import ADDRESS, gather
from tests.worker.print_run.conftest import LETTERS, Rig, RigOf, place_of, sequences, statuses
from tests.worker.print_run.test_hand_over import FILES, DyingDrop, Killed
from worker.print_run.place import DropPlace

HANDED = "print run P000001: handed"
WAITS = "print run P000001: closed (DOCUMENT_UNREADABLE)"
NOT_A_PDF = b"%PDF-1.7\nxref\nno more than that\nstartxref\n9\n%%EOF\n"


def damage(place: Path) -> None:
    """One bit falls over."""
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)


@pytest.fixture
def two_spoilt(five: Rig, store: DocumentStore) -> Rig:
    """The second letter is damaged, the fourth is gone."""
    damage(place_of(store, LETTERS[1]))
    place_of(store, LETTERS[3]).unlink()
    return five


def test_a_damaged_letter_and_a_lost_one_are_ejected_and_the_others_go(two_spoilt: Rig) -> None:
    assert two_spoilt.worker().work(1) == HANDED
    assert two_spoilt.files() == FILES
    assert sequences(two_spoilt) == ["1", "3", "5"]
    assert statuses(two_spoilt) == [150, 300, 150, 300, 150]
    assert two_spoilt.run().pages == 3 * 2


def test_an_ejected_send_says_why(two_spoilt: Rig) -> None:
    two_spoilt.worker().work(1)
    with two_spoilt.engine.connect() as connection:
        last = [look.timeline(connection, two_spoilt.ids[place])[-1] for place in (1, 3)]
    assert {(one.to_status, one.reason_code) for one in last} == {(Status.ERROR, "EJECTED")}
    assert [one.reason_values for one in last] == [
        {"run": "P000001", "sequence": 2, "cause": "DOCUMENT_DAMAGED"},
        {"run": "P000001", "sequence": 4, "cause": "DOCUMENT_LOST"},
    ]


def test_a_document_that_cannot_be_merged_is_ejected(rig_of: RigOf) -> None:
    rig = rig_of([LETTERS[0], NOT_A_PDF])
    assert rig.worker().work(1) == HANDED
    assert statuses(rig) == [150, 300]


def test_an_ejected_letter_is_an_alarm_without_personal_data(two_spoilt: Rig, caplog: pytest.LogCaptureFixture) -> None:
    two_spoilt.worker().work(1)
    alarms = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert alarms == [
        "print run P000001: letter 2 is ejected: DOCUMENT_DAMAGED",
        "print run P000001: letter 4 is ejected: DOCUMENT_LOST",
    ]
    assert ADDRESS not in caplog.text


def test_confirming_leaves_ejected_sends_as_they_are(two_spoilt: Rig) -> None:
    two_spoilt.worker().work(1)
    with two_spoilt.engine.begin() as connection:
        confirm(connection, 1, actor="anna", why="seen")
    assert statuses(two_spoilt) == [200, 300, 200, 300, 200]


@pytest.mark.parametrize("ending", [".pdf", ".csv", ".done"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_after_a_death_the_same_letters_go_and_none_is_ejected_twice(two_spoilt: Rig, when: str, ending: str) -> None:
    with pytest.raises(Killed):
        two_spoilt.worker(DropPlace(DyingDrop(two_spoilt.folder, **{when: ending}))).work(1)  # type: ignore[arg-type]
    before = {name: (two_spoilt.folder / name).read_bytes() for name in two_spoilt.files()}
    assert two_spoilt.worker().work(1) == HANDED
    assert {name: (two_spoilt.folder / name).read_bytes() for name in before} == before
    assert sequences(two_spoilt) == ["1", "3", "5"]
    with two_spoilt.engine.connect() as connection:
        reasons = [code for _, code in reasons_of(connection, two_spoilt.ids[1])]
    assert reasons == ["GATHERED", "PRINT_RUN", "EJECTED"]


def test_a_letter_damaged_after_the_run_was_made_but_not_offered_is_ejected_too(
    five: Rig, store: DocumentStore, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Killed):
        five.worker(DropPlace(DyingDrop(five.folder, after=".csv"))).work(1)
    damage(place_of(store, LETTERS[0]))
    assert five.worker().work(1) == HANDED
    assert sequences(five) == ["2", "3", "4", "5"]
    assert "has duepost been updated" not in caplog.text


def test_a_letter_that_may_have_been_printed_is_not_ejected(five: Rig, store: DocumentStore) -> None:
    five.worker().work(1)
    with five.engine.begin() as connection:
        hand_over_again(connection, 1, actor="anna", why="lost")
    damage(place_of(store, LETTERS[0]))
    assert five.worker().work(1) == WAITS
    assert statuses(five) == [150] * 5
    assert store.put(LETTERS[0])
    assert five.worker().work(1) == HANDED


def test_a_run_that_lost_every_letter_ends(rig_of: RigOf, store: DocumentStore) -> None:
    rig = rig_of(LETTERS[:1])
    with rig.engine.begin() as connection:
        gather(connection, [store.put(LETTERS[1])])
    place_of(store, LETTERS[0]).unlink()
    assert rig.worker().work(1) == "print run P000001: confirmed"
    assert (statuses(rig), rig.files()) == ([300], [])
    assert rig.worker().work(1) == "nothing to do"


def test_what_is_ejected_lies_in_the_run_no_more(two_spoilt: Rig) -> None:
    two_spoilt.worker().work(1)
    with two_spoilt.engine.connect() as connection:
        assert [one.send_id for one in envelopes(connection, 1)] == two_spoilt.ids[::2]

"""Does docs/receipts.md say what receipts do, as the code does it?"""

import re
from pathlib import Path

from duepost.receipts import PRECEDENCE, Source, Word
from gateway import reports

PAGE = (Path(__file__).parents[2] / "docs" / "receipts.md").read_text()
ROWS = {
    word: ({int(one) for one in re.findall(r"\d+", after)}, leads_to)
    for word, after, leads_to in re.findall(r"^\| `([a-z ]+)` \| ([\d, ]+) \| (.*) \|$", PAGE, re.MULTILINE)
}


def test_the_table_is_the_codes() -> None:
    assert {word: after for word, (after, _) in ROWS.items()} == {
        word.value: {int(one) for one in after} for word, (after, _) in PRECEDENCE.items()
    }


def test_what_a_word_leads_to_is_the_codes() -> None:
    for word, (_, leads_to) in PRECEDENCE.items():
        told = ROWS[word.value][1]
        assert told == str(int(leads_to)) if leads_to else told.startswith("its own")


def test_every_source_that_a_reader_makes_has_its_row() -> None:
    assert set(re.findall(r"^\| `([a-z-]+)` \| ", PAGE, re.MULTILINE)) - {*Word} == {*Source} - {Source.PERSON}


def test_the_answers_of_the_door_are_told() -> None:
    for status in (reports.OK, reports.BAD_REQUEST, reports.NOT_FOUND, "413 ", reports.AWAY_NOW):
        assert f"{status[:3]} " in PAGE
    assert f"{reports.LARGEST // 1024} KiB" in PAGE


def test_the_page_is_short() -> None:
    assert len(PAGE.splitlines()) <= 80

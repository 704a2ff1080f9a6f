"""Does docs/sms.md know every word that a report may say?"""

import re
from pathlib import Path

import pytest

from duepost.sms_reports import GATEWAYAPI, GATEWAYAPI_UNKNOWN, KANNEL, SMPP, STATES, TWILIO, TWILIO_ERRORS

PAGE = (Path(__file__).parents[2] / "docs" / "sms.md").read_text()
# state -> status, Kannel, SMPP, GatewayAPI, Twilio, as the page has them
CELLS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
ROWS = {cells[0]: cells[1:] for cells in CELLS if cells[0] in STATES and len(cells) == 6}


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_its_row_with_its_status(state: str) -> None:
    status = STATES[state]
    assert ROWS[state][0] == ("stays" if status is None else str(int(status)))


@pytest.mark.parametrize(
    ("column", "words"), [(1, KANNEL), (2, SMPP), (3, GATEWAYAPI), (4, {**TWILIO, **TWILIO_ERRORS})]
)
def test_every_word_stands_in_the_row_of_its_state(column: int, words: dict[str, str]) -> None:
    for word, state in words.items():
        assert word in re.findall(r"\w+", ROWS[state][column]), (word, state)


def test_the_codes_that_say_unknown_number_are_listed() -> None:
    assert set(re.findall(r"0x\w+", ROWS["number_unknown"][3])) == GATEWAYAPI_UNKNOWN

"""Does docs/guarantees.md tell of every drill and invariant, and of nothing else?"""

import re
from pathlib import Path

import pytest

from sandbox.chaos import invariants
from sandbox.chaos.__main__ import DRILLS
from sandbox.chaos.sabotage import SABOTAGES

PAGE = (Path(__file__).parents[2] / "docs" / "guarantees.md").read_text()
ROWS = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([^`]+)` \|$", PAGE, re.MULTILINE))
CHECKED = set(re.findall(r'f"(I\d+):', Path(invariants.__file__).read_text()))


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_every_drill_is_on_the_page_with_the_protection_it_proves(drill) -> None:  # type: ignore[no-untyped-def]
    assert ROWS[drill.name] == drill.sabotage


def test_no_other_drill_is_on_the_page() -> None:
    assert set(ROWS) == {drill.name for drill in DRILLS}


def test_every_sabotage_is_used_and_every_one_used_is_there() -> None:
    assert {drill.sabotage for drill in DRILLS} == set(SABOTAGES)


@pytest.mark.parametrize("number", range(1, 15))
def test_every_invariant_is_on_the_page_and_checked(number: int) -> None:
    assert f"| I{number} |" in PAGE
    assert f"I{number}" in CHECKED

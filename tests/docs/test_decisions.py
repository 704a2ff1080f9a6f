"""Are the decisions written down in one form?"""

import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs" / "decisions").glob("*.md"))


def test_the_decisions_are_numbered_without_a_gap() -> None:
    assert [int(page.name[:3]) for page in PAGES] == list(range(1, len(PAGES) + 1))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_decision_has_four_parts_and_stays_short(page: Path) -> None:
    text = page.read_text()
    assert text.startswith(f"# {page.name[:3]} ")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Context", "Decision", "Evidence", "Consequence"]
    assert len(text.splitlines()) <= 15

"""Is what docs/operations.md tells an operator to run there to be run?"""

import re
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from worker.order import Tally, summary

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("question", re.findall(r"^```sql\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
def test_the_ledger_can_be_asked_every_question(question: str, connection: Connection) -> None:
    assert connection.execute(text(question)).all() == []


@pytest.mark.parametrize("file", ["worker/app.py", "worker/door.py", "scheduler/app.py", "config/flowerconfig.py"])
def test_every_command_that_the_code_names_is_on_the_page(file: str) -> None:
    (start,) = re.findall(r"`(python -m celery [^`]*)`", (ROOT / file).read_text())
    assert start in PAGE


def test_an_order_without_attempts_says_what_the_page_says() -> None:
    assert f"| `{summary(Tally(0))}` |" in PAGE

"""Does docs/state_machine.md know every status and every reason?"""

import ast
import re
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pytest

from config.settings import Retry
from duepost.statuses import Status
from worker.providers.smtp_verdicts import Stage

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "state_machine.md").read_text()
PLACES = ("worker", "scheduler", "src/duepost/ledger")
FILES = tuple(
    f"src/duepost/{name}.py"
    for name in ("mail_verdicts", "receipts", "inbound/dsn", "inbound/access_point", "inbound/sms")
)
CODE = re.compile(r"[A-Z][A-Z0-9]{3,}|[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
# Words in capitals that are no reasons: protocols' commands, and SQLAlchemy's isolation level.
OTHER_WORDS = {stage.value for stage in Stage} | {
    *("A8N403GCN", "AF1001MCS", "GK6FKHU52", "TNFE4035G", "XUPR7NEC8"),  # of Acumulus
    *("AUTOCOMMIT", "CA_FILE", "LOGIN", "PATCH", "PLAIN", "POST", "SMTPUTF8", "UCS2", "UTF8"),
}


def literals() -> Iterator[str]:
    """Every string in the code that reads like a reason's code."""
    for file in [file for place in PLACES for file in (ROOT / place).rglob("*.py")] + [ROOT / name for name in FILES]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                yield node.value


REASONS = sorted(set(literals()) - OTHER_WORDS)
LISTED = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", PAGE, re.MULTILINE))


def kind(status: Status) -> str:
    """The class of a status as the page calls it."""
    return "waiting" if status.waiting else "held" if status.held else "final"


@pytest.mark.parametrize("status", Status)
def test_every_status_has_its_row(status: Status) -> None:
    assert f"| {int(status)} | {status.label} | {status.meaning} | {kind(status)} |" in PAGE


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_in_the_code_has_a_row(reason: str) -> None:
    assert reason in LISTED


@pytest.mark.parametrize("reason", sorted(LISTED))
def test_every_reason_on_the_page_is_in_the_code(reason: str) -> None:
    assert reason in REASONS


def test_the_retry_schedule_is_the_default_one() -> None:
    minutes = [int(wait / 60) for wait in Retry().waits_seconds]
    assert minutes == [1, 5, 15, 30, *[60] * 3, *[120] * 4, *[240] * 9]
    reached = list(accumulate(minutes))
    for attempt in (7, 11, 20):
        hours, rest = divmod(reached[attempt - 1], 60)
        assert f"{hours} h {rest} min" in PAGE

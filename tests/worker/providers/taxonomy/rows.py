"""What does the taxonomy of failures say, row by row, and how is one of our outcomes written like a row?

rows.json: section -> rows of a name, what it means, and a note where there is more to say. A meaning begins with a
status; behind 310 stands whether it is tried again: yes, no, pause (until an operator mends it), check (ask first).
"""

import json
from pathlib import Path

import pytest

from duepost.receipts import NewReceipt, follows
from duepost.statuses import Status
from tests.worker.providers.taxonomy.deviations import DEVIATIONS
from worker.providers.port import Outcome, Verdict

TAXONOMY: dict[str, list[list[str | int]]] = json.loads((Path(__file__).parent / "rows.json").read_text())
# verdict -> the taxonomy's word for whether it is tried again
AGAIN = {Verdict.TRANSIENT: "yes", Verdict.WAIT: "pause", Verdict.UNKNOWN: "check", Verdict.PENDING: "pending"}


def rows(section: str) -> list[pytest.ParameterSet]:
    """The section's rows as cases: the key of the row, its name, and what it means."""
    return [
        pytest.param(key(section, name), str(name), str(meaning), id=f"{section}: {name}"[:60])
        for name, meaning, *_ in TAXONOMY[section]
    ]


def key(section: str, name: str | int) -> str:
    """What DEVIATIONS calls a row."""
    return f"{section}: {name}"


def said(outcome: Outcome | None) -> str:
    """Status and whether it is tried again, as the taxonomy would write it; a wait that needs nobody is no pause."""
    assert outcome is not None
    again = "yes" if outcome.verdict is Verdict.WAIT and not outcome.alarm else AGAIN.get(outcome.verdict, "")
    return f"{int(outcome.status)} {again}".strip()


def stands(receipt: NewReceipt, before: Status = Status.SENT) -> str:
    """The status of a send after a receipt, with `alert` where a person is asked to look."""
    status = follows(before, receipt.word, receipt.status) or before
    return f"{int(status)} alert" if receipt.attention else str(int(status))


def agrees(row: str, ours: set[str], theirs: str) -> None:
    """One row: ours is what is written there, or the deviation that is argued."""
    expected, _why = DEVIATIONS.get(row, ({theirs}, ""))
    assert ours == expected
    assert (ours == {theirs}) is (row not in DEVIATIONS), "an argued deviation is none any more"

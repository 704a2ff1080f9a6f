"""Does docs/documents.md say of documents what the code does?"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from duepost.bucket import TOTAL_SECONDS
from duepost.document_kinds import DEEPEST
from duepost.doors import door_from_environment
from duepost.ledger.accounts import add_account
from duepost.ledger.look import counts
from duepost.ledger.schema import document
from duepost.rules import Rules
from duepost.statuses import Status
from tests.papers import PDF

PAGE = (Path(__file__).parents[2] / "docs" / "documents.md").read_text()


@pytest.fixture
def surroundings(database_url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the page expects of the reader: settings, an account, an invoice, and the terms in the store."""
    monkeypatch.setenv("DUEPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("DUEPOST_DOCUMENTS", str(tmp_path / "documents"))
    monkeypatch.chdir(tmp_path)
    door_from_environment.cache_clear()
    Path("1001.pdf").write_bytes(PDF)
    Path("terms.pdf").write_bytes(PDF + b"terms")
    door_from_environment().documents.put(Path("terms.pdf"))
    with engine.begin() as connection:
        add_account(connection, "default", "Europe/Copenhagen")
    yield
    door_from_environment.cache_clear()


@pytest.mark.usefixtures("surroundings")
def test_the_example_enqueues_a_send_with_three_documents(engine: Engine) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - our own page
    names["engine"].dispose()
    with engine.connect() as connection:
        assert counts(connection) == {Status.QUEUE: 1}
        assert connection.execute(select(func.count()).select_from(document)).scalar() == 3


def test_the_limits_are_named() -> None:
    assert f"`DUEPOST_DOCUMENT_LIMIT_BYTES` ({Rules().document_limit:,})" in PAGE
    assert f"more than {DEEPEST} levels" in PAGE
    assert f"ends after {TOTAL_SECONDS} s" in PAGE

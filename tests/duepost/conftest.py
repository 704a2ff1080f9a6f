"""What does a test of the doors need?"""

from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from duepost.documents import DocumentStore
from duepost.intake import Door
from duepost.ledger.accounts import add_account
from duepost.rules import Rules

ZONE = "Europe/Copenhagen"


@pytest.fixture
def door(tmp_path: Path) -> Door:
    """Strict rules and an empty store of documents."""
    return Door(Rules(), DocumentStore(tmp_path / "documents"))


@pytest.fixture
def ledger(engine: Engine) -> Engine:
    """An engine on a ledger that has the account `default`, in Copenhagen."""
    with engine.begin() as connection:
        add_account(connection, "default", ZONE)
    return engine


@pytest.fixture
def billing(ledger: Engine, connection: Connection) -> Connection:  # noqa: ARG001 - the account must be there
    """A billing app's connection to that ledger."""
    return connection

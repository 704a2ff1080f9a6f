"""What does a test of the doors need?"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from duepost.documents import DocumentStore
from duepost.intake import Door
from duepost.ledger.accounts import add_account
from duepost.rules import Rules

ZONE = "Europe/Copenhagen"

Run = Callable[..., subprocess.CompletedProcess[str]]


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


@pytest.fixture
def duepost(database_url: str, engine: Engine, tmp_path: Path) -> Run:
    """The program, on a ledger with one account."""
    with engine.begin() as connection:
        add_account(connection, "default", ZONE)

    def run(*arguments: str, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DUEPOST_")}
        settings = {"DUEPOST_DATABASE_URL": database_url, "DUEPOST_DOCUMENTS": str(tmp_path / "documents")}
        return subprocess.run(
            [sys.executable, "-m", "duepost", *arguments],
            env={**kept, "COLUMNS": "200", **settings, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )

    return run

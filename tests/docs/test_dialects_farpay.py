"""Do the examples of docs/dialects.md for FarPay work?"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from duepost.credentials import Scope
from duepost.ledger.accounts import add_account
from duepost.ledger.keys import add_login
from gateway.bodies import JSON_LIMIT
from gateway.farpay.acting import OPERATIONS
from gateway.farpay.router import MOST_LISTED
from tests.gateway.conftest import Serve, serve
from tests.papers import PDF

PAGE = (
    (Path(__file__).parents[2] / "docs" / "dialects.md").read_text().partition("\n## FarPay\n")[2].partition("\n## ")[0]
)
KEY = "your-api-key"

__all__ = ["serve"]  # the fixture


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.fixture
def environment(serve: Serve, database_url: str, engine: Engine, tmp_path: Path) -> dict[str, str]:
    """What the page expects of the reader: FarPay's key, registered, and a document."""
    with engine.begin() as connection:
        add_account(connection, "acme", "Europe/Copenhagen")
        add_login(connection, "acme", system="farpay", user="", secret=KEY, scopes=list(Scope), actor="test")
    (tmp_path / "INV-001.pdf").write_bytes(PDF)
    return {"GATEWAY": serve(database_url).url, "KEY": KEY, "NO_PROXY": "*", "PATH": "/usr/local/bin:/usr/bin:/bin"}


def test_the_examples_send_what_they_say(environment: dict[str, str], engine: Engine, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is missing")

    def run(*command: str) -> str:
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    assert alike(run("sh", "-c", block("sh"))) == alike(block("json"))
    assert run(sys.executable, "-c", block("python")) == "100 Queue\n"
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT invoice, channel, to_address, filename FROM send ORDER BY id")).all()
    assert [tuple(one) for one in kept] == [
        ("INV-001", "sms", "+4533445566", "INV-001.pdf"),
        ("INV-002", "email", "accounts@example.com", None),
    ]


def alike(answer: str) -> list[tuple[str, Any]]:
    """What is the same each time, in its order, numbers as they are written."""
    said: dict[str, Any] = json.loads(answer, parse_float=str)
    return list((said | {"Id": 0, "Created": "", "Token": ""}).items())


def test_the_figures_and_operations_are_those_of_the_code() -> None:
    assert f"at most {MOST_LISTED:,}" in PAGE
    assert f"at most {JSON_LIMIT:,} bytes" in PAGE
    assert {name.lower() for name in re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)} >= set(OPERATIONS)

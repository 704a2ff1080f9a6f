"""Do the examples of docs/dialects.md for Acumulus work?"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from duepost.credentials import Scope
from duepost.ledger.accounts import add_account
from duepost.ledger.keys import add_key, add_login
from gateway.acumulus.mailing import SAME
from gateway.acumulus.router import LIMIT, PATIENCE_SECONDS
from gateway.acumulus.words import TABLE
from tests.gateway.conftest import Serve, serve
from tests.papers import PDF

PAGE = (
    (Path(__file__).parents[2] / "docs" / "dialects.md")
    .read_text()
    .partition("\n## Acumulus\n")[2]
    .partition("\n## ")[0]
)
PASSWORD = "my-secret"

__all__ = ["serve"]  # the fixture


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def environment(serve: Serve, database_url: str, engine: Engine, tmp_path: Path) -> dict[str, str]:
    """What the page expects of the reader: a key, a login and a document."""
    with engine.begin() as connection:
        add_account(connection, "acme", "Europe/Amsterdam")
        key = add_key(connection, "acme", name="billing", scopes=list(Scope), kind="live", actor="test")
        user = "288252/APIGebruiker12345"
        add_login(connection, "acme", system="acumulus", user=user, secret=PASSWORD, scopes=[Scope.SEND], actor="test")
    (tmp_path / "2026-001.pdf").write_bytes(PDF)
    named = {"GATEWAY": serve(database_url).url, "KEY": key.secret, "PASSWORD": PASSWORD, "NO_PROXY": "*"}
    return {**named, "PATH": "/usr/local/bin:/usr/bin:/bin"}


def test_the_examples_mail_what_they_say(environment: dict[str, str], engine: Engine, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is missing")

    def run(*command: str) -> str:
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    [shell], [python], [answer] = blocks("sh"), blocks("python"), blocks("json")
    said, shown = json.loads(run("sh", "-c", shell)), json.loads(answer)
    assert said | {"invoice": None} == shown | {"invoice": None}
    assert run(sys.executable, "-c", python) == "0\n"
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT to_address, kind, subject, note, filename FROM send ORDER BY id")).all()
    assert [tuple(one) for one in kept] == [
        ("boekhouding@example.com", "invoice", "Factuur 2026-001", None, "2026-001.pdf"),
        ("klant@example.com", "reminder", None, "Beste klant,\nzie bijlage.", "2026-001.pdf"),
    ]


@pytest.mark.parametrize("tag", sorted(set(re.findall("`((?:DP|[A-Z0-9]{9}`)[A-Z0-9]*)`?", PAGE))))
def test_a_tag_on_the_page_is_one_that_is_answered(tag: str) -> None:
    assert tag.strip("`") in TABLE or tag == "DP"


def test_the_figures_are_those_of_the_code() -> None:
    assert (SAME.total_seconds(), PATIENCE_SECONDS, LIMIT) == (600, 9, 1_000_000)
    for words in ("within ten minutes", "within 9 s", "at most 1 MB"):
        assert words in PAGE

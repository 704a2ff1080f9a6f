"""Do the examples of docs/dialects.md for Saphety and Abillify work, and are its figures those of the code?"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from config.gateway import Gateway
from duepost.ledger.idempotency import LONGEST_KEY
from duepost.statuses import Status
from gateway.abillify.errors import KINDS
from gateway.bodies import JSON_LIMIT
from gateway.once import PATIENCE_SECONDS
from gateway.saphety.envelope import CODES, EMPTY
from gateway.saphety.notification import MOST_MAILS
from gateway.saphety.standing import MAILED, STATES
from gateway.saphety.tokens import LIFE
from tests.gateway.conftest import Served
from tests.gateway.dialects import register, sends
from tests.papers import PDF

PAGE = (Path(__file__).parents[2] / "docs" / "dialects.md").read_text()
PASSWORD = "my-secret"


def section(name: str) -> str:
    return PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def block(text: str, language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.fixture
def run(gateway: Served, key: str, tmp_path: Path) -> "Run":
    """Runs a command as a reader of the page would."""
    if shutil.which("curl") is None:
        missing = "curl is not installed: apt-get install curl"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    named = {"GATEWAY": gateway.url, "KEY": key, "PASSWORD": PASSWORD, "NO_PROXY": "*", "PATH": os.environ["PATH"]}
    return Run(tmp_path, named)


class Run:
    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self._environment = environment

    def __call__(self, *command: str) -> str:
        ran = subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


def test_saphetys_examples_mail_what_they_say(run: Run, engine: Engine) -> None:
    register(engine, "saphety", "shop@example.com", PASSWORD)
    (run.folder / "FT-2026-001.pdf").write_bytes(PDF)
    page = section("Saphety")
    said, shown = run("sh", "-c", block(page, "sh")), json.loads(block(page, "json"))
    assert json.loads(said) | {"CorrelationId": None} == shown | {"CorrelationId": None}
    assert run(sys.executable, "-c", block(page, "python")) == "['contabilidade@example.com']\nNoEmails\n"
    assert sends(engine, "to_address, subject, filename, options ->> 'language', options -> 'attach'") == [
        ("cliente@example.com", None, "FT-2026-001.pdf", "pt", None),
        ("contabilidade@example.com", "Fatura FT-2026-001", "FT-2026-001.pdf", "en", []),
    ]


def test_abillifys_examples_mail_what_they_say(run: Run, engine: Engine) -> None:
    register(engine, "abillify", "demo", PASSWORD)
    (run.folder / "RE-2026-001.pdf").write_bytes(PDF)
    page = section("Abillify")
    said, shown = json.loads(run("sh", "-c", block(page, "sh"))), json.loads(block(page, "json"))
    assert said | {"job": None} == shown | {"job": None}
    assert run(sys.executable, "-c", block(page, "python")) == "OK\n"
    assert sends(engine, "to_address, filename, sequence") == [
        ("kunde@example.com", "RE-2026-001.pdf", number) for number in (0, 1)
    ]


def test_the_figures_are_those_of_the_code() -> None:
    assert (MOST_MAILS, LIFE.total_seconds() / 3600, LONGEST_KEY) == (100, 8, 255)
    assert (PATIENCE_SECONDS, JSON_LIMIT, Gateway().saphety_repeat_seconds) == (10, 256 * 1024, 60)


@pytest.mark.parametrize("code", [*CODES.values(), EMPTY, "SERVER_ERROR"])
def test_every_code_of_saphetys_dialect_is_told(code: str) -> None:
    assert f"`{code}`" in section("Saphety")


@pytest.mark.parametrize("kind", [word for _, word in KINDS.values()])
def test_every_type_of_abillifys_dialect_is_told(kind: str) -> None:
    assert f"`{kind}`" in section("Abillify")


@pytest.mark.parametrize("status", STATES)
def test_every_status_has_a_row(status: Status) -> None:
    [row] = re.findall(rf"^\| (?:\d+, )?{int(status)}\b.*$", section("Saphety"), re.MULTILINE)
    assert STATES[status] in row
    assert MAILED.get(status, "NoEmails") in row

"""Does the provider that docs/adding_a_provider.md walks through keep its promises?"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import config.accounts
from duepost.features import FIELDS
from duepost.statuses import Status
from sandbox.http_counterpart import HttpCounterpart
from tests.worker.providers.contract import SECRET, SHORT, Contract, Make
from tests.worker.providers.contract_http import Calls, HttpContract
from worker import accounts
from worker.providers.port import Job, Provider, Verdict

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding_a_provider.md").read_text()
ADAPTER, SETTINGS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
[CONTRACT] = re.findall(r"`\"textworks\": (lambda .*),`", PAGE)
REFERENCE = (ROOT / "docs" / "providers_reference.md").read_text()
ID = UUID("019a9f3e-5c1d-7a3b-8d42-0123456789ab")
JOB = Job(ID, str(ID), "sms", "invoice", "1001", "acme", "+4533445566", None, None, None)


def built() -> dict[str, Any]:
    """Every name that the page's blocks define; the second stands among what its two files have."""
    names: dict[str, Any] = {**vars(config.accounts), **vars(accounts), "SECRET": SECRET, "SHORT": SHORT}
    exec(ADAPTER, names)  # noqa: S102 - our own page
    exec(SETTINGS, names)  # noqa: S102 - our own page
    return names


@pytest.fixture
def job() -> Callable[..., Job]:
    return lambda **changes: replace(JOB, **changes)


@pytest.fixture
def make() -> Make:
    made: Make = eval(CONTRACT, built())  # noqa: S307 - our own page
    return made


class TestTheExample(Contract):
    """Built by the page's own line of ADAPTERS."""


class TestTheExampleOverHttp(HttpContract):
    """The same, answered as told."""

    @pytest.fixture
    def calls(self, make: Make) -> Calls:
        return Calls(make)


@pytest.fixture
def counterpart(tmp_path: Path) -> Iterator[HttpCounterpart]:
    with HttpCounterpart(tmp_path) as server:
        yield server


@pytest.fixture
def provider(counterpart: HttpCounterpart, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """From its settings, as a worker builds it."""
    names = built()
    monkeypatch.setitem(accounts.ADAPTERS, "textworks", names["_textworks"])
    account = names["TextWorksAccount"].model_validate({"url": f"{counterpart.url}/messages", "key": SECRET})
    assert account.kind == "textworks"
    made = accounts.adapter("tw", account, None)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("status", "body", "verdict", "becomes"),
    [
        (200, b'{"result": "queued"}', Verdict.ACCEPTED, Status.SENT),
        (422, b'{"result": "unknown_number"}', Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS),
        (422, b'{"result": "barred"}', Verdict.REFUSED, Status.EMAIL_REJECTED),
        (422, b'{"result": ["barred"]}', Verdict.REFUSED, Status.EMAIL_REJECTED),
        (429, b"", Verdict.WAIT, Status.ERROR_SENDING_EMAIL),
        (500, b'{"result": "queued"}', Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL),
        (200, b"<html>", Verdict.UNKNOWN, Status.ERROR),
    ],
)
def test_the_example_reads_the_gateways_words(
    counterpart: HttpCounterpart, provider: Provider, status: int, body: bytes, verdict: Verdict, becomes: Status
) -> None:
    counterpart.answer(status, body)
    outcome = provider.send(JOB)
    assert (outcome.verdict, outcome.status) == (verdict, becomes)


def test_the_example_hands_over_what_the_gateway_recognises_repeats_by(
    counterpart: HttpCounterpart, provider: Provider
) -> None:
    provider.send(JOB)
    [request] = counterpart.requests
    assert json.loads(request.body) == {"to": "+4533445566", "text": "Invoice 1001", "reference": str(ID)}


def test_the_page_is_under_eighty_lines() -> None:
    assert len(PAGE.splitlines()) < 80


@pytest.mark.parametrize("file", re.findall(r"`((?:config|worker|tests|sandbox)/\S+\.py)`", PAGE + REFERENCE))
def test_every_file_that_is_named_is_there(file: str) -> None:
    assert (ROOT / file).is_file() or file == "worker/providers/textworks.py"


def test_the_adapter_keeps_the_house_s_form() -> None:
    for command in (["check"], ["format", "--check"]):
        ruff = [
            sys.executable,
            "-m",
            "ruff",
            *command,
            "--quiet",
            "--stdin-filename",
            "worker/providers/textworks.py",
            "-",
        ]
        subprocess.run(ruff, cwd=ROOT, input=ADAPTER.encode(), check=True)


def test_every_verdict_is_in_the_reference() -> None:
    assert [verdict.name for verdict in Verdict if f"| `{verdict.name}` |" not in REFERENCE] == []


def test_every_feature_is_in_the_reference() -> None:
    assert [feature for feature, field in FIELDS.items() if f"| `{feature.value}` | `{field}` |" not in REFERENCE] == []

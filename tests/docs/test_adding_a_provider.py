"""Does the adapter in docs/adding_a_provider.md keep its promises?"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from duepost.features import Feature
from duepost.statuses import Status
from sandbox.http_counterpart import HttpCounterpart
from tests.worker.providers.contract import SECRET, SHORT, Contract, Make, MakeJob
from worker.providers.port import Job, Verdict

PAGE = (Path(__file__).parents[2] / "docs" / "adding_a_provider.md").read_text()
ID = UUID("019a9f3e-5c1d-7a3b-8d42-0123456789ab")
JOB = Job(ID, str(ID), "sms", "invoice", "1001", "acme", "+4533445566", None, None, None)


@pytest.fixture
def counterpart(tmp_path: Path) -> Iterator[HttpCounterpart]:
    with HttpCounterpart(tmp_path) as server:
        yield server


def text_works(url: str, **more: Any) -> Any:
    """The page's adapter."""
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {"__name__": "text_works"}
    exec(example, names)  # noqa: S102 - our own page
    return names["TextWorks"](url=url, **more)


@pytest.fixture
def provider(counterpart: HttpCounterpart) -> Iterator[Any]:
    made = text_works(f"{counterpart.url}/messages", key=SECRET)
    yield made
    made.close()


class TestTheExample(Contract):
    """The adapter of the page, put through what every adapter is."""

    @pytest.fixture
    def make(self) -> Make:
        return lambda host, port: text_works(f"http://{host}:{port}/", key=SECRET, total_deadline=SHORT)

    @pytest.fixture
    def job(self) -> MakeJob:
        return lambda **changes: replace(JOB, to_address="anna@customer.test", **changes)


@pytest.mark.parametrize(
    ("status", "body", "verdict", "becomes"),
    [
        (200, b'{"result": "queued"}', Verdict.ACCEPTED, Status.SENT),
        (422, b'{"result": "unknown_number"}', Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS),
        (429, b"", Verdict.WAIT, Status.ERROR_SENDING_EMAIL),
        (200, b"<html>", Verdict.UNKNOWN, Status.ERROR),
    ],
)
def test_the_example_reads_the_gateways_words(
    counterpart: HttpCounterpart, provider: Any, status: int, body: bytes, verdict: Verdict, becomes: Status
) -> None:
    counterpart.answer(status, body)
    outcome = provider.send(JOB)
    assert (outcome.verdict, outcome.status) == (verdict, becomes)


def test_every_verdict_is_on_the_page() -> None:
    assert [verdict.name for verdict in Verdict if f"| `{verdict.name}` |" not in PAGE] == []


def test_the_page_is_short() -> None:
    assert len(PAGE.splitlines()) < 80


def test_the_example_declares_what_it_can_express(provider: Any) -> None:
    assert provider.features == {Feature.NOTE}

"""Does every answer by HTTP mean what the taxonomy of failures says?"""

import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from socket import gaierror

import pytest

from config.settings import Retry
from duepost.ledger.unknown import UnknownPolicy
from duepost.sends import Channel
from sandbox.http_counterpart import HttpCounterpart
from tests.worker.providers.taxonomy.rows import agrees, rows, said
from worker.accounts import retry_policy
from worker.http_line import Answer, NoAnswer
from worker.providers.http_json import HttpJson
from worker.providers.http_verdicts import SAME_KEY_IN_FLIGHT, judge, parse_retry_after
from worker.providers.port import Job
from worker.retry import follow

NOW = datetime(2026, 8, 1, tzinfo=UTC)


def numbers(name: str) -> list[int]:
    """The HTTP statuses that a row names, ranges written out; 200 for 2xx."""
    found = re.findall(r"(\d{3})(?:-(\d{3}))?", name.replace("2xx", "200"))
    return [status for first, last in found for status in range(int(first), int(last or first) + 1)]


def judged(name: str) -> set[str]:
    """What we make of every answer, or none, that a row speaks of."""
    if name.startswith("connection refused"):
        failures = [ConnectionRefusedError(), gaierror(), ssl.SSLError()]
        return {said(judge(NoAnswer(error, begun=False), NOW)) for error in failures}
    if name.startswith("timeout"):
        return {said(judge(NoAnswer(error, begun=True), NOW)) for error in (TimeoutError(), ConnectionResetError())}
    repeats = "without idempotency" not in name
    answers = [Answer(status, {}, b"<html>", whole=True) for status in numbers(name)]
    return {said(judge(answer, NOW, repeats=repeats)) for answer in answers}


@pytest.mark.parametrize(("row", "name", "meaning"), rows("http"))
def test_an_answer(
    row: str, name: str, meaning: str, http_counterpart: HttpCounterpart, job: Callable[..., Job]
) -> None:
    if name in {"201 202", "409 that says already done"}:
        ours = set()
        for status in numbers(name):
            http_counterpart.answer(status, b'{"accepted": true}')
            ours.add(said(HttpJson(url=http_counterpart.url).send(job())))
    else:
        ours = judged(name)
    agrees(row, ours, meaning)


def test_a_409_waits_for_the_request_in_flight_and_a_redirect_calls_an_operator() -> None:
    assert judge(Answer(409, {}, b"", whole=True), NOW).retry_after == SAME_KEY_IN_FLIGHT <= timedelta(seconds=5)
    assert judge(Answer(301, {}, b"", whole=True), NOW).alarm


# row -> what a Retry-After header says
HEADERS = {
    "an HTTP-date in 60 s": format_datetime(NOW + timedelta(seconds=60), usegmt=True),
    "a date long past": format_datetime(NOW - timedelta(days=400), usegmt=True),
}


def waited(chance: float) -> float:
    """How many times the told wait is waited."""
    told = timedelta(minutes=10)
    outcome = judge(Answer(503, {"Retry-After": "600"}, b"", whole=True), NOW)
    following = follow(
        outcome,
        attempt=1,
        channel=Channel.EMAIL,
        first_due=NOW,
        first_call=NOW,
        now=NOW,
        policy=retry_policy(Retry()),
        on_unknown=UnknownPolicy.HOLD,
        uniform=lambda low, high: low + chance * (high - low),
    )
    assert following.wait is not None
    return following.wait / told


@pytest.mark.parametrize(("row", "name", "meaning"), rows("retry_after"))
def test_a_wish_to_come_later(row: str, name: str, meaning: str) -> None:
    if name == "waited for":
        ours = f"{waited(0)} to {waited(1)} times, never less"
    else:
        wait = parse_retry_after(HEADERS.get(name, name), NOW)
        ours = "ignored" if wait is None else f"{wait.total_seconds():.0f} s"
    agrees(row, {ours}, meaning)

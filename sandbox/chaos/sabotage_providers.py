"""What is left of the calls to providers without one of their protections?"""

from dataclasses import replace
from typing import Any

import requests

import worker.attempt
import worker.deadline
import worker.gate
import worker.http
import worker.http_line
import worker.journal
import worker.ledger_line
import worker.order
import worker.process
import worker.providers.http_json
import worker.providers.http_verdicts
from duepost.statuses import Status
from sandbox.chaos.put import put
from worker.http_line import Answer
from worker.providers.http_verdicts import outcome_of
from worker.providers.port import Outcome, Verdict
from worker.senders import Senders


def no_phases() -> None:
    """What broke off is taken for not sent."""

    def call(self: worker.attempt.Attempter, send: Any, begun: Any) -> tuple[Outcome, bool]:
        outcome, in_doubt = real(self, send, begun)
        if outcome.verdict is Verdict.UNKNOWN:
            outcome = replace(outcome, verdict=Verdict.TRANSIENT, status=Status.ERROR_SENDING_EMAIL)
        return outcome, in_doubt

    real = worker.attempt.Attempter._call
    put(worker.attempt.Attempter, "_call", call)


def no_isolation() -> None:
    """One thread sends for all provider accounts."""
    shared = Senders(1, "shared")
    put(worker.process, "Senders", lambda *_: shared)


def no_deadline() -> None:
    """Each read has a time limit, the whole call has none."""
    put(worker.deadline.Deadline, "left", lambda _: 2.0)


def no_retry_after() -> None:
    """What the provider asks for is not listened to."""
    put(worker.providers.http_verdicts, "parse_retry_after", lambda *_: None)


def no_verdicts() -> None:
    """Any 2xx is a yes."""

    def said(answer: object) -> Outcome | None:
        if isinstance(answer, Answer) and answer.status // 100 == 2:
            return outcome_of(worker.providers.http_verdicts.ACCEPTED, answer)
        return None

    put(worker.providers.http_json, "_said", said)


def no_cap() -> None:
    """An answer may be of any length, and may take its time."""
    put(worker.http_line, "LARGEST_ANSWER", 1_000_000_000)
    no_deadline()


def redirects() -> None:
    """requests follows wherever it is sent."""

    def call(_: object, method: str, url: str, headers: Any, body: bytes | None = None) -> Answer:
        found = requests.request(method, url, headers=dict(headers), data=body, timeout=2)
        return Answer(found.status_code, found.headers, found.content, whole=True)

    put(worker.http.Http, "call", call)

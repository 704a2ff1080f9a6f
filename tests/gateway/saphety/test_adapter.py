"""Does our own client of SIN, pointed at the dialect, bring a mail to its end?"""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from duepost.statuses import Status
from tests.gateway.conftest import Served
from tests.gateway.dialects import CUSTOMER, happened, job, register, sends
from tests.gateway.saphety.conftest import DOCUMENT, PASSWORD, USER
from worker.providers.port import Outcome, Verdict
from worker.providers.saphety import Saphety

DONE = (100, 200, "ACCEPTED", None, "2026-07-01 10:00:01")
BOUNCED = (200, 330, "BOUNCED", None, "2026-07-01 10:00:02")


@pytest.fixture
def sin(gateway: Served, engine: Engine, held: dict[str, Any]) -> Iterator[Saphety]:
    assert held
    register(engine, "saphety", USER, PASSWORD)
    made = Saphety(url=f"{gateway.url}/Dcn.Sandbox.WebApi", user=USER, password=PASSWORD)
    yield made
    made.close()


def facts(outcome: Outcome | None) -> tuple[Verdict, Status, str]:
    assert outcome
    return outcome.verdict, outcome.status, outcome.reason.code


def test_a_mail_is_sent_followed_and_seen_to_bounce(sin: Saphety, engine: Engine) -> None:
    asked = job(reference=DOCUMENT, subject="Fatura", note="1 < 2\nOlá")
    first = sin.send(asked)
    assert facts(first) == (Verdict.PENDING, Status.QUEUE, "IN_PROGRESS")
    [(send_id, address, subject, note)] = sends(engine, "send.id, to_address, subject, note")
    assert (address, subject, note) == (CUSTOMER, "Fatura", "1 < 2\nOlá")
    later = job(reference=DOCUMENT, provider_reference=first.provider_reference)
    assert facts(sin.ask(later)) == (Verdict.PENDING, Status.QUEUE, "IN_PROGRESS")
    happened(engine, send_id, DONE)
    assert facts(sin.ask(later)) == (Verdict.ACCEPTED, Status.SENT, "ACCEPTED")
    happened(engine, send_id, BOUNCED)
    assert facts(sin.ask(later)) == (Verdict.REFUSED, Status.EMAIL_BOUNCED, "NOT_DELIVERED")


def test_a_further_mail_is_taken_at_once(sin: Saphety, engine: Engine) -> None:
    sin.send(job(reference=DOCUMENT))
    happened(engine, sends(engine, "send.id")[0][0], DONE)
    assert facts(sin.send(job(reference=DOCUMENT, to_address="b@c.dk"))) == (Verdict.ACCEPTED, Status.SENT, "ACCEPTED")


def test_the_e_invoices_standing_is_read(sin: Saphety, engine: Engine) -> None:
    asked = job(reference=DOCUMENT, channel="xml")
    assert facts(sin.send(asked)) == (Verdict.PENDING, Status.QUEUE, "IN_PROGRESS")
    sin.send(job(reference=DOCUMENT))
    happened(engine, sends(engine, "send.id")[0][0], DONE)
    assert facts(sin.send(asked)) == (Verdict.ACCEPTED, Status.SENT, "ACCEPTED")


def test_an_unknown_document_and_a_wrong_password_are_understood(sin: Saphety, gateway: Served) -> None:
    unknown = job(reference="00000000-0000-4000-8000-000000000000")
    assert facts(sin.send(unknown)) == (Verdict.REFUSED, Status.ERROR, "NOT_FOUND")
    wrong = Saphety(url=f"{gateway.url}/x", user=USER, password="wrong")
    outcome = wrong.send(job(reference=DOCUMENT))
    wrong.close()
    assert facts(outcome) == (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "CREDENTIALS_REFUSED")
    assert outcome.alarm

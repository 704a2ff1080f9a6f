"""Does a real client of FarPay, our own provider adapter, get on with this dialect from end to end?"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from duepost.ledger.identifiers import new_id
from duepost.statuses import Status
from tests.gateway.farpay.conftest import Client
from tests.gateway.farpay.test_create import rows
from tests.papers import PDF
from worker.providers.farpay import FarPay
from worker.providers.port import Document, Job, Outcome, Verdict

Deliver = Callable[..., int]
PAPER = Document("1001.pdf", "application/pdf", PDF)


@pytest.fixture
def job() -> Job:
    send = new_id()
    note, address = "Your invoice.", "anna@customer.dk"
    return Job(send, str(send), "email", "invoice", "1001", "acme", address, None, note, PAPER, customer="C-7")


@pytest.fixture
def adapter(client: Client) -> Iterator[Callable[[], FarPay]]:
    """As a process that has just started has it; the key, and another address."""
    made: list[FarPay] = []

    def start(key: str = client.key) -> FarPay:
        made.append(FarPay(key=key, url=f"{client.served.url}/v2", zone=UTC, total_limit=timedelta(seconds=20)))
        return made[-1]

    yield start
    for one in made:
        one.close()


def said(outcome: Outcome | None) -> tuple[Verdict, int, str] | None:
    return None if outcome is None else (outcome.verdict, int(outcome.status), outcome.reason.code)


def test_a_send_goes_through_to_its_end(
    adapter: Callable[[], FarPay], job: Job, deliver: Deliver, engine: Engine
) -> None:
    given = adapter().send(job)
    assert said(given) == (Verdict.PENDING, 100, "IN_PROGRESS")
    held = replace(job, provider_reference=given.provider_reference)
    assert said(adapter().ask(held)) == (Verdict.PENDING, 100, "IN_PROGRESS")
    deliver()
    assert said(adapter().ask(held)) == (Verdict.ACCEPTED, 200, "ACCEPTED")
    assert rows(engine, "invoice, to_address, note, customer, filename") == [
        ("1001", "anna@customer.dk", "Your invoice.", "C-7", "1001.pdf")
    ]


@pytest.mark.parametrize("status", [320, 330, 340, 350])
def test_what_became_of_it_keeps_its_number(
    adapter: Callable[[], FarPay], job: Job, deliver: Deliver, status: int
) -> None:
    adapter().send(job)
    deliver(Status(status))
    found = adapter().ask(job)
    assert found
    assert (found.verdict, found.status) == (Verdict.REFUSED, status)


def test_a_send_whose_answer_was_lost_is_found_and_not_repeated(
    adapter: Callable[[], FarPay], job: Job, engine: Engine
) -> None:
    adapter().send(job)
    doubtful = replace(job, in_doubt_since=datetime.now(UTC) - timedelta(minutes=1), attempt=2)
    assert said(adapter().ask(doubtful)) == (Verdict.PENDING, 100, "IN_PROGRESS")
    assert said(adapter().send(doubtful)) == (Verdict.PENDING, 100, "IN_PROGRESS")
    assert len(rows(engine, "id")) == 1


def test_a_reminder_is_the_invoice_once_more(
    adapter: Callable[[], FarPay], job: Job, engine: Engine, deliver: Deliver
) -> None:
    adapter().send(job)
    deliver()
    another = replace(job, id=new_id(), kind="reminder", document=None, to_address="bo@customer.dk")
    assert said(adapter().send(another)) == (Verdict.PENDING, 100, "IN_PROGRESS")
    assert sorted(rows(engine, "to_address, sequence")) == [("anna@customer.dk", 0), ("bo@customer.dk", 0)]


def test_one_that_is_halted_is_ended(adapter: Callable[[], FarPay], job: Job, client: Client) -> None:
    given = adapter().send(job)
    client.call("DELETE", f"/{given.provider_reference}")
    assert said(adapter().ask(job)) == (Verdict.REFUSED, 300, "HALTED")


def test_a_wrong_key_and_a_wrong_address_are_what_they_are(adapter: Callable[..., FarPay], job: Job) -> None:
    assert said(adapter("wrong").send(job)) == (Verdict.WAIT, 310, "CREDENTIALS_REFUSED")
    refused = adapter().send(replace(job, to_address="nobody"))
    assert said(refused) == (Verdict.REFUSED, 300, "FARPAY_REFUSED")
    assert refused.reason.values["code"] == 10000

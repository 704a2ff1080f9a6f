"""Does our own client of Abillify, pointed at the dialect, send an invoice once?"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from duepost.statuses import Status
from tests.gateway.conftest import Served
from tests.gateway.dialects import hold, job, register, sends
from worker.providers.abillify import Abillify
from worker.providers.port import Outcome, Verdict

LIMIT = timedelta(seconds=30)


@pytest.fixture
def abillify(gateway: Served, key: str, engine: Engine) -> Iterator[Abillify]:
    register(engine, "abillify", "demo", "p@55w0rd")
    hold(gateway, key, "RE 1/ø")
    hold(gateway, key, "RE-2", Email=None)
    made = Abillify(url=f"{gateway.url}/api", user="demo", password="p@55w0rd", total_limit=LIMIT)
    yield made
    made.close()


def facts(outcome: Outcome) -> tuple[Verdict, Status, str]:
    return outcome.verdict, outcome.status, outcome.reason.code


def test_a_repeat_of_a_send_is_known_and_another_send_is_sent(abillify: Abillify, engine: Engine) -> None:
    asked = job(invoice="RE 1/ø")
    first, repeat, another = abillify.send(asked), abillify.send(asked), abillify.send(job(invoice="RE 1/ø"))
    assert {facts(one) for one in (first, repeat, another)} == {(Verdict.ACCEPTED, Status.SENT, "ACCEPTED")}
    assert first.provider_reference == repeat.provider_reference
    assert [(str(send_id), number) for send_id, number in sends(engine, "send.id, sequence")] == [
        (first.provider_reference, 0),
        (another.provider_reference, 1),
    ]


def test_refusals_are_understood(abillify: Abillify, gateway: Served) -> None:
    assert facts(abillify.send(job(invoice="RE-2"))) == (Verdict.REFUSED, Status.ERROR, "REFUSED_BY_PROVIDER")
    assert facts(abillify.send(job(invoice="RE-3"))) == (Verdict.REFUSED, Status.ERROR, "NOT_FOUND")
    wrong = replace(abillify, password="wrong")
    outcome = wrong.send(job(invoice="RE-2"))
    wrong.close()
    assert (outcome.status, outcome.reason.code, outcome.alarm) == (310, "CREDENTIALS_REFUSED", True)
    astray = Abillify(url=f"{gateway.url}/nowhere/else", user="demo", password="p@55w0rd", total_limit=LIMIT)
    assert facts(astray.send(job(invoice="RE 1/ø")))[0] is Verdict.ACCEPTED
    astray.close()

"""Does a worker process deliver from its own ledger only, and pretend in a neutralized copy?"""

import logging

import pytest
from sqlalchemy import Engine, update

from duepost.errors import Refused
from duepost.ledger import look
from duepost.ledger.guard_tables import fence
from duepost.ledger.release import release
from duepost.statuses import Status
from sandbox.http_counterpart import HttpCounterpart
from tests.duepost.ledger.conftest import LANE, MINUTE, queue_up, reasons_of
from tests.worker.conftest import ProcessOf


def order_of(engine: Engine, count: int) -> tuple[int, list[str]]:
    with engine.begin() as connection:
        queue_up(connection, count)
        released = release(connection, LANE, count, MINUTE)
    return released.lease, [one.hex for one in released.ids]


def test_an_order_of_its_own_ledger_is_delivered(
    engine: Engine, counterpart: HttpCounterpart, process_of: ProcessOf
) -> None:
    assert process_of().deliver(LANE, *order_of(engine, 5)) == "5 sent"
    assert len(counterpart.taken()) == 5


def test_in_a_neutralized_copy_nothing_reaches_the_provider(
    engine: Engine, counterpart: HttpCounterpart, process_of: ProcessOf
) -> None:
    with engine.begin() as connection:
        connection.execute(update(fence).values(neutralized=True))
    lease, ids = order_of(engine, 3)
    assert process_of().deliver(LANE, lease, ids) == "3 sent"
    assert counterpart.requests == []
    with engine.connect() as connection:
        [standing, *_] = look.sends_of_invoice(connection, "INV-1")
        assert reasons_of(connection, standing.id) == [(Status.SENT, "PRETENDED")]


def test_a_copy_neutralized_while_the_process_runs_is_pretended_from_then_on(
    engine: Engine, counterpart: HttpCounterpart, process_of: ProcessOf
) -> None:
    process = process_of()
    process.deliver(LANE, *order_of(engine, 1))
    with engine.begin() as connection:
        connection.execute(update(fence).values(neutralized=True))
    process.deliver(LANE, *order_of(engine, 1))
    assert len(counterpart.requests) == 1


@pytest.mark.parametrize("change", [{"environment": "staging"}, {"fingerprint": "another's"}])
def test_from_another_ledger_nothing_is_delivered(
    engine: Engine, counterpart: HttpCounterpart, process_of: ProcessOf, change: dict[str, str]
) -> None:
    order = order_of(engine, 3)
    with engine.begin() as connection:
        connection.execute(update(fence).values(change))
    with pytest.raises(Refused):
        process_of().deliver(LANE, *order)
    assert counterpart.requests == []
    with engine.connect() as connection:
        assert look.counts(connection) == {Status.QUEUE: 3}


def test_a_provider_whose_password_is_wrong_is_called_once(
    engine: Engine, counterpart: HttpCounterpart, process_of: ProcessOf, caplog: pytest.LogCaptureFixture
) -> None:
    counterpart.answer(401, times=100)
    assert process_of().deliver(LANE, *order_of(engine, 20)) == "1 retry (310) · 19 left for later"
    assert len(counterpart.requests) == 1
    assert [one.levelno for one in caplog.records].count(logging.ERROR) >= 1


def test_a_provider_that_is_down_opens_its_circuit_after_the_failures_of_its_setting(
    engine: Engine, counterpart: HttpCounterpart, process_of: ProcessOf
) -> None:
    counterpart.answer(500, times=100)
    own = {"kind": "http", "url": counterpart.url, "circuit_failures": 4, "width": 1}
    said = process_of(providers={"own": own}).deliver(LANE, *order_of(engine, 20))
    assert said == "4 retry (310) · 16 left for later"
    assert len(counterpart.requests) == 4

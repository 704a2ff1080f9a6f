"""Do due sends of a provider account that is held go on in another lane of their route?"""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select, update

from config.app import make_app
from config.settings import Settings
from duepost.ledger.circuits import open_circuit
from duepost.ledger.clock import Clock
from duepost.ledger.pauses import Scope, add_pause
from duepost.ledger.schema import send as sends
from duepost.ledger.schema import state
from duepost.statuses import Status
from scheduler.moved import Moved
from scheduler.pace import Pace
from scheduler.publish import Publisher
from scheduler.release import Releaser
from tests.duepost.ledger.conftest import queue_up, reasons_of, state_of
from tests.scheduler.conftest import Broker

SMTP = {"host": "127.0.0.1", "sender": "invoices@duepost.test"}
Run = Callable[..., Moved]


@pytest.fixture
def run(database_url: str, broker_url: str, engine: Engine) -> Iterator[Run]:
    """One pass of a release with the route email, backup; further settings as named."""
    settings: dict[str, Any] = {
        "database_url": database_url,
        "broker_url": broker_url,
        "providers": {"smtp": SMTP, "other": SMTP},
        "lanes": {
            "email": {"channel": "email", "provider": "smtp"},
            "backup": {"channel": "email", "provider": "other"},
        },
        "routes": {"email": ["email", "backup"]},
    }
    apps = []

    def once(**given: Any) -> Moved:
        app = make_app(Settings.model_validate({**settings, **given}))
        apps.append(app)
        releaser = Releaser.of(app.settings, engine, Publisher(app), Clock(time.monotonic), Pace(time.monotonic))
        releaser.run(seconds=0.0, stopping=threading.Event())
        return releaser.run(seconds=0.0, stopping=threading.Event())

    yield once
    for app in apps:
        app.close()


def queued(engine: Engine, **values: Any) -> UUID:
    """One send due in lane email, put into this state."""
    with engine.begin() as connection:
        [made] = queue_up(connection)
        if values:
            connection.execute(update(state).values(values))
        return made


def hold(engine: Engine, provider: str) -> None:
    with engine.begin() as connection:
        open_circuit(connection, provider, "TIMED_OUT", timedelta(minutes=5))


def test_while_a_circuit_is_open_its_due_sends_leave_through_the_next_lane(
    engine: Engine, run: Run, broker: Broker
) -> None:
    one = queued(engine)
    hold(engine, "smtp")
    run()
    assert broker.ids("backup") == [one]
    with engine.connect() as connection:
        assert reasons_of(connection, one) == [(Status.QUEUE, "FAILED_OVER")]


def test_while_the_provider_account_is_paused_as_well(engine: Engine, run: Run, broker: Broker) -> None:
    one = queued(engine)
    with engine.begin() as connection:
        add_pause(connection, Scope.PROVIDER, "smtp", reason="CREDENTIALS_REFUSED", actor="worker")
    run()
    assert broker.ids("backup") == [one]


def test_a_pause_of_the_channel_moves_nothing(engine: Engine, run: Run) -> None:
    one = queued(engine)
    with engine.begin() as connection:
        add_pause(connection, Scope.CHANNEL, "email", reason="stop", actor="person")
    hold(engine, "smtp")
    run()
    with engine.connect() as connection:
        assert state_of(connection, one)["lane"] == "email"


@pytest.mark.parametrize(
    ("given", "values"),
    [({"routes": {}}, {}), ({}, {"in_doubt": True, "status": int(Status.ERROR_SENDING_EMAIL)})],
    ids=["no route", "in doubt"],
)
def test_what_has_no_other_lane_or_may_have_been_taken_waits_where_it_is(
    engine: Engine, run: Run, given: dict[str, Any], values: dict[str, Any]
) -> None:
    one = queued(engine, **values)
    hold(engine, "smtp")
    run(**given)
    with engine.connect() as connection:
        assert state_of(connection, one)["lane"] == "email"


def test_nothing_moves_when_every_lane_of_the_route_is_held(engine: Engine, run: Run) -> None:
    one = queued(engine)
    hold(engine, "smtp")
    hold(engine, "other")
    run()
    with engine.connect() as connection:
        assert state_of(connection, one)["lane"] == "email"


@pytest.mark.parametrize(("route", "lane"), [(["email"], "email"), (["email", "backup"], "backup")])
def test_a_send_with_a_route_of_its_own_moves_only_when_that_says_the_same(
    engine: Engine, run: Run, route: list[str], lane: str
) -> None:
    one = queued(engine)
    with engine.begin() as connection:
        connection.execute(update(sends).values(options={"route": route}))
    hold(engine, "smtp")
    run()
    with engine.connect() as connection:
        assert state_of(connection, one)["lane"] == lane


def test_what_was_tried_before_waits_the_longer_the_more_often_it_was(engine: Engine, run: Run) -> None:
    one = queued(engine, attempts=3, status=int(Status.ERROR_SENDING_EMAIL))
    hold(engine, "smtp")
    run()
    with engine.connect() as connection:
        wait = connection.execute(select(state.c.due_at - func.now()).where(state.c.send_id == one)).scalar_one()
    assert timedelta(minutes=3) < wait <= timedelta(minutes=4)


def test_a_lane_with_a_limit_is_given_no_more_than_its_provider_takes(engine: Engine, run: Run, broker: Broker) -> None:
    with engine.begin() as connection:
        queue_up(connection, 200)
    run(providers={"smtp": {**SMTP, "units_per_second": 1}, "other": SMTP})
    assert len(broker.ids()) == 30  # a quarter of the lease of 120 s


def test_sends_of_many_units_fill_the_limit_sooner(engine: Engine, run: Run, broker: Broker) -> None:
    with engine.begin() as connection:
        queue_up(connection, 200)
        connection.execute(update(sends).values(units=10))
    run(providers={"smtp": {**SMTP, "units_per_second": 1}, "other": SMTP})
    assert len(broker.ids()) == 30

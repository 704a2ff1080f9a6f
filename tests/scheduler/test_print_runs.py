"""Does a print run close at its cut-off, once, and is it a worker's to hand over until it is confirmed?"""

from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from sqlalchemy import Connection, Engine, func, select

from config.names import PRINT_RUN
from config.settings import Settings
from duepost.ledger.cutoffs import set_cutoff
from duepost.ledger.fence import neutralize_fence
from duepost.ledger.pauses import Scope, add_pause
from duepost.ledger.print_confirm import confirm
from duepost.ledger.print_runs import note_step
from scheduler.beat import beat_schedule
from scheduler.print_runs import close_what_is_due, print_lanes, publish
from tests.duepost.ledger.gathered import LANE, gather
from tests.scheduler.conftest import AppOf, Broker

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LETTERS = {"channel": "print", "provider": "house"}
HOUSE = {"kind": "print-run", "folder": "/nowhere", "mark": False}


@pytest.fixture
def settings(database_url: str, broker_url: str) -> Settings:
    """One lane of print runs beside the e-mail."""
    smtp = {"host": "127.0.0.1", "sender": "invoices@duepost.test"}
    given: dict[str, Any] = {
        "database_url": database_url,
        "broker_url": broker_url,
        "providers": {"smtp": smtp, "house": HOUSE},
        "lanes": {"email": {"channel": "email", "provider": "smtp"}, LANE: LETTERS},
    }
    return Settings.model_validate(given)


def with_cutoff(connection: Connection, ago: timedelta) -> None:
    """The default account's cut-off was so long ago today."""
    at = connection.execute(select(func.timezone("Europe/Copenhagen", func.now() - ago))).scalar_one()
    set_cutoff(connection, "default", at.time().replace(microsecond=0))


def gathered(engine: Engine, *, ago: timedelta, cutoff_ago: timedelta = HOUR) -> None:
    with engine.begin() as connection:
        gather(connection, ago=ago)
        with_cutoff(connection, cutoff_ago)


def test_what_had_gathered_before_the_cut_off_is_closed_at_the_next_tick_and_once(
    settings: Settings, engine: Engine
) -> None:
    gathered(engine, ago=2 * HOUR)
    for _ in range(2):
        assert [one.sends for one in close_what_is_due(settings, engine)] == [2]


def test_what_gathered_after_the_cut_off_waits_for_the_next_one(settings: Settings, engine: Engine) -> None:
    gathered(engine, ago=timedelta(0))
    assert close_what_is_due(settings, engine) == []


def test_cut_offs_missed_while_everything_was_down_are_made_up_for(settings: Settings, engine: Engine) -> None:
    gathered(engine, ago=5 * DAY)
    assert [one.sends for one in close_what_is_due(settings, engine)] == [2]


def test_a_run_is_asked_for_until_it_is_confirmed(settings: Settings, engine: Engine) -> None:
    gathered(engine, ago=2 * HOUR)
    [run] = close_what_is_due(settings, engine)
    with engine.begin() as connection:
        note_step(connection, run.id, handed_at=func.now())
    assert [one.id for one in close_what_is_due(settings, engine)] == [run.id]
    with engine.begin() as connection:
        confirm(connection, run.id, actor="anna")
    assert close_what_is_due(settings, engine) == []


@pytest.mark.parametrize(
    ("scope", "name"),
    [(Scope.ALL, ""), (Scope.CHANNEL, "print"), (Scope.PROVIDER, "house"), (Scope.ACCOUNT, "default")],
)
def test_what_a_pause_holds_is_not_closed(settings: Settings, engine: Engine, scope: Scope, name: str) -> None:
    gathered(engine, ago=2 * HOUR)
    with engine.begin() as connection:
        add_pause(connection, scope, name, reason="wait", actor="anna")
    assert close_what_is_due(settings, engine) == []


def test_nothing_is_closed_in_a_neutralized_copy(settings: Settings, engine: Engine) -> None:
    gathered(engine, ago=2 * HOUR)
    with engine.begin() as connection:
        neutralize_fence(connection, "copy", copy_of="production")
    assert close_what_is_due(settings.model_copy(update={"environment": "copy"}), engine) == []


def test_a_worker_of_the_lane_is_asked(
    settings: Settings, engine: Engine, app_of: AppOf, broker_url: str, broker: Broker
) -> None:
    app: Celery = app_of(broker_url, email={}, **{LANE: {"channel": "print"}})
    gathered(engine, ago=2 * HOUR)
    publish(app, close_what_is_due(settings, engine))
    [message] = broker.messages(LANE)
    assert (message.headers["task"], message.arguments) == (PRINT_RUN, [LANE, 1])


def test_beat_looks_for_print_runs_only_where_a_lane_has_them(settings: Settings) -> None:
    assert set(print_lanes(settings)) == {LANE}
    assert set(beat_schedule()) == {"release"}
    assert set(beat_schedule(print_runs=True)) == {"release", "print runs"}

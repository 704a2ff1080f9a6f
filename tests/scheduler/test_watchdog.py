"""Does a scheduler tick in beat's place when beat does not, and only then?"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery import Celery
from sqlalchemy import Engine, event, update

from config.names import CONTROL_QUEUE, RELEASE
from duepost.ledger.guard_tables import pulse
from duepost.ledger.pulse import Pulse, beat
from sandbox.child import wait_until
from scheduler import watchdog
from tests.scheduler.conftest import Broker

LIMIT = timedelta(seconds=20)
QUIET = timedelta(seconds=0.6)


@contextmanager
def watching(app: Celery) -> Iterator[None]:
    stopping = threading.Event()
    thread = watchdog.watch_the_tick(app, stopping)
    try:
        yield
    finally:
        stopping.set()
        thread.join(LIMIT.total_seconds())
        assert not thread.is_alive()
        app.ledger.dispose()


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(watchdog, "PATIENCE", timedelta(seconds=0.3 - 60))  # a tick of the app takes 60 s


@pytest.mark.usefixtures("_hasty")
def test_when_no_tick_comes_a_release_is_asked_for_and_told(
    app: Celery, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    with watching(app):
        assert wait_until(lambda: broker.count(CONTROL_QUEUE) == 1, LIMIT)
    assert broker.messages(CONTROL_QUEUE)[0].headers["task"] == RELEASE
    assert "is beat running, is the broker there?" in caplog.text


@pytest.mark.usefixtures("_hasty")
def test_a_pulse_from_the_future_that_stands_still_deceives_nobody(app: Celery, engine: Engine, broker: Broker) -> None:
    """The machine's clock was set back: beat says nothing for an hour, and its last tick lies ahead."""
    with engine.begin() as connection:
        beat(connection, Pulse.TICK)
        connection.execute(update(pulse).values(at=pulse.c.at + timedelta(hours=1)))
    with watching(app):
        assert wait_until(lambda: broker.count(CONTROL_QUEUE) == 1, LIMIT)


@pytest.mark.usefixtures("_hasty")
def test_while_beat_ticks_nothing_is_asked_for(app: Celery, engine: Engine, broker: Broker) -> None:
    def beaten() -> bool:
        with engine.begin() as connection:
            beat(connection, Pulse.TICK)
        return broker.count(CONTROL_QUEUE) > 0

    with watching(app):
        assert not wait_until(beaten, QUIET)


@pytest.mark.usefixtures("_hasty")
def test_a_ledger_that_is_not_made_yet_is_waited_for(app: Celery, engine: Engine, broker: Broker) -> None:
    refused: list[str] = []
    event.listen(Engine, "handle_error", note := lambda context: refused.append(str(context.original_exception)))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE pulse RENAME TO not_yet")
        with watching(app):
            assert wait_until(lambda: len(refused) > 1, LIMIT)
            with engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE not_yet RENAME TO pulse")
            assert wait_until(lambda: broker.count(CONTROL_QUEUE) == 1, LIMIT)
    finally:
        event.remove(Engine, "handle_error", note)
    assert 'relation "pulse" does not exist' in refused[0]

"""Does a worker's log say that nobody releases?"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, event

from duepost.ledger.pulse import Pulse, beat
from sandbox.child import wait_until
from worker import watchdog

LIMIT = timedelta(seconds=20)
QUIET = timedelta(seconds=0.6)


@dataclass
class Settings:
    database_url: SecretStr


@dataclass
class App:
    settings: Settings


@contextmanager
def watching(database_url: str) -> Iterator[None]:
    stopping = threading.Event()
    thread = watchdog.watch_the_release(App(Settings(SecretStr(database_url))), stopping)
    try:
        yield
    finally:
        stopping.set()
        thread.join(LIMIT.total_seconds())
        assert not thread.is_alive()


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(watchdog, "SILENCE", timedelta(seconds=0.3))


def test_silence_is_told(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with watching(database_url):
        assert wait_until(lambda: "are scheduler and beat running?" in caplog.text, LIMIT)


def test_while_somebody_releases_nothing_is_said(
    database_url: str, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    def beaten() -> bool:
        with engine.begin() as connection:
            beat(connection, Pulse.RELEASE)
        return "nothing was released" in caplog.text

    with watching(database_url):
        assert not wait_until(beaten, QUIET)


def test_a_ledger_that_is_not_made_yet_is_waited_for(
    database_url: str, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    refused: list[str] = []
    event.listen(Engine, "handle_error", note := lambda context: refused.append(str(context.original_exception)))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE pulse RENAME TO not_yet")
        with watching(database_url):
            assert wait_until(lambda: len(refused) > 1, LIMIT)
            with engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE not_yet RENAME TO pulse")
            assert wait_until(lambda: "are scheduler and beat running?" in caplog.text, LIMIT)
    finally:
        event.remove(Engine, "handle_error", note)
    assert 'relation "pulse" does not exist' in refused[0]

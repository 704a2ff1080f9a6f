"""Is a call that PostgreSQL ends because of a deadlock told to come again, and does it then succeed?"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from requests import Response
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from duepost.errors import TryLater
from duepost.ledger.engine import answered
from sandbox.child import wait_until
from tests.gateway.conftest import Served
from tests.gateway.test_acts import act
from tests.gateway.test_lists import put

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
STATE = text("SELECT 1 FROM state FOR UPDATE")
SEND = text("SELECT 1 FROM send FOR UPDATE")
LONG = timedelta(seconds=30)


@contextmanager
def met(engine: Engine, call: Callable[[], Response]) -> Iterator[Response]:
    """The call's answer; it holds the row of `state` and wants that of `send`; another, the other way round."""
    with ThreadPoolExecutor(1) as thread, engine.begin() as other, engine.connect() as looking:
        other.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # so that PostgreSQL ends the call, not this one
        other.execute(SEND)
        answer = thread.submit(call)
        assert wait_until(lambda: waits(looking), LONG)
        other.execute(STATE)
        yield answer.result(30)


def waits(looking: Connection) -> bool:
    waiting = looking.execute(WAITING).scalar_one() > 0
    looking.rollback()
    return bool(waiting)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "hold-1"}], ids=["no-key", "key"])
def test_an_act_that_meets_a_deadlock_is_answered_503_and_succeeds_when_repeated(
    gateway: Served, key: str, engine: Engine, headers: dict[str, str]
) -> None:
    send_id = put(gateway, key)
    with met(engine, lambda: act(gateway, key, send_id, "hold", headers)) as answer:
        assert (answer.status_code, answer.json()["type"]) == (503, "ERR_TRY_LATER")
        assert int(answer.headers["Retry-After"]) > 0
    again = act(gateway, key, send_id, "hold", headers)
    assert (again.status_code, again.json()["status"]) == (200, 110)


@pytest.mark.parametrize("fault", [psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure])
@pytest.mark.parametrize("wrapped", [True, False])
def test_who_repeats_the_transaction_sees_the_fault_itself_and_anybody_else_is_told_to_come_again(
    fault: type[psycopg.OperationalError], *, wrapped: bool
) -> None:
    error: Exception = OperationalError("UPDATE", None, fault()) if wrapped else fault()
    with pytest.raises(TryLater, match=fault.__name__) as told, answered():
        raise error
    assert told.value.__cause__ is error
    with pytest.raises(type(error)), answered(repeats=True):
        raise error

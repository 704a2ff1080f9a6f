"""Does what is due reach the lanes' queues up to their bound, once, and does nothing get lost on the way?"""

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import Celery
from redis import Redis
from sqlalchemy import Engine, func, select, update

from config.names import RELEASE
from duepost.errors import Refused
from duepost.ledger import look
from duepost.ledger.accept import copy_in
from duepost.ledger.accounts import run_named
from duepost.ledger.circuits import open_circuit, open_circuits
from duepost.ledger.clock import Clock
from duepost.ledger.guard_tables import fence, pulse
from duepost.ledger.identifiers import new_id
from duepost.ledger.pauses import Scope, add_pause, end_pause
from duepost.ledger.pulse import Pulse, ages, beat
from duepost.ledger.release import release, take_release_lock
from duepost.ledger.schema import state
from duepost.ledger.unknown import UnknownPolicy, settle_lost
from duepost.sends import Priority
from duepost.statuses import Status
from sandbox.child import wait_until
from sandbox.valkey import ValkeyServer
from scheduler.beat import PATIENCE_SECONDS
from scheduler.moved import Moved
from scheduler.pace import Pace
from scheduler.publish import Publisher
from scheduler.release import Releaser
from scheduler.stop import STOPPING
from scheduler.tasks import add_tasks
from tests.duepost.ledger.conftest import LANE, MINUTE, NOW, accepted, account_id, begun, queue_up, set_state
from tests.scheduler.conftest import AppOf, Broker

LIMIT = timedelta(seconds=20)
SMALL = {"order_size": 10, "queued_orders": 3}


def releaser_of(app: Celery, engine: Engine) -> Releaser:
    return Releaser.of(app.settings, engine, Publisher(app), Clock(time.monotonic), Pace(time.monotonic))


@pytest.fixture
def releaser(app: Celery, engine: Engine) -> Releaser:
    return releaser_of(app, engine)


def run(releaser: Releaser, seconds: float = 0.0) -> Moved:
    return releaser.run(seconds=seconds, stopping=threading.Event())


def queued(engine: Engine, count: int, **given: Any) -> list[UUID]:
    with engine.begin() as connection:
        return queue_up(connection, count, **given)


def due_now(engine: Engine) -> int:
    """Sends that nobody has and that the next release would take."""
    with engine.connect() as connection:
        waiting = select(func.count()).where(state.c.due_at <= func.now(), state.c.lease.is_(None))
        return int(connection.execute(waiting).scalar_one())


def test_every_due_send_leaves_in_an_order_of_the_lanes_size(
    engine: Engine, releaser: Releaser, broker: Broker
) -> None:
    ids = queued(engine, 250)
    moved = run(releaser)
    assert [len(message.ids) for message in broker.messages()] == [100, 100, 50]
    assert broker.ids() == ids
    assert str(moved) == "released 250 in 3 orders (email 250)"


def test_an_order_carries_the_lease_that_its_sends_have(engine: Engine, releaser: Releaser, broker: Broker) -> None:
    queued(engine, 1)
    run(releaser)
    with engine.connect() as connection:
        assert connection.execute(select(state.c.lease)).scalar_one() == broker.messages()[0].arguments[1]


def test_urgent_sends_are_in_the_first_order(engine: Engine, releaser: Releaser, broker: Broker) -> None:
    queued(engine, 150)
    urgent = queued(engine, 20, priority=Priority.URGENT)
    run(releaser)
    assert broker.ids()[:20] == urgent


def test_what_is_not_due_stays_in_the_ledger(engine: Engine, releaser: Releaser, broker: Broker) -> None:
    queued(engine, 5, due_in=MINUTE)
    run(releaser)
    assert broker.count() == 0


def test_without_a_consumer_the_queue_stays_within_its_bound_and_the_backlog_in_the_ledger(
    app_of: AppOf, engine: Engine, broker_url: str, broker: Broker
) -> None:
    queued(engine, 100)
    releaser = releaser_of(app_of(broker_url, email=SMALL), engine)
    for _ in range(2):
        run(releaser, seconds=0.6)
    assert broker.count() == 3
    assert due_now(engine) == 70


def test_the_bound_holds_for_order_sizes_that_do_not_divide_a_batch(
    app_of: AppOf, engine: Engine, broker_url: str, broker: Broker
) -> None:
    queued(engine, 7000)
    run(releaser_of(app_of(broker_url, email={"order_size": 700, "queued_orders": 9}), engine))
    assert broker.count() == 9


def test_an_order_that_a_worker_took_is_followed_by_the_next(
    app_of: AppOf, engine: Engine, broker_url: str, broker: Broker
) -> None:
    ids = queued(engine, 100)
    releaser = releaser_of(app_of(broker_url, email=SMALL), engine)
    run(releaser)
    broker.take_one()
    run(releaser)
    assert broker.ids() == ids[10:40]


def test_a_full_lane_delays_no_other(app_of: AppOf, engine: Engine, broker_url: str, broker: Broker) -> None:
    queued(engine, 100)
    queued(engine, 5, lane="second")
    run(releaser_of(app_of(broker_url, email=SMALL, second={}), engine))
    assert len(broker.ids("second")) == 5


def test_two_releasers_at_once_release_no_send_twice(
    app_of: AppOf, engine: Engine, broker_url: str, broker: Broker
) -> None:
    ids = queued(engine, 3000)
    releasers = [releaser_of(app_of(broker_url), engine) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(run, releasers))
    assert sorted(broker.ids()) == sorted(ids)


def test_a_releaser_that_finds_another_at_work_leaves_it_to_him(
    engine: Engine, releaser: Releaser, broker: Broker
) -> None:
    queued(engine, 1)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
        take_release_lock(other, MINUTE)
        assert run(releaser).trouble == "another releaser is at work"
    assert broker.count() == 0


@pytest.mark.parametrize("spoken_before", [False, True], ids=["never reached", "lost"])
def test_with_the_broker_gone_everything_stays_due(
    app_of: AppOf, engine: Engine, own_valkey: ValkeyServer, *, spoken_before: bool
) -> None:
    releaser = releaser_of(app_of(own_valkey.url), engine)
    if spoken_before:
        run(releaser)
    own_valkey.process.kill()
    queued(engine, 250)
    assert run(releaser).trouble == "the broker is away"
    assert due_now(engine) == 250


def test_sends_whose_orders_a_full_broker_refused_are_due_again_at_once(
    app_of: AppOf, engine: Engine, own_valkey: ValkeyServer
) -> None:
    releaser = releaser_of(app_of(own_valkey.url), engine)
    queued(engine, 1)
    run(releaser)  # from now on the broker knows the queue: what it refuses is the orders themselves
    with Redis(unix_socket_path=str(own_valkey.socket_path)) as client:
        client.config_set("maxmemory", 1)
        queued(engine, 250)
        assert run(releaser).trouble == "the broker is away"
        assert due_now(engine) == 250
        client.config_set("maxmemory", 0)
    assert run(releaser).sends == {LANE: 250}


def test_what_a_broker_forgot_is_released_again_when_the_lease_has_run_out(
    app_of: AppOf, engine: Engine, broker_url: str, broker: Broker, valkey: ValkeyServer
) -> None:
    ids = queued(engine, 5)
    releaser = replace(releaser_of(app_of(broker_url), engine), lease=timedelta(seconds=0.5))
    run(releaser, seconds=0.1)
    valkey.flush()
    run(releaser, seconds=0.8)
    assert broker.ids() == ids


def test_a_retry_that_falls_due_within_the_minute_needs_no_other_tick(
    engine: Engine, releaser: Releaser, broker: Broker
) -> None:
    ids = queued(engine, 1, due_in=timedelta(seconds=0.5))
    assert run(releaser, seconds=10).sends == {LANE: 1}
    assert broker.ids() == ids


def test_a_run_ends_when_nothing_falls_due_within_its_time(engine: Engine, releaser: Releaser) -> None:
    queued(engine, 1, due_in=MINUTE)
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(run, releaser, 30).result(5).orders == 0


def test_a_send_whose_worker_vanished_is_settled_and_counted(engine: Engine, releaser: Releaser) -> None:
    with engine.begin() as connection:
        begun(connection, lease_time=NOW)
    assert str(run(releaser)) == "released 0 in 0 orders · 1 of unknown outcome"
    with engine.connect() as connection:
        assert look.counts(connection) == {Status.ERROR: 1}


def test_a_lane_that_no_setting_serves_is_warned_of(
    engine: Engine, releaser: Releaser, caplog: pytest.LogCaptureFixture
) -> None:
    queued(engine, 1, lane="forgotten")
    run(releaser)
    assert "lane forgotten, which no setting serves" in caplog.text


def test_nothing_is_released_once_the_process_is_to_stop(engine: Engine, releaser: Releaser, broker: Broker) -> None:
    queued(engine, 1)
    stopping = threading.Event()
    stopping.set()
    releaser.run(seconds=30, stopping=stopping)
    assert broker.count() == 0


def test_a_loop_that_waits_for_room_ends_when_the_process_is_to_stop(
    app_of: AppOf, engine: Engine, broker_url: str, broker: Broker
) -> None:
    queued(engine, 100)
    stopping = threading.Event()
    releaser = releaser_of(app_of(broker_url, email=SMALL), engine)
    with ThreadPoolExecutor(1) as threads:
        running: Future[Moved] = threads.submit(releaser.run, seconds=60, stopping=stopping)
        assert wait_until(lambda: broker.count() == 3, LIMIT)
        stopping.set()
        assert running.result(3).sends == {LANE: 30}


def test_orders_show_run_and_invoices_and_hold_no_address(engine: Engine, releaser: Releaser, broker: Broker) -> None:
    with engine.begin() as connection:
        run_id = run_named(connection, account_id(connection), "2026-11")
        first = accepted(connection, run_id=run_id)
        sends = [
            replace(first, id=new_id(), business_key=uuid4(), send=replace(first.send, invoice=f"INV-{number}"))
            for number in range(1001, 1101)
        ]
        copy_in(connection, sends)
    run(releaser)
    [message] = broker.messages()
    assert message.headers["argsrepr"] == "account=default run=2026-11 invoices=INV-1001…INV-1100 (100 sends)"
    assert "example.com" not in message.raw


def test_the_task_answers_with_a_line_for_people(engine: Engine, app: Celery, broker: Broker) -> None:
    add_tasks(app)
    queued(engine, 3)
    assert not STOPPING.is_set()
    assert app.tasks[RELEASE]() == "released 3 in 1 orders (email 3)"
    assert broker.count() == 1
    app.ledger.dispose()


@pytest.mark.parametrize(("scope", "name"), [(Scope.ALL, ""), (Scope.CHANNEL, "email"), (Scope.PROVIDER, "smtp")])
def test_while_its_channel_or_provider_is_paused_a_lane_keeps_everything_in_the_ledger(
    engine: Engine, releaser: Releaser, broker: Broker, scope: Scope, name: str
) -> None:
    ids = queued(engine, 5)
    paused(engine, scope, name)
    run(releaser)
    assert (broker.count(), due_now(engine)) == (0, 5)
    resumed(engine, scope, name)
    run(releaser)
    assert broker.ids() == ids


@pytest.mark.parametrize(("scope", "name"), [(Scope.ACCOUNT, "acme"), (Scope.RUN, "2026-11")])
def test_sends_of_a_paused_account_or_run_stay_and_the_others_leave(
    engine: Engine, releaser: Releaser, broker: Broker, scope: Scope, name: str
) -> None:
    ours = queued(engine, 3, account="acme", run="2026-11")
    later = queued(engine, 1, due_in=60 * MINUTE, account="acme", run="2026-11")
    others = queued(engine, 2)
    paused(engine, scope, name)
    run(releaser)
    assert broker.ids() == others
    resumed(engine, scope, name)
    run(releaser)
    assert broker.ids() == [*others, *ours]
    assert later[0] not in broker.ids()


def test_a_send_that_lost_its_worker_and_is_paused_is_set_aside(
    engine: Engine, releaser: Releaser, broker: Broker
) -> None:
    with engine.begin() as connection:
        begun(connection, lease_time=NOW)
        settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
    paused(engine, Scope.ACCOUNT, "default")
    run(releaser)
    assert (broker.count(), due_now(engine)) == (0, 0)
    resumed(engine, Scope.ACCOUNT, "default")
    run(releaser)
    assert broker.count() == 1


def test_a_send_whose_worker_vanished_is_settled_even_while_its_lane_is_paused(
    engine: Engine, releaser: Releaser
) -> None:
    with engine.begin() as connection:
        begun(connection, lease_time=NOW)
    paused(engine, Scope.ALL, "")
    assert run(releaser).lost == 1


def circuit(engine: Engine, probe_in: timedelta) -> None:
    with engine.begin() as connection:
        open_circuit(connection, "smtp", "CONNECTION_REFUSED", probe_in)


def probe_lease(engine: Engine) -> int | None:
    with engine.connect() as connection:
        return open_circuits(connection)["smtp"].probe_lease


def test_under_an_open_circuit_nothing_is_released(engine: Engine, releaser: Releaser, broker: Broker) -> None:
    queued(engine, 5)
    circuit(engine, MINUTE)
    run(releaser)
    assert (broker.count(), due_now(engine)) == (0, 5)


def test_when_a_probe_is_due_one_send_leaves_and_its_lease_is_the_probes(
    engine: Engine, releaser: Releaser, broker: Broker
) -> None:
    queued(engine, 5)
    circuit(engine, NOW)
    run(releaser, seconds=0.5)
    [message] = broker.messages()
    assert len(message.ids) == 1
    assert message.arguments[1] == probe_lease(engine)


def test_lanes_of_one_provider_account_send_one_probe(
    app_of: AppOf, engine: Engine, broker_url: str, broker: Broker
) -> None:
    queued(engine, 5)
    queued(engine, 5, lane="second")
    circuit(engine, NOW)
    run(releaser_of(app_of(broker_url, email={}, second={}), engine), seconds=0.5)
    assert len(broker.ids("email")) + len(broker.ids("second")) == 1


def test_a_send_that_lost_its_worker_is_the_probe_when_no_other_is_due(
    engine: Engine, releaser: Releaser, broker: Broker
) -> None:
    with engine.begin() as connection:
        [send] = begun(connection, lease_time=NOW)
        settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
    circuit(engine, NOW)
    run(releaser)
    assert broker.ids() == [send.id]
    assert broker.messages()[0].arguments[1] == probe_lease(engine)


def test_a_run_waits_for_the_next_probe_within_its_time(engine: Engine, releaser: Releaser, broker: Broker) -> None:
    queued(engine, 1)
    circuit(engine, timedelta(seconds=0.5))
    assert run(releaser, seconds=10).sends == {LANE: 1}
    assert broker.count() == 1


def test_what_is_past_its_time_is_held_and_counted(engine: Engine, releaser: Releaser, broker: Broker) -> None:
    queued(engine, 2, late_in=-MINUTE)
    good = queued(engine, 1, late_in=MINUTE)
    assert str(run(releaser)) == "released 1 in 1 orders (email 1) · 2 past their time"
    assert broker.ids() == good
    with engine.connect() as connection:
        assert look.counts(connection) == {Status.QUEUE: 1, Status.PENDING_APPROVAL: 2}


def test_a_retry_that_has_used_up_its_attempts_is_given_up(engine: Engine, releaser: Releaser, broker: Broker) -> None:
    [send_id] = queued(engine, 1)
    with engine.begin() as connection:
        set_state(connection, send_id, attempts=100, status=int(Status.ERROR_SENDING_EMAIL))
    assert run(releaser).held == 1
    assert broker.count() == 0


def test_nothing_is_released_from_another_environments_ledger(
    engine: Engine, releaser: Releaser, broker: Broker
) -> None:
    queued(engine, 1)
    with pytest.raises(Refused, match="belongs to environment production"):
        run(replace(releaser, environment="staging"))
    assert broker.count() == 0


def test_the_task_says_why_nothing_is_released_from_a_copy(
    engine: Engine, app: Celery, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    add_tasks(app)
    queued(engine, 1)
    with engine.begin() as connection:
        connection.execute(update(fence).values(fingerprint="another's"))
    assert app.tasks[RELEASE]().startswith("nothing released: the ledger was sealed in another database")
    assert caplog.records[-1].levelno == logging.CRITICAL
    assert broker.count() == 0
    app.ledger.dispose()


@pytest.mark.parametrize(
    ("patience", "pulses"), [((), {Pulse.RELEASE}), ((PATIENCE_SECONDS,), {Pulse.RELEASE, Pulse.TICK})]
)
def test_a_release_leaves_its_pulse_and_a_tick_of_beat_its_own(
    engine: Engine, app: Celery, patience: tuple[float, ...], pulses: set[Pulse]
) -> None:
    add_tasks(app)
    app.tasks[RELEASE](*patience)
    with engine.connect() as connection:
        assert set(ages(connection)) == pulses
    app.ledger.dispose()


def test_a_clock_that_was_set_back_is_told_and_leases_go_back_with_it(
    engine: Engine, releaser: Releaser, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """The lease, made before the jump, would have kept the send for an hour more."""
    [send_id] = queued(engine, 1)
    with engine.begin() as connection:
        release(connection, LANE, 1, timedelta(minutes=59))
        beat(connection, Pulse.RELEASE)
        connection.execute(update(pulse).values(at=pulse.c.at + timedelta(hours=1)))
    run(releaser)
    assert "the ledger's clock jumped by -3600 s" in caplog.text
    assert broker.ids() == [send_id]


def paused(engine: Engine, scope: Scope, name: str) -> None:
    with engine.begin() as connection:
        add_pause(connection, scope, name, reason="moving", actor="mette")


def resumed(engine: Engine, scope: Scope, name: str) -> None:
    with engine.begin() as connection:
        end_pause(connection, scope, name, reason="moved", actor="mette")

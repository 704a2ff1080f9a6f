"""Do orders reach the broker whole, showing nothing personal, and is a broker that is away told in one way?"""

from uuid import UUID, uuid4

import pytest
from celery import Celery
from kombu.exceptions import OperationalError as BrokerAway
from redis import Redis

from config.settings import Lane
from duepost.ledger.release import Facts
from duepost.sends import Channel
from sandbox.valkey import ValkeyServer
from scheduler.publish import Publisher, chunks, ends, shown
from tests.scheduler.conftest import AppOf, Broker

LANE = Lane(channel=Channel.EMAIL, provider="smtp", order_size=100)
LEASE = 4711


def some(count: int) -> list[UUID]:
    return [uuid4() for _ in range(count)]


@pytest.fixture
def publisher(app: Celery) -> Publisher:
    return Publisher(app)


def test_orders_have_the_lanes_size_and_the_last_one_the_rest(publisher: Publisher, broker: Broker) -> None:
    ids = some(250)
    assert publisher.publish("email", LANE, LEASE, ids, {}) == 3
    assert [message.ids for message in broker.messages()] == [ids[:100], ids[100:200], ids[200:]]


def test_more_orders_than_one_write_takes_all_arrive(publisher: Publisher, broker: Broker) -> None:
    ids = some(1100)
    publisher.publish("email", LANE.model_copy(update={"order_size": 1}), LEASE, ids, {})
    assert broker.ids() == ids


def test_an_order_is_a_task_of_its_channel_with_lane_lease_and_ids(publisher: Publisher, broker: Broker) -> None:
    ids = some(2)
    publisher.publish("email", LANE, LEASE, ids, {})
    [message] = broker.messages()
    assert message.headers["task"] == "deliver.email"
    assert message.arguments == ["email", LEASE, [one.hex for one in ids]]


def test_no_schedule_and_no_retry_lives_in_the_broker(publisher: Publisher, broker: Broker) -> None:
    publisher.publish("email", LANE, LEASE, some(1), {})
    headers = broker.messages()[0].headers
    assert {name: headers[name] for name in ("eta", "expires", "retries")} == {
        "eta": None,
        "expires": None,
        "retries": 0,
    }


def test_flower_is_shown_account_run_and_invoices(publisher: Publisher, broker: Broker) -> None:
    ids = some(3)
    facts = {one: Facts("acme", "2026-11", f"INV-{number}") for number, one in enumerate(ids, 1)}
    publisher.publish("email", LANE, LEASE, ids, facts)
    headers = broker.messages()[0].headers
    assert headers["argsrepr"] == "account=acme run=2026-11 invoices=INV-1…INV-3 (3 sends)"
    assert headers["kwargsrepr"] == ""


def test_a_single_send_is_shown_with_its_invoice_and_no_run_as_a_dash() -> None:
    [one] = some(1)
    assert shown([one], {one: Facts("acme", None, "INV-1")}) == "account=acme run=- invoices=INV-1 (1 sends)"


def test_facts_are_needed_of_the_ends_of_each_order_only() -> None:
    ids = some(7)
    assert set(ends(ids, 3)) == {ids[0], ids[2], ids[3], ids[5], ids[6]}


def test_every_id_is_in_one_piece() -> None:
    ids = some(7)
    assert [one for piece in chunks(ids, 3) for one in piece] == ids


def test_orders_waiting_are_counted_for_their_own_lane(app_of: AppOf, broker_url: str, broker: Broker) -> None:
    publisher = Publisher(app_of(broker_url, email={}, second={}))
    publisher.publish("email", LANE, LEASE, some(250), {})
    assert [publisher.waiting(lane) for lane in ("email", "second")] == [3, 0]
    broker.take_one()
    assert publisher.waiting("email") == 2


@pytest.mark.parametrize("spoken_before", [False, True], ids=["never reached", "lost"])
@pytest.mark.parametrize("call", ["waiting", "publish"])
def test_a_broker_that_is_gone_is_told_as_an_operational_error(
    app_of: AppOf, own_valkey: ValkeyServer, call: str, *, spoken_before: bool
) -> None:
    publisher = Publisher(app_of(own_valkey.url))
    if spoken_before:
        publisher.waiting("email")
    own_valkey.process.kill()
    with pytest.raises(BrokerAway):
        publisher.waiting("email") if call == "waiting" else publisher.publish("email", LANE, LEASE, some(1), {})


@pytest.mark.parametrize("known", [False, True], ids=["a new queue", "a known queue"])
def test_a_full_broker_is_told_as_an_operational_error(app_of: AppOf, own_valkey: ValkeyServer, *, known: bool) -> None:
    publisher = Publisher(app_of(own_valkey.url))
    if known:
        publisher.publish("email", LANE, LEASE, some(1), {})
    fill(own_valkey)
    with pytest.raises(BrokerAway):
        publisher.publish("email", LANE, LEASE, some(1), {})
    assert publisher.waiting("email") == known  # to count takes no memory


def test_a_broker_that_has_room_again_is_used_again(app_of: AppOf, own_valkey: ValkeyServer) -> None:
    publisher = Publisher(app_of(own_valkey.url))
    fill(own_valkey)
    with pytest.raises(BrokerAway):
        publisher.publish("email", LANE, LEASE, some(1), {})
    fill(own_valkey, bytes_allowed=0)
    publisher.publish("email", LANE, LEASE, some(250), {})
    assert publisher.waiting("email") == 3


def fill(server: ValkeyServer, bytes_allowed: int = 1) -> None:
    """Leave the broker no memory; 0 is no limit."""
    with Redis(unix_socket_path=str(server.socket_path)) as client:
        client.config_set("maxmemory", bytes_allowed)


def test_a_broker_that_is_back_is_used_again(app_of: AppOf, own_valkey: ValkeyServer) -> None:
    publisher = Publisher(app_of(own_valkey.url))
    publisher.waiting("email")
    own_valkey.process.kill()
    with pytest.raises(BrokerAway):
        publisher.publish("email", LANE, LEASE, some(1), {})
    own_valkey.restart()
    publisher.publish("email", LANE, LEASE, some(250), {})
    assert publisher.waiting("email") == 3

"""Do all processes together stay within what a provider account allows?"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from redis import Redis

from sandbox.ports import free_port
from sandbox.valkey import ValkeyServer
from worker import quota as quota_file
from worker.quota import BLIND, Quota

Make = Callable[..., Quota]


@pytest.fixture
def make(valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes what a process has of one account; nobody waits for a turn unless the test says so."""
    monkeypatch.setattr(quota_file, "PATIENCE_SECONDS", 0.0)
    name, made = uuid4().hex, []

    def one(**given: float) -> Quota:
        limits = {"per_second": 0.01, "burst": 3, **given}
        url = valkey.url
        made.append(
            Quota(
                url,
                name,
                per_second=limits["per_second"],
                burst=int(limits["burst"]),
                stopping=threading.Event(),
            )
        )
        return made[-1]

    yield one
    for each in made:
        each.close()


def taken(quota: Quota, times: int, units: int = 1) -> int:
    """How many of so many sends may go now."""
    return sum(quota.wait(units) is None for _ in range(times))


def test_what_the_burst_holds_goes_at_once_and_the_rest_waits(make: Make) -> None:
    assert taken(make(burst=3), 10) == 3


def test_two_that_know_nothing_of_each_other_share_one_bucket(make: Make) -> None:
    assert (taken(make(burst=3), 2), taken(make(burst=3), 9)) == (2, 1)


def test_threads_never_take_a_turn_twice(make: Make) -> None:
    quota = make(burst=40)
    with ThreadPoolExecutor(8) as threads:
        assert sum(wait is None for wait in threads.map(lambda _: quota.wait(1), range(200))) == 40


def test_a_send_of_three_units_takes_three(make: Make) -> None:
    assert taken(make(burst=6), 10, units=3) == 2


def test_a_send_of_many_units_waits_no_longer_for_its_turn_than_one_of_a_single_unit(make: Make) -> None:
    quota = make(burst=6, per_second=0.01)
    assert taken(quota, 5) == 5
    assert quota.wait(6) is None
    wait = quota.wait(1)
    assert wait is not None
    assert timedelta(seconds=590) < wait <= timedelta(seconds=600)


@pytest.mark.parametrize(("ahead", "waits"), [(0, 5), (20, 25)])
def test_and_where_its_own_units_come_soon_it_waits_for_them_within_its_turn(
    monkeypatch: pytest.MonkeyPatch, valkey: ValkeyServer, ahead: int, waits: int
) -> None:
    monkeypatch.setattr(quota_file, "PATIENCE_SECONDS", 21.0)
    stopping = threading.Event()
    stopping.set()  # so that the wait is told and not waited for
    quota = Quota(valkey.url, uuid4().hex, per_second=1, burst=6, stopping=stopping)
    for _ in range(5 + ahead):
        quota.wait(1)
    wait = quota.wait(6)
    assert wait is not None
    assert timedelta(seconds=waits - 4) < wait <= timedelta(seconds=waits)
    left = quota.wait(1)
    assert left is not None
    assert left > wait
    quota.close()


def test_a_send_larger_than_the_bucket_takes_a_full_one_and_the_next_waits_for_all_its_units(make: Make) -> None:
    quota = make(burst=2, per_second=1)
    assert quota.wait(10) is None
    wait = quota.wait(1)
    assert wait is not None
    assert timedelta(seconds=8) < wait <= timedelta(seconds=9)


def test_it_says_when_the_next_turn_comes_and_asking_takes_none(make: Make) -> None:
    quota = make(burst=1, per_second=0.1)
    assert quota.wait(1) is None
    waits = [quota.wait(1) for _ in range(5)]
    assert all(wait is not None and timedelta(seconds=8) < wait <= timedelta(seconds=10) for wait in waits)


def test_a_turn_that_comes_soon_is_waited_for(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota_file, "PATIENCE_SECONDS", 5.0)
    quota = make(burst=1, per_second=20)
    assert taken(quota, 5) == 5


def test_a_process_that_stops_does_not_wait_for_its_turn(monkeypatch: pytest.MonkeyPatch, valkey: ValkeyServer) -> None:
    monkeypatch.setattr(quota_file, "PATIENCE_SECONDS", 60.0)
    stopping = threading.Event()
    stopping.set()
    quota = Quota(valkey.url, uuid4().hex, per_second=0.05, burst=1, stopping=stopping)
    assert quota.wait(1) is None
    assert quota.wait(1) is not None
    quota.close()


def test_a_clock_that_is_set_back_makes_nobody_wait_longer(make: Make, valkey: ValkeyServer) -> None:
    quota = make(burst=1, per_second=0.1)
    quota.wait(1)
    with Redis(unix_socket_path=str(valkey.socket_path)) as client:
        # As it would stand there had Valkey's clock been an hour ahead then.
        numbers = [float(number) + 3600 for number in client.get(quota._key).split()]
        client.set(quota._key, " ".join(f"{number:.6f}" for number in numbers))
    wait = quota.wait(1)
    assert wait is not None
    assert wait <= timedelta(seconds=10)


def test_while_valkey_is_away_nothing_goes() -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    quota = Quota(url, "sms", per_second=1, burst=1, stopping=threading.Event())
    assert quota.wait(1) == BLIND
    quota.close()


def test_a_bucket_that_is_full_again_leaves_nothing_behind(make: Make, valkey: ValkeyServer) -> None:
    quota = make(burst=1, per_second=1000)
    quota.wait(1)
    with Redis(unix_socket_path=str(valkey.socket_path)) as client:
        assert 0 < client.pttl(quota._key) <= 1100

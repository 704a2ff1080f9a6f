"""Is a free connection used again only while that is safe?"""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from worker.spare import Spare


@dataclass
class Connection:
    name: str
    closed: bool = False

    def close(self) -> None:
        self.closed = True


@dataclass
class World:
    """What the clock and the process say."""

    seconds: float = 0
    process: int = 1


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def spare(world: World) -> Spare[Connection]:
    return Spare(timedelta(seconds=30), clock=lambda: world.seconds, process=lambda: world.process)


def test_the_one_used_last_is_taken_first_and_each_only_once(spare: Spare[Connection]) -> None:
    for name in ("a", "b"):
        spare.give_back(Connection(name))
    taken = [spare.take(), spare.take()]
    assert [connection.name for connection in taken if connection] == ["b", "a"]
    assert spare.take() is None


def test_one_that_idled_too_long_is_closed(spare: Spare[Connection], world: World) -> None:
    connection = Connection("a")
    spare.give_back(connection)
    world.seconds = 31
    assert spare.take() is None
    assert connection.closed


def test_one_that_a_parent_process_opened_is_not_used(spare: Spare[Connection], world: World) -> None:
    spare.give_back(Connection("a"))
    world.process = 2
    assert spare.take() is None


def test_closing_closes_all(spare: Spare[Connection]) -> None:
    connections = [Connection("a"), Connection("b")]
    for connection in connections:
        spare.give_back(connection)
    spare.close()
    assert all(connection.closed for connection in connections)

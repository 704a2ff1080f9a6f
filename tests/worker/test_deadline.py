"""Does a deadline end everything that hangs on it?"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from worker.connect import connect
from worker.deadline import Deadline, DeadlineSocket, TooMuchSaid

LONG = timedelta(seconds=10)


@dataclass
class Pair:
    """Both ends of one connection."""

    ours: DeadlineSocket
    theirs: socket.socket


@pytest.fixture
def pair() -> Iterator[Pair]:
    left, right = socket.socketpair()
    with left, right:
        yield Pair(DeadlineSocket(left, Deadline(LONG), readable=10), right)


def test_time_runs_out_on_the_monotonic_clock() -> None:
    now = [100.0]
    deadline = Deadline(timedelta(seconds=5), clock=lambda: now[0])
    now[0] = 103.0
    assert deadline.left() == 2
    now[0] = 105.0
    with pytest.raises(TimeoutError):
        deadline.left()


def test_no_more_is_read_than_allowed(pair: Pair) -> None:
    pair.theirs.sendall(b"0123456789abc")
    reader = pair.ours.makefile()
    with reader:
        assert reader.read(10) == b"0123456789"
        with pytest.raises(TooMuchSaid):
            reader.read(1)


def test_a_new_phase_may_read_anew(pair: Pair) -> None:
    pair.theirs.sendall(b"0123456789abc")
    assert pair.ours.recv(100) == b"0123456789"
    pair.ours.allow(Deadline(LONG), readable=2)
    assert pair.ours.recv(100) == b"ab"


def test_a_library_cannot_lift_the_deadline(pair: Pair) -> None:
    pair.ours.allow(Deadline(timedelta(milliseconds=20)), readable=10)
    pair.ours.settimeout(None)
    with pytest.raises(TimeoutError):
        pair.ours.recv(1)


def test_sending_to_one_who_does_not_read_ends_with_the_deadline(pair: Pair) -> None:
    pair.ours.allow(Deadline(timedelta(milliseconds=100)), readable=10)
    with pytest.raises(TimeoutError):
        pair.ours.sendall(bytes(50_000_000))
    assert 0 < pair.ours.sent < 50_000_000


def test_what_is_sent_is_counted(pair: Pair) -> None:
    pair.ours.sendall(b"0123")
    pair.ours.sendall(b"45")
    assert pair.ours.sent == 6


def test_a_quiet_connection_has_nothing_unasked(pair: Pair) -> None:
    assert not pair.ours.unasked()


def test_words_that_were_read_along_with_an_answer_are_unasked(pair: Pair) -> None:
    pair.theirs.sendall(b"250\n421\n")
    with pair.ours.makefile() as reader:
        assert reader.readline() == b"250\n"
        assert pair.ours.unasked()
        assert reader.readline() == b"421\n"
        assert not pair.ours.unasked()


def test_a_closed_connection_is_seen_without_reading(pair: Pair) -> None:
    pair.theirs.close()
    assert pair.ours.unasked()


def test_the_second_address_is_tried_when_the_first_refuses() -> None:
    # localhost is ::1 and 127.0.0.1 on most machines; the server listens on the latter only.
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        connect("localhost", server.getsockname()[1], Deadline(LONG)) as connected,
    ):
        assert connected.getpeername()[0] == "127.0.0.1"

"""Does a broker that is full cost time and nothing else?"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from duepost import NewSend, Status
from sandbox.child import Child, wait_until
from tests.broker.conftest import SOON, Spoiled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture
def full(spoiled: Spoiled) -> Iterator[Spoiled]:
    """All at work, then the broker fills."""
    spoiled.hand_in("WARM")
    assert spoiled.sent("WARM"), spoiled.log
    spoiled.fill()
    yield spoiled
    spoiled.make_room()


def says(process: Child, words: str) -> bool:
    """Wait until its log holds the words, or it has ended."""
    return wait_until(lambda: words in Path(process.log).read_text() or not process.running, SOON) and process.running


def test_accepting_goes_on_and_everything_leaves_once_there_is_room(full: Spoiled) -> None:
    before = full.log.count("the broker is away")
    receipts = full.running.enqueue(
        *(NewSend(channel="email", invoice=f"FULL-{n}", to_address=f"full{n}@firma.test") for n in range(50))
    )
    assert wait_until(lambda: full.log.count("the broker is away") > before, SOON), full.log
    assert full.all_run(), full.log
    full.make_room()
    assert {one.status for one in full.running.settled(*receipts)} == {Status.SENT}
    assert [len(full.running.taken(receipt)) for receipt in receipts] == [1] * len(receipts)
    assert full.all_run(), full.log


@pytest.mark.parametrize("kind", ["worker", "scheduler", "door"])
def test_a_process_that_starts_meanwhile_waits_for_room(full: Spoiled, kind: str) -> None:
    stack = full.running.stack
    late = {"worker": stack.start_worker, "scheduler": stack.start_scheduler, "door": stack.start_door}[kind](
        f"late-{kind}"
    )
    assert says(late, "Trying to re"), late.end_of_log()
    full.make_room()
    assert says(late, "ready."), late.end_of_log()
    stack.processes.stop(late)


def test_a_message_that_cannot_be_marked_as_taken_is_worked_off(spoiled: Spoiled) -> None:
    *_, door = spoiled.processes
    os.kill(door.pid, signal.SIGSTOP)  # the broker hands it the message, and is full before it looks at it
    try:
        spoiled.hand_in("UNMARKED")
        spoiled.fill()
    finally:
        os.kill(door.pid, signal.SIGCONT)
    assert wait_until(lambda: "cannot mark a message as taken" in spoiled.log, SOON), spoiled.log
    spoiled.make_room()
    assert spoiled.sent("UNMARKED"), spoiled.log
    assert spoiled.all_run(), spoiled.log

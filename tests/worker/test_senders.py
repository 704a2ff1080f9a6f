"""Do the sending threads work off all that is submitted, so many at a time?"""

import queue
import threading
from datetime import timedelta

from sandbox.child import wait_until
from worker.senders import Senders

LIMIT = timedelta(seconds=10)


def test_closing_waits_until_all_that_was_submitted_is_done() -> None:
    done: queue.SimpleQueue[int] = queue.SimpleQueue()
    senders = Senders(3, "test")
    for number in range(100):
        senders.submit(done.put, number)
    senders.close()
    assert sorted(done.get_nowait() for _ in range(100)) == list(range(100))


def test_as_many_work_at_once_as_the_width_says() -> None:
    width = 3
    together = threading.Barrier(width)
    senders = Senders(width, "test")
    met: list[int] = []
    for _ in range(width):
        senders.submit(lambda: met.append(together.wait(LIMIT.total_seconds())))
    assert wait_until(lambda: len(met) == width, LIMIT)
    senders.close()

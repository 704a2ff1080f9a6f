"""How fast does duepost itself drain its ledger? Real processes: one scheduler, two workers."""

from celery import Celery

from benchmarks.case import LANE, PROCESSES, Rig
from benchmarks.cpu import Meter
from benchmarks.sends import require_sent, seconds_until_done
from benchmarks.together import Ran
from benchmarks.workers import wait_for
from config.names import CONTROL_QUEUE, RELEASE

WARM_UP = 400
ORDERS = 4  # that a worker takes at a time


def drain(rig: Rig, sends: int) -> Ran:
    """Send so many, from the word "release" to the last state that is final."""
    stack = rig.stack
    scheduler = stack.start_scheduler()
    workers = [stack.start_worker(f"worker{number}", lanes=LANE, orders=ORDERS) for number in range(PROCESSES)]
    try:
        app = Celery(broker=stack.valkey.url)
        wait_for(app, 1 + PROCESSES)
        for count in (WARM_UP, sends):
            rig.fill(count)
            meter = Meter({"workers": [one.pid for one in workers], "scheduler": [scheduler.pid], **rig.servers})
            seconds = seconds_until_done(rig.engine, lambda: app.send_task(RELEASE, queue=CONTROL_QUEUE))
            ran = Ran(count, seconds, meter.stop(count))
            require_sent(rig.engine, count)
    finally:
        for process in (*workers, scheduler):
            stack.processes.stop(process)
    return ran

"""How fast does plain Celery do the same, at its best pool?"""

from collections.abc import Sequence
from uuid import UUID

from celery import Celery

from benchmarks.case import Pool, Rig
from benchmarks.cpu import Meter
from benchmarks.plain_names import IDLE, QUEUE, TASK
from benchmarks.sends import require_sent, seconds_until_done, send_ids
from benchmarks.together import Ran
from benchmarks.workers import wait_for

WARM_UP = 200
BATCH = 500
QUIET = ("--without-mingle", "--without-gossip", "--loglevel", "WARNING")


def drain(rig: Rig, pool: Pool, sends: int) -> Ran:
    """Send so many; their tasks lie in the broker before the clock starts, which is more than a real run gets."""
    stack = rig.stack
    options = ("-P", pool.kind, "-c", str(pool.concurrency), "-Q", IDLE, *QUIET)
    workers = [
        stack.start_celery(f"plain{number}", "benchmarks.plain", "worker", *options) for number in range(pool.workers)
    ]
    try:
        app = Celery(broker=stack.valkey.url)
        wait_for(app, pool.workers)
        rig.fill(WARM_UP)
        ids = _ids(rig)
        seconds_until_done(rig.engine, lambda: _publish(app, ids, IDLE))
        rig.fill(sends)
        _publish(app, _ids(rig), QUEUE)
        meter = Meter({"workers": [one.pid for one in workers], **rig.servers})
        seconds = seconds_until_done(rig.engine, lambda: app.control.add_consumer(QUEUE))
        ran = Ran(sends, seconds, meter.stop(sends))
        require_sent(rig.engine, sends)
    finally:
        for process in workers:
            stack.processes.stop(process)
        stack.valkey.flush()
    return ran


def _ids(rig: Rig) -> list[UUID]:
    with rig.engine.connect() as connection:
        return send_ids(connection)


def _publish(app: Celery, ids: Sequence[UUID], queue: str) -> None:
    with app.producer_or_acquire() as producer, producer.batch(max_size=BATCH):
        for one in ids:
            app.send_task(TASK, args=(str(one),), queue=queue, producer=producer, retry=False)

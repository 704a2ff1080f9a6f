"""What are the tasks and queues called on the wire?

These names travel in messages between versions of duepost: a renamed one is a new one.
"""

from duepost.sends import Channel

RELEASE = "release.due"
ENQUEUE = "duepost.enqueue"
PRINT_RUNS = "print.runs"  # the scheduler's: close what is due
PRINT_RUN = "print.run"  # a worker's: hand one run over

# channel -> the task that delivers an order of it
DELIVER = {channel: f"deliver.{channel.value}" for channel in Channel}

CONTROL_QUEUE = "control"  # the scheduler's own tasks
DOOR_QUEUE = "enqueue"  # sends that other Celery apps hand in

# A lane's queue is named after the lane; these names are taken.
RESERVED = frozenset({CONTROL_QUEUE, DOOR_QUEUE})

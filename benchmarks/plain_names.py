"""What are the task and the queues of plain Celery called?"""

TASK = "plain.deliver"
QUEUE = "plain"
IDLE = "idle"  # what a worker listens to before the clock starts

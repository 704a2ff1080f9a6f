"""Has this process been asked to stop?

Set by SIGTERM through Celery's `worker_shutting_down`; looked at before each send, so that a worker is gone as soon
as the sends in providers' hands are answered.
"""

import threading

STOPPING = threading.Event()

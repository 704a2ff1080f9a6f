"""Has this process been asked to stop? Set by SIGTERM; a release loop ends between two passes."""

import threading

STOPPING = threading.Event()

"""How does stopping get done although the user presses Ctrl-C again?"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Signals that ask us to stop are ignored meanwhile: we are stopping already."""
    if threading.current_thread() is not threading.main_thread():  # only there can signals be set
        yield
        return
    before = {one: signal.signal(one, signal.SIG_IGN) for one in STOP_SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)

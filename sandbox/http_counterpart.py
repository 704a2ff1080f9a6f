"""Which HTTP provider can the demo, the tests and the benches post to, and ask afterwards what it took?

It takes every POST until it is told to misbehave (`http_behaviour.py`); the folder says what it took
(`http_ledger.py`).
"""

import argparse
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from sandbox.counterpart import Counterpart, now
from sandbox.http_behaviour import Act, Answer, Fault, Huge, Script, Trickle
from sandbox.http_ledger import HttpLedger, TakenRequest, read_taken
from sandbox.http_request import Request
from sandbox.http_session import HttpSession

TRICKLE_PAUSE = timedelta(seconds=0.2)


class HttpCounterpart(Counterpart):
    """An HTTP/1.1 server on 127.0.0.1 that has written down a POST before it answers 200 to it.

    A repeat of an Idempotency-Key is answered as the first was and recorded as a repeat. Answers come `delay` after the
    request; other connections do not wait. Each method that scripts a misbehaviour speaks of the next requests,
    on whatever connection they come, in the order of the calls; from any thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        delay: timedelta = timedelta(0),
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(folder, port)
        self._ledger = HttpLedger(folder, clock)
        self._script = Script()
        self._delay = delay

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://{self.host}:{self.port}"

    @property
    def requests(self) -> list[Request]:
        """The newest hundred that were read whole, oldest first, those that were not taken included."""
        return list(self._script.requests)

    def session(self) -> HttpSession:
        return HttpSession(self._ledger, self._script, self._delay, self.connections)

    def close(self) -> None:
        self._ledger.close()

    def taken(self) -> list[TakenRequest]:
        """Everything taken into the folder, oldest first."""
        return read_taken(self.folder)

    def answer(
        self, status: int, body: bytes = b"", headers: Mapping[str, str] = MappingProxyType({}), times: int = 1
    ) -> None:
        """Answer so; the request is taken when the status is 2xx."""
        self._next(Answer(status, body, headers), times)

    def hang(self, times: int = 1) -> None:
        """Read the request, take nothing and never answer."""
        self._next(Fault.HANG, times)

    def trickle(
        self, part: Literal["headers", "body"] = "body", times: int = 1, pause: timedelta = TRICKLE_PAUSE
    ) -> None:
        """Take the request; from this part on the answer comes a byte at a time, a pause after each."""
        self._next(Trickle(part, pause), times)

    def reset_before_reading(self, times: int = 1) -> None:
        """Reset the connection at the request's first bytes; nothing is taken."""
        self._next(Fault.RESET, times)

    def cut_after_body(self, times: int = 1) -> None:
        """Take the request and close unanswered."""
        self._next(Fault.CUT, times)

    def huge(self, size_bytes: int, times: int = 1) -> None:
        """Take the request; the 200's body is that long."""
        self._next(Huge(size_bytes), times)

    def _next(self, act: Act, times: int) -> None:
        self._script.acts.extend([act] * times)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.http_counterpart", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for the ledger and the file `port`")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--delay-ms", type=float, default=0, help="from a request to its answer")
    asked = parser.parse_args()
    HttpCounterpart(asked.folder, port=asked.port, delay=timedelta(milliseconds=asked.delay_ms)).run()


if __name__ == "__main__":
    main()

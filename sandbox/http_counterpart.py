"""Which HTTP provider can the demo, the tests and the benches post to, and ask afterwards what it took?

It takes every POST until it is told to misbehave, by the next requests (the methods here) or until further notice
(`http_standing.py`); the folder says what it took (`http_ledger.py`) and what it was asked (`http_calls.py`).
"""

import argparse
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from sandbox.behaviour_file import BehaviourFile
from sandbox.counterpart import Counterpart, now
from sandbox.http_behaviour import Act, Answer, Fault, Huge, Trickle
from sandbox.http_calls import HttpCalls
from sandbox.http_ledger import HttpLedger, TakenRequest, read_taken
from sandbox.http_request import Request
from sandbox.http_script import Script
from sandbox.http_session import HttpSession
from sandbox.http_standing import standing_of


class HttpCounterpart(Counterpart):
    """An HTTP/1.1 server on 127.0.0.1 that has written down a POST before it answers 200 to it.

    A repeat of an Idempotency-Key is answered as the first was and recorded as a repeat; forgetful, it is taken anew.
    GET /…/<key> says whether a key was taken. Answers come `delay` after the request; other connections do not wait.
    calls: every request is written down as well, taken or not. Each method that scripts a misbehaviour speaks of the
    next requests, on whatever connection they come, in the order of the calls; from any thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        delay: timedelta = timedelta(0),
        calls: bool = False,
        forgetful: bool = False,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(folder, port)
        self._ledger = HttpLedger(folder, clock, forgetful=forgetful)
        self._calls = HttpCalls(folder, clock) if calls else None
        self._script = Script(BehaviourFile(folder, standing_of))
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
        return HttpSession(self._ledger, self._script, self._calls, self._delay, self.connections)

    def close(self) -> None:
        self._ledger.close()
        if self._calls:
            self._calls.close()

    def taken(self) -> list[TakenRequest]:
        """Everything taken into the folder, oldest first."""
        return read_taken(self.folder)

    def answer(
        self, status: int, body: bytes = b"", headers: Mapping[str, str] = MappingProxyType({}), times: int = 1
    ) -> None:
        """Answer so; the request is taken when the status is 2xx."""
        self._next(Answer(status, body, headers), times)

    def behave(self) -> None:
        """Leave undone what was scripted and has met no request yet."""
        self._script.acts.clear()

    def hang(self, times: int = 1) -> None:
        """Read the request, take nothing and never answer."""
        self._next(Fault.HANG, times)

    def trickle(
        self, part: Literal["headers", "body"] = "body", times: int = 1, pause: timedelta = Trickle.pause
    ) -> None:
        """Take the request; from this part on the answer comes a byte at a time, a pause after each."""
        self._next(Trickle(part, pause, endless=False), times)

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
    parser.add_argument("--calls", action="store_true", help="write every request down, taken or not")
    parser.add_argument("--forgetful", action="store_true", help="take a repeated key anew")
    asked = parser.parse_args()
    HttpCounterpart(
        asked.folder,
        port=asked.port,
        delay=timedelta(milliseconds=asked.delay_ms),
        calls=asked.calls,
        forgetful=asked.forgetful,
    ).run()


if __name__ == "__main__":
    main()

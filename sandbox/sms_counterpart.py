"""Which SMS gateway can the demo and the tests send to where no Kannel is installed, and ask what it took?

It answers as Kannel, GatewayAPI or Twilio, by the path. What becomes of an SMS is in its number's last three digits
(NUMBERS); whole answers are scripted as the HTTP counterpart's are (`http_standing.py`, with asks="same": a send to
Kannel is a GET). The secret `wrong` is refused.
"""

import argparse
import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sandbox.behaviour_file import BehaviourFile
from sandbox.counterpart import Counterpart, now
from sandbox.http_behaviour import Act, Answer, Fault
from sandbox.http_request import Request
from sandbox.http_script import Script
from sandbox.http_session import HttpTalk
from sandbox.http_standing import standing_of
from sandbox.sms_ledger import SmsLedger, TakenSms, read_taken
from sandbox.sms_reporter import SmsReporter
from sandbox.sms_shapes import Asked, answer, read

WRONG_SECRET = "wrong"  # noqa: S105 - it opens nothing

# last three digits of the number -> what becomes of the SMS; others are accepted and delivered
NUMBERS = {
    "901": "unknown",  # refused: no such number
    "902": "busy once",  # refused for now, taken when it comes again
    "903": "silent",  # taken, and the connection is closed unanswered
    "904": "failed",  # accepted, and reported as undeliverable
    "905": "expired",  # accepted, and reported as expired
    "906": "unreported",  # accepted; no report ever comes
    "907": "silent, unreported",
}


class SmsCounterpart(Counterpart):
    """An SMS gateway on 127.0.0.1 that has written an SMS down before it answers, and reports afterwards."""

    def __init__(self, folder: Path, *, port: int = 0, clock: Callable[[], datetime] = now) -> None:
        super().__init__(folder, port)
        self._ledger = SmsLedger(folder, clock)
        self._reporter = SmsReporter(self._ledger)
        self._script = Script(BehaviourFile(folder, standing_of))
        self._busy: set[str] = set()

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://{self.host}:{self.port}"

    @property
    def requests(self) -> list[Request]:
        """The newest hundred that were read whole, oldest first."""
        return list(self._script.requests)

    def session(self) -> "SmsSession":
        return SmsSession(self._ledger, self._reporter, self._script, self._busy, self.connections)

    def close(self) -> None:
        self._reporter.close()
        self._ledger.close()

    def taken(self) -> list[TakenSms]:
        """Everything taken into the folder, oldest first."""
        return read_taken(self.folder)

    def then(self, act: Act, times: int = 1) -> None:
        """Do this to the next requests; from any thread."""
        self._script.acts.extend([act] * times)


class SmsSession(HttpTalk):
    """One connection. busy: numbers that have been told to come again."""

    def __init__(
        self,
        ledger: SmsLedger,
        reporter: SmsReporter,
        script: Script,
        busy: set[str],
        connections: set[asyncio.Transport],
    ) -> None:
        super().__init__(script, None, timedelta(0), connections)
        self.ledger, self.reporter, self.busy = ledger, reporter, busy

    def serve(self, request: Request) -> None:
        asked = read(request)
        if self.act is None and asked and self.fate(asked).startswith("silent"):
            self.act = Fault.CUT
        super().serve(request)

    def fate(self, asked: Asked) -> str:
        """What NUMBERS says of it."""
        return NUMBERS.get(asked.number[-3:], "delivered")

    def take(self, request: Request) -> None:
        asked = read(request)
        if asked:
            self.accept(asked)

    def accept(self, asked: Asked) -> str:
        identifier = self.ledger.take(asked)
        fate = self.fate(asked)
        if not fate.endswith("unreported"):
            self.reporter.tell(asked, fate if fate in {"failed", "expired"} else "delivered", identifier)
        return identifier

    def usual_answer(self, request: Request) -> Answer:
        asked = read(request)
        if asked is None:
            return Answer(400, b"what is this?", {"content-type": "text/plain"})
        if asked.secret == WRONG_SECRET:
            return answer(asked, "credentials", "")
        if self.fate(asked) == "unknown":
            return answer(asked, "unknown", "")
        if self.fate(asked) == "busy once" and asked.number not in self.busy:
            self.busy.add(asked.number)
            return answer(asked, "busy", "")
        return answer(asked, "accepted", self.accept(asked))

    def remember(self, key: str | None, answer: Answer) -> None:
        """Nothing: no gateway knows a repeat."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.sms_counterpart", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for the ledger and the file `port`")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    asked = parser.parse_args()
    SmsCounterpart(asked.folder, port=asked.port).run()


if __name__ == "__main__":
    main()

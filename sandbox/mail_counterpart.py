"""Which mail server can the demo, the tests and the benches send to, and ask afterwards what it took?

The recipient's name says how it behaves (`mail_behaviour.py`), or its folder does for everybody until further notice
(`mail_standing.py`); the folder says what it took (`mail_ledger.py`) and what it was asked (`mail_calls.py`).
"""

import argparse
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sandbox.behaviour_file import BehaviourFile
from sandbox.counterpart import Counterpart, now
from sandbox.mail_calls import MailCalls
from sandbox.mail_dialogue import Desk
from sandbox.mail_ledger import Keep, MailLedger, Taken, read_taken
from sandbox.mail_login import Login
from sandbox.mail_session import MailSession
from sandbox.mail_standing import standing_of


class MailCounterpart(Counterpart):
    """An SMTP server on 127.0.0.1 that has written down a message before it says yes to it.

    With a user it offers AUTH and takes nothing without it. The answer to a message comes `delay` after it is taken;
    other connections do not wait. With keep="index" messages and their digests are not kept. calls: connections, logins
    and recipients are written down as well, taken or not.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        user: str | None = None,
        password: str | None = None,
        keep: Keep | str = Keep.MESSAGES,
        delay: timedelta = timedelta(0),
        calls: bool = False,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(folder, port)
        self._ledger = MailLedger(folder, Keep(keep), clock)
        self._calls = MailCalls(folder, clock) if calls else None
        login = None if user is None else Login(user, password or "")
        self._desk = Desk(self._ledger, BehaviourFile(folder, standing_of), self._calls, login)
        self._delay = delay

    def session(self) -> MailSession:
        return MailSession(self._desk, self._delay, self.connections)

    def close(self) -> None:
        self._ledger.close()
        if self._calls:
            self._calls.close()

    def taken(self) -> list[Taken]:
        """Everything taken into the folder, oldest first, a line for each recipient."""
        return read_taken(self.folder)

    def tries(self, recipient: str) -> int:
        """How often RCPT has named this address, refused or not."""
        return self._ledger.tries[recipient]

    def message(self, taken: Taken) -> bytes:
        """The message as the client meant it, dots unstuffed.

        Raises: LookupError when only the index was kept.
        """
        if taken.file is None:
            raise LookupError("this message was taken with keep='index': only its line in the ledger is left")
        return (self.folder / taken.file).read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.mail_counterpart", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for the ledger, the messages and the file `port`")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--keep", type=Keep, choices=list(Keep), default=Keep.MESSAGES)
    parser.add_argument("--delay-ms", type=float, default=0, help="from taking a message to saying so")
    parser.add_argument("--user", help="asks for AUTH with this user")
    parser.add_argument("--password")
    parser.add_argument("--calls", action="store_true", help="write connections, logins and recipients down")
    asked = parser.parse_args()
    MailCounterpart(
        asked.folder,
        port=asked.port,
        user=asked.user,
        password=asked.password,
        keep=asked.keep,
        delay=timedelta(milliseconds=asked.delay_ms),
        calls=asked.calls,
    ).run()


if __name__ == "__main__":
    main()

"""What does the mail counterpart do to everybody until it is told otherwise?

`behave(folder, MailStanding.DEFER)` tells it from any process (see `behaviour_file.py`). Recipients whose names say how
they behave (`mail_behaviour.py`) go on doing so where the server still lets them.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import Enum
from itertools import cycle, repeat
from typing import Any

from sandbox.mail_behaviour import Fault


class MailStanding(Enum):
    """The value is what the counterpart does; in `behaviour.json` it is called by its name in lower case."""

    GREET_554 = "greets with 554 and closes"
    GREET_421 = "greets with 421 and closes"
    REFUSE_LOGIN = "answers 535 to every AUTH, the right password included"
    DEFER = "answers 451 to every RCPT"
    UNAVAILABLE = "answers 421 to MAIL and closes"
    HANG = "leaves RCPT unanswered"
    DROP = "closes at a message's first bytes and does not take it"
    SILENT = "takes every message and never answers"
    CUT = "takes every message and closes unanswered"
    TRICKLE = "answers EHLO with one byte a second, for ever"
    HUGE = "answers EHLO as fast as the client reads, for ever"

    @property
    def told(self) -> Mapping[str, object]:
        """As `behaviour.json` says it."""
        return {"act": self.word}

    @property
    def word(self) -> str:
        """Its name in files."""
        return self.name.lower()


def standing_of(told: Mapping[str, Any]) -> MailStanding:
    """The behaviour that `behaviour.json` says."""
    return MailStanding[told["act"].upper()]


GREETINGS: Mapping[MailStanding | None, bytes] = {
    MailStanding.GREET_554: b"554 5.3.2 No SMTP service here\r\n",
    MailStanding.GREET_421: b"421 4.3.2 Service not available, closing transmission channel\r\n",
}
UNAVAILABLE = b"421 4.3.2 Service shutting down\r\n"
AT_RCPT: Mapping[MailStanding | None, bytes | Fault] = {
    MailStanding.DEFER: b"451 4.3.2 System not accepting network messages\r\n",
    MailStanding.HANG: Fault.HANG,
}
AT_MESSAGE: Mapping[MailStanding | None, Fault] = {
    MailStanding.DROP: Fault.DROP,
    MailStanding.SILENT: Fault.SILENT,
    MailStanding.CUT: Fault.CUT,
}
# Standing behaviour -> the pause after each piece of an answer to EHLO that never ends.
ENDLESS: Mapping[MailStanding | None, timedelta] = {
    MailStanding.TRICKLE: timedelta(seconds=1),
    MailStanding.HUGE: timedelta(0),
}
_LINE = b"250-counterpart\r\n"


def endless_answer(pause: timedelta) -> Iterator[bytes]:
    """The lines of an answer to EHLO without a last one: byte by byte where there are pauses, else 64 kB at a time."""
    return cycle(bytes([byte]) for byte in _LINE) if pause else repeat(_LINE * 4096)

"""What does the mail counterpart do to a recipient with this name?"""

import re
from enum import Enum


class Fault(Enum):
    """What no SMTP answer says; the value is what the counterpart does."""

    HANG = "leaves RCPT unanswered"
    HANGUP = "closes at RCPT"
    DROP = "closes at the message's first bytes and does not take it"
    SILENT = "takes the message and never answers"
    CUT = "takes the message and closes unanswered"

    @property
    def word(self) -> str:
        """Its name in files."""
        return self.name.lower()


# First word of the local part -> what is answered to RCPT, or done instead. "defer-2.anna@" meets it twice and is then
# served, "defer.anna@" meets it for ever.
BEHAVIOURS: dict[str, bytes | Fault] = {
    "unknown": b"550 5.1.1 Recipient address rejected: user unknown\r\n",
    "full": b"552 5.2.2 Mailbox full\r\n",
    "spam": b"554 5.7.1 Message rejected as spam\r\n",
    "defer": b"451 4.3.0 Try again later\r\n",
    "hang": Fault.HANG,
    "hangup": Fault.HANGUP,
    "drop": Fault.DROP,
    "silent": Fault.SILENT,
    "cut": Fault.CUT,
}

_NAMED = re.compile(rf"({'|'.join(BEHAVIOURS)})(?:-(\d+))?\.", re.IGNORECASE)


def behaviour(recipient: str, tries: int) -> bytes | Fault | None:
    """What this try meets, the first being 1; None when it is served."""
    named = _NAMED.match(recipient)
    if named is None:
        return None
    word, times = named.groups()
    return BEHAVIOURS[word.lower()] if times is None or tries <= int(times) else None

"""Which statuses can a send have, and what does each one mean?

Source: FarPay API, "Send" node, table of send statuses: the numbers and names are FarPay's.
"""

from enum import IntEnum


class Status(IntEnum):
    """FarPay's status number of a send; `label` is FarPay's name for it."""

    QUEUE = 100
    PENDING_APPROVAL = 110
    READY_TO_PRINT = 150
    SENT = 200
    ERROR = 300
    ERROR_SENDING_EMAIL = 310
    WRONG_EMAIL_ADDRESS = 320
    EMAIL_BOUNCED = 330
    EMAIL_MARKED_AS_SPAM = 340
    EMAIL_REJECTED = 350
    MISSING_EMAIL_ADDRESS = 400
    NA = 1000
    NOT_SENT = 9999

    @property
    def label(self) -> str:
        """FarPay's name, for example `ErrorSendingEmail` for 310."""
        return LABELS[self]

    @property
    def meaning(self) -> str:
        """One sentence for a person."""
        return MEANINGS[self]

    @property
    def advice(self) -> str:
        """What a billing app does about it, in one sentence."""
        return ADVICE[self]

    @property
    def waiting(self) -> bool:
        """True while duepost itself will act again: the send has a due time."""
        return self in WAITING

    @property
    def held(self) -> bool:
        """True while the send waits for a person or for the print run."""
        return self in HELD


WAITING = frozenset({Status.QUEUE, Status.ERROR_SENDING_EMAIL})
HELD = frozenset({Status.PENDING_APPROVAL, Status.READY_TO_PRINT})

# status -> FarPay's name
LABELS = {
    Status.QUEUE: "Queue",
    Status.PENDING_APPROVAL: "PendingApproval",
    Status.READY_TO_PRINT: "ReadyToPrint",
    Status.SENT: "Sent",
    Status.ERROR: "Error",
    Status.ERROR_SENDING_EMAIL: "ErrorSendingEmail",
    Status.WRONG_EMAIL_ADDRESS: "WrongEmailAddress",
    Status.EMAIL_BOUNCED: "EmailBounced",
    Status.EMAIL_MARKED_AS_SPAM: "EmailMarkedAsSpam",
    Status.EMAIL_REJECTED: "EmailRejected",
    Status.MISSING_EMAIL_ADDRESS: "MissingEmailAddress",
    Status.NA: "NA",
    Status.NOT_SENT: "NotSent",
}

# number, or FarPay's name in small letters -> status
NAMED = {**{str(int(one)): one for one in Status}, **{name.lower(): one for one, name in LABELS.items()}}

# status -> what it means here, on every channel
MEANINGS = {
    Status.QUEUE: "Accepted; waiting for its time or for a worker.",
    Status.PENDING_APPROVAL: "Held for a person; the reason says why.",
    Status.READY_TO_PRINT: "Waiting for the print run.",
    Status.SENT: "The provider accepted it.",
    Status.ERROR: "Halted: given up, outcome unknown, or refused for a reason of our own.",
    Status.ERROR_SENDING_EMAIL: "A technical fault; a retry is pending.",
    Status.WRONG_EMAIL_ADDRESS: "The address does not exist.",
    Status.EMAIL_BOUNCED: "The mailbox took no mail, for example because it is full.",
    Status.EMAIL_MARKED_AS_SPAM: "Refused or reported as spam.",
    Status.EMAIL_REJECTED: "The receiving side refused it.",
    Status.MISSING_EMAIL_ADDRESS: "No address to send to.",
    Status.NA: "The account's settings say that nothing is to be sent.",
    Status.NOT_SENT: "Cancelled, suppressed or expired; it will not be sent.",
}

# status -> what a billing app does about it
ADVICE = {
    Status.QUEUE: "Nothing: it leaves by itself.",
    Status.PENDING_APPROVAL: "Release it, or cancel it.",
    Status.READY_TO_PRINT: "Nothing: its print run closes by itself, and whoever prints it confirms it.",
    Status.SENT: "Nothing: a receipt may still change it.",
    Status.ERROR: "Read the reason: settle what is of unknown outcome, mend the cause and retry all else.",
    Status.ERROR_SENDING_EMAIL: "Nothing: the next attempt comes by itself; a retry brings it forward.",
    Status.WRONG_EMAIL_ADDRESS: "Correct the address, and resend to it.",
    Status.EMAIL_BOUNCED: "Resend later, or to another address.",
    Status.EMAIL_MARKED_AS_SPAM: "Ask the receiver before you send again.",
    Status.EMAIL_REJECTED: "Read the reason, mend the cause, and retry or resend.",
    Status.MISSING_EMAIL_ADDRESS: "Resend with an address.",
    Status.NA: "Nothing: this account delivers nothing.",
    Status.NOT_SENT: "Nothing: resend it if it is wanted after all.",
}

"""What do the counterparts of a month end really hold, each by its own ledger?"""

from dataclasses import dataclass
from uuid import UUID

from sandbox import http_ledger, mail_ledger, sms_ledger
from sandbox.access_point import receiver_of
from sandbox.channels import Counterparts
from sandbox.mail_ledger import Taken
from sandbox.printing_house import read_letters


@dataclass(frozen=True)
class Held:
    """One thing that a counterpart holds. send: by the reference that came with it; None when it bears none of ours.

    receiver and sha256 (of the document, in hex): None where the counterpart does not know them.
    """

    channel: str
    send: UUID | None
    receiver: str | None = None
    sha256: str | None = None


def held_by(counterparts: Counterparts) -> list[Held]:
    """Everything, of all four."""
    mails = mail_ledger.read_taken(counterparts.mail)
    texts = sms_ledger.read_taken(counterparts.sms)
    documents = http_ledger.read_taken(counterparts.access_point)
    letters = read_letters(counterparts.printing_house)
    return [
        *(Held("email", send_of(one), one.recipient) for one in mails),
        *(Held("sms", _id(one.token), one.number) for one in texts),
        *(Held("xml", _id(one.key), receiver_of(one.path).partition(":")[2], one.sha256) for one in documents),
        *(Held("print", _id(one.send), None, one.sha256) for one in letters),
    ]


def send_of(message: Taken) -> UUID | None:
    """The send that a message belongs to, by its Message-ID `<send id@…>`."""
    return _id((message.message_id or "").strip("<>").partition("@")[0])


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None

"""What do the counterparts of a month end really hold, each by its own ledger?"""

from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from sandbox import farpay_ledger, http_ledger, mail_ledger, sms_ledger
from sandbox.access_point import receiver_of
from sandbox.acumulus_counterpart import read_mailed
from sandbox.channels import Counterparts
from sandbox.mail_ledger import Taken
from sandbox.printing_house import read_letters


@dataclass(frozen=True)
class Held:
    """One thing that a counterpart holds. send: by the reference that came with it; None when it bears none of ours.

    receiver, and sha256 in hex of the document (of an SMS: its text): None where the counterpart does not know them.
    receiver of a letter: the address beside it; "" for none. reference: the invoice's number or name at a counterpart
    that knows no id of ours. invoice: the number that the paper itself says.
    """

    channel: str
    send: UUID | None
    receiver: str | None = None
    sha256: str | None = None
    reference: str | None = None
    invoice: str | None = None


def held_by(counterparts: Counterparts) -> list[Held]:
    """Everything, of all of them."""
    mails = mail_ledger.read_taken(counterparts.mail)
    texts = sms_ledger.read_taken(counterparts.sms)
    documents = http_ledger.read_taken(counterparts.access_point)
    letters = read_letters(counterparts.printing_house)
    return [
        *(Held("email", send_of(one), one.recipient, attached_to(counterparts.mail, one)) for one in mails),
        *(Held("sms", _id(one.token), one.number, one.sha256) for one in texts),
        *(Held("xml", _id(one.key), receiver_of(one.path).partition(":")[2], one.sha256) for one in documents),
        *(Held("print", _id(one.send), one.address, one.sha256, invoice=one.invoice) for one in letters),
        *_of_systems(counterparts.systems),
    ]


def _of_systems(folders: Mapping[str, Path]) -> list[Held]:
    """They name no send of ours but Abillify, by its key; the others know receiver, invoice and their own document."""
    given = farpay_ledger.read_sends(folders["farpay"])
    notified = (str(one.key).partition(" ") for one in http_ledger.read_taken(folders["saphety"]))
    asked = http_ledger.read_taken(folders["abillify"])
    mailed = read_mailed(folders["acumulus"])
    return [
        *(Held("farpay", None, one.to, reference=one.number) for one in given),
        *(Held("saphety", None, address, reference=document.lower()) for document, _, address in notified),
        *(Held("abillify", _id(str(one.key)[:36]), None) for one in asked),
        *(Held("acumulus", None, one.to, reference=one.token) for one in mailed),
    ]


def send_of(message: Taken) -> UUID | None:
    """The send that a message belongs to, by its Message-ID `<send id@…>`."""
    return _id((message.message_id or "").strip("<>").partition("@")[0])


def attached_to(folder: Path, message: Taken) -> str | None:
    """The SHA-256 of what is attached, of several by blanks, "" for nothing; None when the server kept no messages."""
    if message.file is None:
        return None
    parts = message_from_bytes((folder / message.file).read_bytes(), policy=default).iter_attachments()
    contents = (part.get_payload(decode=True) for part in parts)
    return " ".join(sha256(one).hexdigest() for one in contents if isinstance(one, bytes))


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None

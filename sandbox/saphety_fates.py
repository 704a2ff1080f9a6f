"""What becomes of a mail or an e-invoice at the sandbox's Saphety, by the digits of its address or of its document?"""

from collections.abc import Mapping
from dataclasses import dataclass

# last three digits before the @ -> what is done to the mail, or the NotificationStatus at each question
ADDRESSES: Mapping[str, str | tuple[str, ...]] = {
    "901": "invalid",  # INVALID_EMAIL
    "902": ("NoEmails", "Error"),
    "903": "silent",  # taken, and the connection is closed unanswered
    "904": "busy once",  # a load balancer's 429 in HTML, and taken when it comes again
    "905": "broken",  # taken, and answered 500 each time
    "906": "half",  # taken, and answered with IsValid and no address
    "907": ("NoEmails",),  # taken, and never mailed
}
MAILED = ("NoEmails", "Sent", "Delivered")

INVALID_REASON = {"Code": "REJECT", "Field": None, "Values": ["Encomenda [1234] não encontrada", None]}
ERROR_REASON = {"Code": "ERROR", "Field": None, "Values": ["O número de encomenda é inválido"]}
UNKNOWN = "904"  # a document that is not there


@dataclass(frozen=True)
class Step:
    """One transition. reason: what it says of it."""

    state: str
    reason: tuple[Mapping[str, object], ...] | None = None


SENT = (Step("Sending"), Step("Sent"), Step("Received", ({"Code": "ACCEPTED", "Field": None, "Values": []},)))
# last three digits of a document -> its transitions, one more at each question
DOCUMENTS: Mapping[str, tuple[Step, ...]] = {
    "901": (Step("Sending"), Step("Rejected", (INVALID_REASON,))),
    "902": (Step("Sending"), Step("Error", (ERROR_REASON,))),
    "903": (Step("NotIntegrated"),),
    "905": (Step("Sending"),),  # for ever
}


def of_address(address: str) -> str | tuple[str, ...]:
    """What becomes of a mail to it."""
    return ADDRESSES.get(address.partition("@")[0][-3:], MAILED)


def of_document(document: str) -> tuple[Step, ...]:
    """Its transitions, oldest first."""
    return DOCUMENTS.get(document[-3:], SENT)

"""What is this e-invoice, and for whom?

Cheap, below a millisecond: what the XML says of itself. Schema and business rules are `xsd.py` and the check lane's.
"""

from dataclasses import dataclass
from typing import Literal

from lxml import etree

from duepost.einvoice.participants import OIOUBL_SCHEMES, participant, sound
from duepost.einvoice.profiles import CAC, CBC, Profile, written
from duepost.einvoice.wellformed import FIELD, parse
from duepost.errors import InvalidSend

ENDPOINT = f"{CAC}AccountingCustomerParty/{CAC}Party/{CBC}EndpointID"
OTHER_RECEIVER = f"{FIELD} names another receiver than ToAddress; it goes to ToAddress."
NO_RECEIVER = f"{FIELD} names no receiver (EndpointID of AccountingCustomerParty); it goes to ToAddress."
WRONG_DIGIT = f"{FIELD} names a receiver with a wrong check digit; it is used as given."


@dataclass(frozen=True, slots=True)
class Found:
    """profile: whose rules it claims to keep. kind: invoice or credit_note. document_type, process: Peppol's names,
    with their schemes. receiver: SCHEME:ID as the document names it, None when it names none. warnings: sentences.
    """

    profile: Profile
    kind: str
    document_type: str
    process: str
    receiver: str | None
    warnings: tuple[str, ...] = ()


def look(content: bytes, to_address: str | None, gln_check: Literal["strict", "warn"] = "strict") -> Found:
    """What it is. Raises: InvalidSend for Document when it is no e-invoice that can travel."""
    return look_at(parse(content), to_address, gln_check)


def look_at(root: etree._Element, to_address: str | None, gln_check: Literal["strict", "warn"]) -> Found:
    """As `look`, of a document that is parsed already."""
    said = written(root)
    receiver = _receiver(root)
    warnings: list[str] = []
    if receiver is None:
        warnings.append(NO_RECEIVER)
    elif not sound(receiver):
        if gln_check == "strict":
            hint = "compare it with the receiver's own letter or register"
            raise InvalidSend(FIELD, "names a receiver with a wrong check digit (EndpointID)", hint, receiver)
        warnings.append(WRONG_DIGIT)
    if receiver and to_address and receiver != participant(to_address):
        warnings.append(OTHER_RECEIVER)
    return Found(said.profile, said.kind, said.document_type, said.process, receiver, tuple(warnings))


def _receiver(root: etree._Element) -> str | None:
    endpoint = root.find(ENDPOINT)
    if endpoint is None:
        return None
    scheme = endpoint.get("schemeID", "").strip()
    name = f"{OIOUBL_SCHEMES.get(scheme, scheme)}:{(endpoint.text or '').strip()}"
    return participant(name) or name

"""By which rules was the e-invoice written, and under which names does the network know them?

Source: Peppol BIS Billing 3.0, "Invoice" and "Credit Note"; Peppol Policy for use of Identifiers 4.
"""

from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from duepost.einvoice.wellformed import FIELD
from duepost.errors import InvalidSend

SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd"
CBC = f"{{{SCHEMA}:CommonBasicComponents-2}}"
CAC = f"{{{SCHEMA}:CommonAggregateComponents-2}}"

EN16931 = "urn:cen.eu:en16931:2017"
PEPPOL = "urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PEPPOL_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
OIOUBL = "OIOUBL-2."

# root element -> kind of document
ROOTS = {f"{{{SCHEMA}:Invoice-2}}Invoice": "invoice", f"{{{SCHEMA}:CreditNote-2}}CreditNote": "credit_note"}


class Profile(StrEnum):
    """Whose rules the document claims to keep."""

    PEPPOL = "Peppol BIS Billing 3"
    EN16931 = "EN 16931 UBL"
    OIOUBL = "OIOUBL"


@dataclass(frozen=True, slots=True)
class Written:
    """What the document says of itself. document_type, process: as Peppol writes them, with their schemes."""

    profile: Profile
    kind: str
    document_type: str
    process: str


def written(root: etree._Element) -> Written:
    """Raises: InvalidSend for Document when it is no e-invoice that we know; the sentence names what was found."""
    kind = ROOTS.get(str(root.tag))
    if kind is None:
        found = etree.QName(root).localname[:60]
        raise InvalidSend(FIELD, f"is no UBL invoice or credit note but <{found}>", "give UBL 2.1")
    customization, process = text(root, f"{CBC}CustomizationID"), text(root, f"{CBC}ProfileID")
    profile = _profile(customization, process)
    if profile is None:
        said = f"CustomizationID {(customization or 'none')[:120]}, ProfileID {(process or 'none')[:80]}"
        hint = "give Peppol BIS Billing 3, EN 16931 UBL or OIOUBL 2"
        raise InvalidSend(FIELD, f"is written by rules that we do not know ({said})", hint)
    name = etree.QName(root)
    version = "2.1" if profile is not Profile.OIOUBL else text(root, f"{CBC}UBLVersionID") or "2.0"
    return Written(
        profile,
        kind,
        f"busdox-docid-qns::{name.namespace}::{name.localname}##{customization}::{version}",
        f"cenbii-procid-ubl::{process or PEPPOL_PROCESS}",
    )


def text(element: etree._Element, path: str) -> str:
    """What stands at the path, trimmed; nothing where there is none."""
    return (element.findtext(path) or "").strip()


def _profile(customization: str, process: str) -> Profile | None:
    claims = customization.split("#")
    if claims[0] == EN16931 and PEPPOL in claims:
        return Profile.PEPPOL if process == PEPPOL_PROCESS else None
    if claims[0] == EN16931:
        return Profile.EN16931
    return Profile.OIOUBL if customization.startswith(OIOUBL) else None

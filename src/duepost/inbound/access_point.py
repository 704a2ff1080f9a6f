"""What do access points and buyers answer to an e-invoice?

UBL 2.1 ApplicationResponse in the three forms of Peppol: message level response (MLR 3), message level status (MLS 1)
and invoice response (T111). Which invoice is meant is told by the address that it came to, or by the id of the
transmission, which is the send's token.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from lxml import etree

from duepost.receipts import NewReceipt, Source, Word
from duepost.statuses import Status

NAMESPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
ROOT = "{urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2}ApplicationResponse"
LARGEST = 1_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a response code says; status and reason of a failure. attention: a person should look."""

    word: Word
    status: Status | None = None
    reason: str | None = None
    attention: bool = False


REFUSED = Answer(Word.FAILED, Status.EMAIL_REJECTED, "REJECTED")
INVALID = Answer(Word.FAILED, Status.EMAIL_REJECTED, "DOCUMENT_INVALID")
NOT_DELIVERED = Answer(Word.FAILED, Status.EMAIL_BOUNCED, "NOT_DELIVERED")
RECEIVER_UNKNOWN = Answer(Word.FAILED, Status.WRONG_EMAIL_ADDRESS, "RECEIVER_UNKNOWN")
UNKNOWN_WORD = Answer(Word.NOTED, attention=True)

# response code of an access point (MLR, MLS) -> what it says
OF_ACCESS_POINT: Mapping[str, Answer] = {
    "AB": Answer(Word.ACCEPTED),
    "AP": Answer(Word.DELIVERED),
    "RE": REFUSED,
}
# response code of the buyer (T111) -> what it says
OF_BUYER: Mapping[str, Answer] = {
    "AB": Answer(Word.ACCEPTED),
    "IP": Answer(Word.IN_PROCESS),
    "UQ": Answer(Word.UNDER_QUERY, attention=True),
    "CA": Answer(Word.CONDITIONAL, attention=True),
    "AP": Answer(Word.APPROVED),
    "PD": Answer(Word.PAID),
    "RE": REFUSED,
}
# reasons beside RE -> what it says then; the first that is given counts
REASONS: Mapping[str, Answer] = {
    "SV": INVALID,  # syntax
    "BV": INVALID,  # business rule
    "FD": NOT_DELIVERED,  # final delivery failed
    "REC": RECEIVER_UNKNOWN,
}
WARNING = "BW"  # beside a yes: a business rule warns
# part of the form's name -> its codes
FORMS: Mapping[str, Mapping[str, Answer]] = {
    ":mlr:": OF_ACCESS_POINT,
    ":mls:": OF_ACCESS_POINT,
    ":invoice_response:": OF_BUYER,
}


def read_response(content: bytes, send_id: UUID | None = None) -> list[NewReceipt]:
    """The answer; none when it is no such response, is not well-formed, has a DOCTYPE, or names no send.

    send_id: the send that the address was for, when it came to one.
    """
    root = _parsed(content)
    if root is None or root.tag != ROOT:
        return []
    codes = next((codes for part, codes in FORMS.items() if part in f"{_text(root, 'cbc:CustomizationID')}:"), {})
    found = []
    for response in root.iterfind("cac:DocumentResponse", NAMESPACES):
        named = send_id or _uuid(_text(response, "cac:DocumentReference/cbc:ID"))
        if named is None:
            continue
        code, reasons = _text(response, "cac:Response/cbc:ResponseCode"), [*_reasons(response)]
        answer = judge(codes, code, reasons)
        found.append(
            NewReceipt(
                send_id=named,
                source=Source.ACCESS_POINT,
                word=answer.word,
                at=_at(root),
                status=answer.status,
                reason=answer.reason,
                code=" ".join([code, *reasons]) or None,
                raw=etree.tostring(response, encoding="unicode"),
                attention=answer.attention or WARNING in reasons,
            )
        )
    return found


def judge(codes: Mapping[str, Answer], code: str, reasons: list[str]) -> Answer:
    """What a response code of this form says with these reasons beside it."""
    answer = codes.get(code, UNKNOWN_WORD)
    if answer is REFUSED:
        return next((said for reason, said in REASONS.items() if reason in reasons), REFUSED)
    return answer


def _parsed(content: bytes) -> etree._Element | None:
    if len(content) > LARGEST:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if _has_doctype(root.getroottree()) else root


def _has_doctype(tree: etree._ElementTree) -> bool:
    return bool(getattr(tree.docinfo, "doctype", ""))  # the stubs do not know it


def _text(element: etree._Element, path: str) -> str:
    return (element.findtext(path, "", NAMESPACES) or "").strip()


def _reasons(response: etree._Element) -> Iterator[str]:
    """Codes of reasons, of the whole document first, each once."""
    seen = set()
    for one in response.iterfind(".//cac:Status/cbc:StatusReasonCode", NAMESPACES):
        code = (one.text or "").strip()
        if code and code not in seen:
            seen.add(code)
            yield code


def _at(root: etree._Element) -> datetime | None:
    """When it was written; the standard wants the zone, and gives UTC where it is missing."""
    day, time = _text(root, "cbc:IssueDate"), _text(root, "cbc:IssueTime")
    try:
        found = datetime.fromisoformat(f"{day}T{time or '00:00:00'}")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

"""What does the dialect say of errors and warnings, in both languages that Acumulus answers in?

Tags that begin with DP are ours: Acumulus publishes few of its own.
"""

from dataclasses import dataclass
from typing import NamedTuple

from duepost.errors import InvalidSend


class Words(NamedTuple):
    """code: as Acumulus writes it, with the HTTP status of an error; {…} is filled in."""

    code: str
    en: str
    nl: str


BAD = "400 Bad Request"
FORBIDDEN = "403 Forbidden"
EXCEPTION = "500 Internal Server Error"

# tag -> code and message
TABLE: dict[str, Words] = {
    "TNFE4035G": Words(BAD, "Unknown or invalid token.", "Onbekend of ongeldig token."),
    "GK6FKHU52": Words(
        BAD, "Invalid invoicetype: it was taken as 0, an invoice.", "Ongeldig invoicetype: opgevat als 0, een factuur."
    ),
    "AF1001MCS": Words(
        FORBIDDEN,
        "The contract is missing: give contractcode, username and password.",
        "Het contract ontbreekt: geef contractcode, username en password.",
    ),
    "A8N403GCN": Words(FORBIDDEN, "This user may not send.", "Deze gebruiker mag niet verzenden."),
    "DPLOGIN": Words(
        FORBIDDEN, "The credentials in contract open nothing here.", "De gegevens in contract geven hier geen toegang."
    ),
    "DPFORM": Words(
        BAD,
        "There is no XML: send one form field xmlstring by POST.",
        "Er is geen XML: stuur één formulierveld xmlstring met POST.",
    ),
    "DPXML": Words(BAD, "The XML cannot be read: {why}.", "De XML kan niet worden gelezen: {why}."),
    "DPXMLFILE": Words(
        BAD,
        "xmlfile is not supported: send the XML itself as xmlstring.",
        "xmlfile wordt niet ondersteund: stuur de XML zelf als xmlstring.",
    ),
    "DPLARGE": Words(BAD, "The request has more than {limit} bytes.", "Het verzoek is groter dan {limit} bytes."),
    "DPMAIL": Words(BAD, "emailaspdf is missing.", "emailaspdf ontbreekt."),
    "DPFIELD": Words(BAD, "{field} {problem}: {hint}.", "{field} is onjuist ({problem}: {hint})."),
    "DPHALTED": Words(BAD, "This invoice is not to be sent.", "Deze factuur mag niet worden verzonden."),
    "DPKEY": Words(
        BAD,
        "Idempotency-Key has to be 1 to 255 visible ASCII characters.",
        "Idempotency-Key moet uit 1 tot 255 zichtbare ASCII-tekens bestaan.",
    ),
    "DPKEYUSED": Words(
        BAD,
        "This Idempotency-Key was used for another call: use a new one.",
        "Deze Idempotency-Key is voor een andere aanroep gebruikt: neem een nieuwe.",
    ),
    "DPBUSY": Words(
        EXCEPTION,
        "A call with this Idempotency-Key is under way: repeat it in a moment.",
        "Een aanroep met deze Idempotency-Key is bezig: herhaal hem zo meteen.",
    ),
    "DPAWAY": Words(
        EXCEPTION,
        "It cannot be taken now: repeat the same call, it is mailed once.",
        "Het kan nu niet worden aangenomen: herhaal dezelfde aanroep, er gaat één mail uit.",
    ),
    "DPTROUBLE": Words(
        EXCEPTION,
        "Something went wrong here; it is in our log under {request_id}.",
        "Er ging hier iets mis; het staat in ons logboek onder {request_id}.",
    ),
    "DPADDRESS": Words(
        BAD,
        "Incorrect e-mail address, no mail was sent: {field} {problem}.",
        "Onjuist e-mailadres, er is geen mail verzonden: {field} {problem}.",
    ),
    "DPREPEATED": Words(
        BAD,
        "The same call came within the last {minutes} minutes: it was mailed once. To mail it again, wait, or send an"
        " Idempotency-Key of its own.",
        "Dezelfde aanroep kwam in de laatste {minutes} minuten: er ging één mail uit. Wacht om opnieuw te mailen, of"
        " stuur een eigen Idempotency-Key.",
    ),
    "DPUBL": Words(
        BAD,
        "There is no UBL of this invoice: the mail goes without.",
        "Er is geen UBL van deze factuur: de mail gaat zonder.",
    ),
    "DPNOTE": Words(BAD, "{text}", "{text}"),
}

# field as our own API names it -> the element
ELEMENTS = {
    "ToAddress": "emailto",
    "Bcc": "emailbcc",
    "From": "emailfrom",
    "Subject": "subject",
    "Note": "message",
    "ConfirmRead": "confirmreading",
    "InternalNote": "invoicenotes",
    "ProviderDocuments": "docids",
    "Attachments": "docids",
    "Document": "docids",  # the invoice's own is there: it was looked at when it was held
}
ADDRESSES = frozenset({"ToAddress", "Bcc", "From"})


@dataclass(frozen=True, slots=True)
class Remark:
    """An error or a warning. values: what its words are filled in with; nothing of them is personal."""

    tag: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def http(self) -> int:
        """Status of an answer that says this is wrong."""
        return int(TABLE[self.tag].code[:3])

    def row(self, language: str) -> dict[str, str]:
        """As the answer has it."""
        words = TABLE[self.tag]
        text = words.nl if language == "nl" else words.en
        return {"code": words.code, "codetag": self.tag, "message": text.format_map(dict(self.values))}


def remark(tag: str, **values: object) -> Remark:
    """One with its words filled in."""
    return Remark(tag, tuple((name, str(value)) for name, value in values.items()))


def about(wrong: InvalidSend) -> Remark:
    """What is said of a wrong field; of an address as Acumulus does: a warning, and no mail."""
    field = ELEMENTS.get(wrong.field, wrong.field)
    if wrong.field in ADDRESSES and "cannot be expressed" not in wrong.problem:
        return remark("DPADDRESS", field=field, problem=wrong.problem)
    return remark("DPFIELD", field=field, problem=wrong.problem, hint=wrong.hint)


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - it is answered, not raised to a person
    """The call is answered with this error, and nothing is done."""

    remark: Remark

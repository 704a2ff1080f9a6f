"""What does FarPay need to know of an invoice that its e-invoice already says?

UBL 2.1 on one side, FarPay API v2, "Invoice", on the other. FarPay makes its own e-invoice of these fields.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from lxml import etree

from duepost.einvoice.profiles import CAC, CBC, ROOTS, text
from duepost.einvoice.wellformed import parse
from duepost.errors import InvalidSend

TOTAL = f"{CAC}LegalMonetaryTotal/{CBC}"
BUYER = f"{CAC}AccountingCustomerParty/{CAC}Party/"
QUANTITIES = ("InvoicedQuantity", "CreditedQuantity")


@dataclass(frozen=True, slots=True)
class Figures:
    """fields: of the invoice, by FarPay's names. recipient: of its receiver. due: None when it does not say."""

    fields: dict[str, Any]
    recipient: dict[str, Any]
    due: date | None


NONE = Figures({}, {}, None)


def figures(content: bytes) -> Figures | None:
    """Of an invoice or credit note in UBL; None when it is neither."""
    try:
        root = parse(content)
    except InvalidSend:
        return None
    if str(root.tag) not in ROOTS:
        return None
    due = text(root, f"{CBC}DueDate") or text(root, f"{CAC}PaymentMeans/{CBC}PaymentDueDate")
    payable = _number(root, f"{TOTAL}PayableAmount")
    said = {
        "InvoiceDate": text(root, f"{CBC}IssueDate"),
        "PaymentDueDate": due,
        "DueDate": due,
        "Currency": text(root, f"{CBC}DocumentCurrencyCode"),
        "InvoiceAmount": _number(root, f"{TOTAL}TaxExclusiveAmount"),
        "TaxAmount": _number(root, f"{CAC}TaxTotal/{CBC}TaxAmount"),
        "ToBePaidAmount": payable,
        "Amount": payable,
        "InvoiceLines": [*_lines(root)],
    }
    name = text(root, f"{BUYER}{CAC}PartyLegalEntity/{CBC}RegistrationName") or text(
        root, f"{BUYER}{CAC}PartyName/{CBC}Name"
    )
    return Figures({key: value for key, value in said.items() if value}, {"Name": name} if name else {}, _date(due))


def _lines(root: etree._Element) -> Iterator[dict[str, Any]]:
    lines = [*root.iterfind(f"{CAC}InvoiceLine"), *root.iterfind(f"{CAC}CreditNoteLine")]
    for place, line in enumerate(lines, 1):
        quantity = next((found for name in QUANTITIES if (found := line.find(f"{CBC}{name}")) is not None), None)
        said = {
            "LineNumber": place,
            "Description": text(line, f"{CAC}Item/{CBC}Name"),
            "BasePrice": _number(line, f"{CAC}Price/{CBC}PriceAmount"),
            "Quantity": None if quantity is None else _decimal(quantity.text),
            "UnitCode": None if quantity is None else quantity.get("unitCode"),
            "TaxRate": _number(line, f"{CAC}Item/{CAC}ClassifiedTaxCategory/{CBC}Percent"),
            "Amount": _number(line, f"{CBC}LineExtensionAmount"),
        }
        yield {key: value for key, value in said.items() if value is not None}


def _number(element: etree._Element, path: str) -> float | int | None:
    return _decimal(element.findtext(path))


def _decimal(written: str | None) -> float | int | None:
    """As JSON writes it. A float has 15 digits, which an amount of money does not fill."""
    try:
        number = float(written or "")
    except ValueError:
        return None
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN
        return None
    return int(number) if number.is_integer() else number


def _date(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None

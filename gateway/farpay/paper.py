"""Which PDF is made of an invoice that a billing app gave as data alone?

FarPay API v2, "Invoice": BasePrice and DiscountedPrice are of one unit and without VAT, DiscountRate and TaxRate are
per cent, ToBePaidAmount is with VAT; InvoiceAmount and a line's Amount are shown both with it and without. FarPay knows
the seller from its account; here the operator's settings do.
"""

import logging
import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from config.gateway import Seller
from duepost.errors import ConfigError, InvalidSend
from duepost.invoice_pdf import InvoiceData, InvoiceLine, Party, render
from duepost.invoice_sums import sums
from duepost.sends import Kind
from gateway.farpay.invoice import Given, due_of

log = logging.getLogger(__name__)

NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][-+]?[0-9])?")  # of 1e99 there are no cents
CENT = Decimal("0.01")


def paper(given: Given, number: str, kind: Kind, language: str | None, seller: Seller | None) -> bytes | None:
    """The PDF, the same for the same data; None where the data is not whole or contradicts itself."""
    if seller is None or not given.get("InvoiceLines"):
        return None
    try:
        data = _data(given, number, kind, language or seller.language, seller)
        _agree(given, data)
        return render(data)
    except InvalidSend as lacking:
        log.info("no PDF is made of a FarPay invoice: %s %s", lacking.field, lacking.problem)
    except ConfigError as missing:
        log.info("no PDF is made of a FarPay invoice: %s", missing)
    return None


def _data(given: Given, number: str, kind: Kind, language: str, seller: Seller) -> InvoiceData:
    lines = given.get("InvoiceLines")
    if not isinstance(lines, list) or not all(isinstance(line, Mapping) for line in lines):
        raise _lacking("InvoiceLines")
    return InvoiceData(
        seller=Party(name=seller.name, address=seller.address, vat_number=seller.vat_number),
        buyer=Party(name=given.text("Recepient.Name") or "", address=_address(given)),
        number=number,
        issued=_day(given),
        due=due_of(given),
        currency=(given.text("Currency") or "").upper(),
        kind=kind,
        language=language,
        lines=tuple(_line(Given(line), f"InvoiceLines[{place}]") for place, line in enumerate(lines)),
        iban=seller.iban,
        reference=given.text("PaymentReference"),
        note=_note(given),
        vat=_number(given, "TaxAmount"),
        total=_number(given, "ToBePaidAmount") or _number(given, "Amount"),
    )


def _agree(given: Given, data: InvoiceData) -> None:
    """Raises: InvalidSend for an amount that the lines make neither with VAT nor without."""
    made = sums(data)
    said = [("InvoiceAmount", _number(given, "InvoiceAmount"), made.net, made.total)]
    for place, (line, net) in enumerate(zip(data.lines, made.lines, strict=True)):
        amount = _number(Given(given.get("InvoiceLines")[place]), "Amount")
        gross = (net * (100 + line.vat_rate) / 100).quantize(CENT, ROUND_HALF_UP)
        said.append((f"InvoiceLines[{place}].Amount", amount, net, gross))
    for field, amount, *either in said:
        if amount and amount not in either:
            raise InvalidSend(field, "does not agree with the lines", "mend one of them, or leave it out")


def _line(line: Given, path: str) -> InvoiceLine:
    rate = _number(line, "TaxRate")
    quantity = _number(line, "Quantity")
    if rate is None or quantity is None:
        raise _lacking(f"{path}.{'TaxRate' if rate is None else 'Quantity'}")
    text = [found for name in ("ProductNumber", "Description") if (found := line.text(name))]
    return InvoiceLine(description=" ".join(text), quantity=quantity, unit_price=_price(line, path), vat_rate=rate)


def _price(line: Given, path: str) -> Decimal:
    """Of one unit, its discount taken off."""
    price, off, reduced = (_number(line, name) for name in ("BasePrice", "DiscountRate", "DiscountedPrice"))
    if price is None:
        raise _lacking(f"{path}.BasePrice")
    found = price * (100 - (off or 0)) / 100
    if reduced and found.quantize(CENT, ROUND_HALF_UP) != reduced.quantize(CENT, ROUND_HALF_UP):
        raise InvalidSend(f"{path}.DiscountedPrice", "does not agree with BasePrice and DiscountRate", "mend one")
    return reduced or found


def _address(given: Given) -> tuple[str, ...]:
    town = " ".join(found for name in ("PostCode", "City") if (found := given.text(f"Recepient.{name}")))
    street, box, country = (given.text(f"Recepient.{name}") for name in ("Street", "PoBox", "Country"))
    return tuple(line for line in (street, box, town, country) if line)


def _day(given: Given) -> date:
    try:
        return date.fromisoformat((given.text("InvoiceDate") or "")[:10])
    except ValueError:
        raise _lacking("InvoiceDate") from None


def _note(given: Given) -> str | None:
    lines = given.get("TextLines")
    texts = [given.get("InvoiceNote"), *(lines if isinstance(lines, list) else [lines])]
    return "\n".join(text for text in texts if isinstance(text, str) and text.strip()) or None


def _number(given: Given, name: str) -> Decimal | None:
    """A number as JSON or XML wrote it; None when there is none."""
    value: Any = given.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str) or not NUMBER.fullmatch(str(value).strip()):
        raise InvalidSend(name, "is no number", "write it like 125.50")
    return Decimal(str(value).strip())


def _lacking(field: str) -> InvalidSend:
    return InvalidSend(field, "is missing", "an invoice must say it")

"""Is an invoice's text fit for paper?"""

import re
from dataclasses import replace
from datetime import date

from stdnum import iban
from stdnum.exceptions import ValidationError

from duepost.errors import InvalidSend
from duepost.invoice_data import InvoiceData, InvoiceLine, Party
from duepost.invoice_font import Font
from duepost.sends import Kind

LINES_LIMIT = 2000
ADDRESS_LIMIT = 8  # lines
LINE_LIMIT = 120  # characters
DESCRIPTION_LIMIT, DESCRIPTION_ROWS = 1000, 30  # characters, and lines of its own: a row fits on a page
NOTE_LIMIT = 4000
CURRENCY = re.compile("[A-Z]{3}")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def checked(data: InvoiceData, letters: Font) -> InvoiceData:
    """The invoice with its texts trimmed and its IBAN in groups of four.

    Raises: InvalidSend whose field is the attribute's path, as in `buyer.name`.
    """
    if data.kind not in tuple(Kind):
        raise InvalidSend("kind", "is not known", f"use {', '.join(Kind)}", data.kind)
    if not isinstance(data.currency, str) or not CURRENCY.fullmatch(data.currency):
        raise InvalidSend("currency", "is no currency", "write three letters, such as DKK", data.currency)
    for field, day in (("issued", data.issued), *([("due", data.due)] if data.due is not None else [])):
        if not isinstance(day, date):
            raise InvalidSend(field, "is no date", "give a datetime.date", day)
    if not isinstance(data.language, str):
        raise InvalidSend("language", "is no language", "write two letters, such as en", data.language)
    if not 0 < len(data.lines) <= LINES_LIMIT:
        raise InvalidSend("lines", "are none or too many", f"give 1 to {LINES_LIMIT:,}")

    def one(field: str, given: str | None, limit: int = LINE_LIMIT, rows: int = 1) -> str | None:
        return None if given is None else _text(letters, field, given, limit, rows) or None

    return replace(
        data,
        kind=Kind(data.kind),
        seller=_party(letters, "seller", data.seller),
        buyer=_party(letters, "buyer", data.buyer),
        number=_required(letters, "number", data.number, 64),
        lines=tuple(_line(letters, f"lines[{place}]", line) for place, line in enumerate(data.lines)),
        concerning=one("concerning", data.concerning, 64),
        iban=None if data.iban is None else _iban(data.iban),
        reference=one("reference", data.reference),
        note=one("note", data.note, NOTE_LIMIT, NOTE_LIMIT),
    )


def _party(letters: Font, field: str, given: Party) -> Party:
    if len(given.address) > ADDRESS_LIMIT:
        raise InvalidSend(f"{field}.address", f"has more than {ADDRESS_LIMIT} lines", "shorten it", given.address)
    lines = [
        _text(letters, f"{field}.address[{place}]", line, LINE_LIMIT, 1) for place, line in enumerate(given.address)
    ]
    number = given.vat_number
    return Party(
        name=_required(letters, f"{field}.name", given.name, LINE_LIMIT),
        address=tuple(line for line in lines if line),
        vat_number=None if number is None else _text(letters, f"{field}.vat_number", number, 64, 1) or None,
    )


def _line(letters: Font, field: str, line: InvoiceLine) -> InvoiceLine:
    field = f"{field}.description"
    return replace(line, description=_required(letters, field, line.description, DESCRIPTION_LIMIT, DESCRIPTION_ROWS))


def _required(letters: Font, field: str, given: str, limit: int, rows: int = 1) -> str:
    text = _text(letters, field, given, limit, rows)
    if not text:
        raise InvalidSend(field, "is missing", "an invoice must say it", given)
    return text


def _text(letters: Font, field: str, given: str, limit: int, rows: int) -> str:
    if not isinstance(given, str):
        raise InvalidSend(field, "is not text", "give a string", given)
    text = given.replace("\r\n", "\n").replace("\t", " ").strip()
    if CONTROL.search(text):
        raise InvalidSend(field, "has a control character in it", "leave it out", given)
    if len(text) > limit:
        raise InvalidSend(field, f"has more than {limit:,} characters", "shorten it", given)
    if text.count("\n") >= rows:
        raise InvalidSend(field, f"has more than {rows} lines", "shorten it", given)
    return letters.text(field, text)


def _iban(given: str) -> str:
    try:
        number = iban.validate(given)
    except (ValidationError, AttributeError, TypeError):
        raise InvalidSend("iban", "is no IBAN", "check its digits", given) from None
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))

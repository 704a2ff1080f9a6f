"""What does FarPay's invoice model say that duepost has to know?

FarPay API v2, "Invoice": with `Recepient` (spelled so), or flat. Names may differ in case; unknown ones come back and
mean nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from duepost.addresses import normalise
from duepost.errors import InvalidSend
from duepost.fields import LINE_LIMIT, line
from duepost.rows import ANY_SPELLING
from duepost.rules import Rules
from duepost.sends import Channel, NewSend
from duepost.validation import CHANNELS, KINDS
from gateway.bodies import JSON_LIMIT
from gateway.farpay.answering import refused
from gateway.farpay.written import written

# channel -> where the address is that a Send node leaves out, the first that is given
FALLBACKS = {
    Channel.EMAIL: ("Recepient.Email", "Recepient.ContactEmail", "Email"),
    Channel.SMS: ("Recepient.ContactPhone", "Recepient.Phone", "Recepient.Mobile", "ContactPhone", "Phone"),
    Channel.XML: ("Recepient.Gln", "Recepient.Ean", "Ean", "Gln"),
    Channel.PRINT: (),
}
RECEIVERS = ("recepient", "recipient")
LISTED = ("PaymentDueDate", "InvoiceAmount", "ToBePaidAmount", "PaymentType")
# what a list shows -> where the flat form has it
FLAT = {"PaymentDueDate": "DueDate", "InvoiceAmount": "Amount", "ToBePaidAmount": "Amount"}
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Given:
    """A JSON object whose names may differ in case."""

    said: Mapping[str, Any] = field(repr=False)

    def get(self, name: str) -> Any:
        """The value; None when there is none. `Recepient.Email` is of the object within."""
        outer, _, inner = name.partition(".")
        sought = RECEIVERS if outer == "Recepient" else (outer.lower(),)
        found = next((value for key, value in self.said.items() if plain(key) in sought and value is not None), None)
        if not inner:
            return found
        return Given(found).get(inner) if isinstance(found, Mapping) else None

    def text(self, name: str) -> str | None:
        """A text or a number, trimmed; None for a blank one. Raises: InvalidSend."""
        value = self.get(name)
        if isinstance(value, bool) or not (value is None or isinstance(value, str | int)):
            raise InvalidSend(name, "is neither text nor a number", "write it as a string")
        return None if value is None else str(value).strip() or None

    def loose(self, name: str) -> str | None:
        """The same, of what does not matter: None for what is no text."""
        try:
            return self.text(name)
        except InvalidSend:
            return None


def plain(name: str) -> str:
    """A name as it is compared."""
    return name.translate(ANY_SPELLING).lower()


def to_hold(given: Given, number: str, rules: Rules) -> dict[str, Any]:
    """The invoice by the names that `holding` knows. An address that its channel cannot reach is left out there.

    Raises: InvalidSend.
    """
    code = (given.text("InvoiceTypeCode") or "PIE").lower()
    if code not in KINDS:
        raise InvalidSend("InvoiceTypeCode", "is not known", "use PIE for an invoice, PCM for a credit note")
    pdf = _file(given.get("PdfInvoice"), "PdfInvoice")
    enclosed = given.get("PdfAttachments") or []
    if not isinstance(enclosed, list):
        raise InvalidSend("PdfAttachments", "is no list", 'write it like [{"Filename": …, "Data": …}]')
    files = [found for one in enclosed if (found := _file(one, "PdfAttachments"))]
    return {
        "InvoiceNumber": number,
        "Kind": code,
        "CustomerNumber": given.text("CustomerNumber") or given.text("Recepient.CustomerNumber"),
        "Name": _one_line(given.loose("Recepient.Name")),
        "Email": _reached(given, Channel.EMAIL, rules),
        "Phone": _reached(given, Channel.SMS, rules),
        "Gln": _reached(given, Channel.XML, rules),
        "Document": pdf,
        "Attachments": files or None,
    }


def due_of(given: Given) -> date | None:
    """The day on which it is to be paid; None for what is no day."""
    said = given.loose("PaymentDueDate") or given.loose("DueDate") or ""
    try:
        return date.fromisoformat(said[:10])
    except ValueError:
        return None


def echo_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """What comes back of the request: all but the bytes of its documents. Raises: Problem 400 when that is too much."""
    echo = {name: _without_data(name, value) for name, value in said.items() if plain(name) != "send"}
    if len(written(echo)) > JSON_LIMIT:
        raise refused(f"Invoice not received: without its documents it has more than {JSON_LIMIT:,} bytes")
    return echo


def listed_of(given: Given) -> dict[str, Any]:
    """What a list shows of it."""
    shown = {name: given.get(name) for name in LISTED}
    for name, flat in FLAT.items():
        if shown[name] is None:
            shown[name] = given.get(flat)
    return {name: value if isinstance(value, str | int | None) else None for name, value in shown.items()}


def send_of(node: object, given: Given) -> NewSend:
    """The send that a Send node asks for, without what its invoice says. Raises: InvalidSend."""
    if not isinstance(node, Mapping):
        raise InvalidSend("Send", "is no object", 'write it like {"Channel": "Email", "Status": "Queue", …}')
    asked = Given(node)
    channel = asked.text("Channel") or ""
    when = asked.text("ScheduleSendDate")
    note = asked.get("Note")
    if not (note is None or isinstance(note, str)):
        raise InvalidSend("Note", "is not text", "give a string")
    address = asked.text("ToAddress")
    if address is None:
        names = FALLBACKS.get(CHANNELS.get(channel.lower(), Channel.PRINT), ())
        address = next((found for name in names if (found := given.loose(name))), None)
    status = asked.text("Status")
    return NewSend(
        channel=channel,
        invoice="",
        to_address=address,
        status="Queue" if status in {None, "100"} else status,
        schedule_send_date=f"{when} 00:00" if when and DAY.fullmatch(when) else when,
        note=note,
    )


def _file(said: object, name: str) -> dict[str, str | None] | None:
    if said is None:
        return None
    if not isinstance(said, Mapping):
        raise InvalidSend(name, "is no object", 'write it like {"Filename": "1001.pdf", "Data": "<base64>"}')
    given = Given(said)
    data = given.get("Data")
    if not data:
        return None
    if not isinstance(data, str):
        raise InvalidSend(name, "holds data that is no text", "encode the file's bytes in base64")
    return {"Filename": given.text("Filename"), "Data": data}


def _without_data(name: str, value: Any) -> Any:
    if plain(name) == "pdfinvoice" and isinstance(value, Mapping):
        return {key: None if plain(key) == "data" else one for key, one in value.items()}
    if plain(name) == "pdfattachments" and isinstance(value, list):
        return [_without_data("PdfInvoice", one) for one in value]
    return value


def _reached(given: Given, channel: Channel, rules: Rules) -> str | None:
    for name in FALLBACKS[channel]:
        try:
            found = given.loose(name)
            return normalise(channel, line(name, found, LINE_LIMIT), rules)[0] if found else None
        except InvalidSend:
            continue
    return None


def _one_line(said: str | None) -> str | None:
    return " ".join(said.split())[:LINE_LIMIT] if said and said.isprintable() else None

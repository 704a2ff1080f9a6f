"""How does one send of each channel and invoice system stand in the month-end file?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from random import Random
from uuid import NAMESPACE_URL, uuid5

from stdnum import ean

from sandbox.customers import Country
from sandbox.invoice_pdf import Customer, draw_up, render
from sandbox.invoice_xml import invoice_xml

EMAIL, SMS, XML, PRINT = ("Email", "email", "EMAIL"), ("SMS", "sms", "Sms"), ("XML", "xml"), ("Print", "print")
ADDRESS_FORMS = (*["{}"] * 8, " {}", "{}  ")
NUMBER_FORMS = ("+4526{0}{1}", "+45 26 {0} {1}", " +45 26{0}{1} ")
WELL = range(100, 900)  # last digits that nothing is done to


@dataclass(frozen=True)
class Made:
    """One invoice. place: in the file. fate: what its counterpart does to it; None for nothing."""

    number: int
    place: int
    customer: Customer
    country: Country
    mailbox: str
    fate: str | None
    seed: int
    random: Random

    @property
    def digits(self) -> str:
        """The last three of its number or GLN, which decide what is done to it."""
        return self.fate if self.fate and self.fate.isdecimal() else str(WELL[self.place % len(WELL)])


@dataclass(frozen=True)
class Paper:
    """A document by its file's name. keeps: one of an earlier run with this seed is the same."""

    name: str
    content: Callable[[], bytes]
    keeps: bool = True


@dataclass(frozen=True)
class Row:
    """A line of the file but for what all lines have."""

    fields: dict[str, str]
    document: Paper | None = None


def _mail(made: Made) -> Row:
    address = f"{made.fate}.{made.mailbox}" if made.fate else made.mailbox
    return Row(
        {
            "Channel": made.random.choice(EMAIL),
            "ToAddress": made.random.choice(ADDRESS_FORMS).format(address),
            "Note": made.country.note.format(made.customer.contact),
            "Subject": made.country.subject.format(made.number),
        },
        _pdf(made),
    )


def _sms(made: Made) -> Row:
    number = made.random.choice(NUMBER_FORMS).format(f"{made.place % 1000:03}", made.digits)
    text = made.country.subject.format(made.number)
    return Row({"Channel": made.random.choice(SMS), "ToAddress": number, "Note": text})


def _xml(made: Made) -> Row:
    twelve = f"579{made.place % 1_000_000:06}{made.digits}"
    gln = twelve + ean.calc_check_digit(twelve)
    payable = "1251.00" if made.fate == "rule" else "1250.00"
    content = partial(invoice_xml, str(made.number), f"0088:{gln}", payable=payable)
    paper = Paper(f"invoice-{made.number}.xml", content, keeps=False)
    return Row({"Channel": made.random.choice(XML), "ToAddress": gln}, paper)


def _print(made: Made) -> Row:
    customer = made.customer
    lines = (customer.company, f"Att. {customer.contact}", customer.street, customer.city, customer.country)
    return Row({"Channel": made.random.choice(PRINT), "ToAddress": "\n".join(lines)}, _pdf(made))


def _pdf(made: Made) -> Paper:
    return Paper(
        f"invoice-{made.number}.pdf", lambda: render(draw_up(made.number, made.customer, made.seed)), keeps=True
    )


def _farpay(made: Made) -> Row:
    return Row({**_by_system(made), "Lane": "farpay"}, _pdf(made))


def _saphety(made: Made) -> Row:
    document = uuid5(NAMESPACE_URL, f"{made.seed}/{made.number}")
    return Row({**_by_system(made), "Lane": "saphety", "Reference": str(document)})


def _abillify(made: Made) -> Row:
    return Row({**_by_system(made), "Lane": "abillify", "Reference": f"RE-{made.number}-{made.digits}"})


def _acumulus(made: Made) -> Row:
    token = sha256(f"{made.seed}/{made.number}".encode()).hexdigest()[:29] + made.digits
    return Row({**_by_system(made), "Lane": "acumulus", "Reference": token, "Subject": f"Factuur {made.number}"})


def _by_system(made: Made) -> dict[str, str]:
    """The digits stand before the @."""
    mailbox, _, domain = made.mailbox.partition("@")
    return {"Channel": "email", "ToAddress": f"{mailbox}.{made.digits}@{domain}"}


# channel or invoice system -> what writes its line
ROWS: Mapping[str, Callable[[Made], Row]] = {
    "email": _mail,
    "sms": _sms,
    "xml": _xml,
    "print": _print,
    "farpay": _farpay,
    "saphety": _saphety,
    "abillify": _abillify,
    "acumulus": _acumulus,
}

"""What does a plain invoice say?"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from duepost.sends import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who sells or buys. address: its lines, the country among them where that matters."""

    name: str = field(repr=False)
    address: tuple[str, ...] = field(default=(), repr=False)
    vat_number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """quantity times unit_price, in the invoice's currency and without VAT. vat_rate: per cent.

    total: without VAT; None: computed. One that is given must agree.
    """

    description: str = field(repr=False)
    unit_price: Decimal
    vat_rate: Decimal
    quantity: Decimal = Decimal(1)
    total: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VatTotal:
    """What the lines of one rate come to. net: without VAT."""

    rate: Decimal
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceData:
    """An invoice, a credit note (its amounts positive) or a reminder.

    currency: ISO 4217, three letters. language: of the labels and numbers, en, da, nl or pt; another one means en.
    concerning: number of the invoice that is credited or reminded of. reference: what the payer is to name.
    vat_totals, net, vat, total: sums as the billing app has them; None: computed. One that is given must agree.
    """

    seller: Party
    buyer: Party
    number: str
    issued: date
    currency: str
    lines: tuple[InvoiceLine, ...]
    kind: Kind = Kind.INVOICE
    due: date | None = None
    language: str = "en"
    concerning: str | None = None
    iban: str | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)
    note: str | None = field(default=None, repr=False)
    vat_totals: tuple[VatTotal, ...] | None = None
    net: Decimal | None = None
    vat: Decimal | None = None
    total: Decimal | None = None

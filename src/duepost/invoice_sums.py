"""What does an invoice come to, and do the sums that it was given agree?

Rounded half up, line by line and then VAT once per rate on the sum of its lines. Source: EN 16931, rules BR-CO-10,
BR-CO-13, BR-CO-15 and BR-CO-17.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from duepost.errors import InvalidSend
from duepost.invoice_data import InvoiceData, InvoiceLine, VatTotal

MOST = Decimal(10) ** 12  # no amount or quantity is as large
FINEST = 6  # decimals of a quantity or a unit price
PRECISION = 60  # digits

# ISO 4217: currencies that have another number of decimals than 2
DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


@dataclass(frozen=True, slots=True)
class Sums:
    """Amounts with the currency's decimals. lines: without VAT, in their order. rates: the highest first."""

    lines: tuple[Decimal, ...]
    rates: tuple[VatTotal, ...]
    net: Decimal
    vat: Decimal
    total: Decimal


@contextmanager
def exact() -> Iterator[None]:
    """Within it nothing is cut or trapped, whatever the caller's own context says."""
    with localcontext(Context(prec=PRECISION, rounding=ROUND_HALF_UP)):
        yield


def sums(data: InvoiceData) -> Sums:
    """Raises: InvalidSend for a number that is none, and for a given sum that the lines do not make.

    Its field is the attribute's path, as in `lines[0].total`.
    """
    with exact():
        found = _computed(data)
        _agree(data, found)
        return found


def _computed(data: InvoiceData) -> Sums:
    unit = Decimal(1).scaleb(-DECIMALS.get(data.currency, 2))
    lines = tuple(_line(f"lines[{place}]", line, unit) for place, line in enumerate(data.lines))
    nets: dict[Decimal, Decimal] = {}
    for line, net in zip(data.lines, lines, strict=True):
        rate = Decimal(line.vat_rate)
        nets[rate] = nets.get(rate, Decimal(0)) + net
    rates = tuple(
        VatTotal(rate=rate, net=net, vat=_rounded(net * rate / 100, unit)) for rate, net in sorted(nets.items())[::-1]
    )
    net = sum(lines, Decimal(0)).quantize(unit)
    vat = sum((one.vat for one in rates), Decimal(0)).quantize(unit)
    return Sums(lines, rates, net, vat, net + vat)


def _rounded(amount: Decimal, unit: Decimal) -> Decimal:
    return amount.quantize(unit) + 0  # no -0.00


def _line(field: str, line: InvoiceLine, unit: Decimal) -> Decimal:
    quantity = _number(f"{field}.quantity", line.quantity)
    price = _number(f"{field}.unit_price", line.unit_price)
    rate = _number(f"{field}.vat_rate", line.vat_rate)
    if not 0 <= rate <= 100:
        raise InvalidSend(f"{field}.vat_rate", "is no rate of VAT", "give per cent, from 0 to 100", line.vat_rate)
    net = _rounded(quantity * price, unit)
    if abs(net) >= MOST:
        raise InvalidSend(field, "comes to more than an invoice can say", f"stay below {MOST:,}")
    _equal(f"{field}.total", line.total, net, "quantity times unit price")
    return net


def _agree(data: InvoiceData, found: Sums) -> None:
    if data.vat_totals is not None:
        given = {_number("vat_totals", one.rate): one for one in data.vat_totals}
        made = {one.rate: one for one in found.rates}
        if len(given) != len(data.vat_totals) or given.keys() != made.keys():
            raise InvalidSend("vat_totals", "are not of the lines' rates", "give one for each rate, or leave them out")
        for rate, one in given.items():
            _equal("vat_totals", one.net, made[rate].net, "the lines of its rate")
            _equal("vat_totals", one.vat, made[rate].vat, "its rate of the lines' sum, rounded half up")
    _equal("net", data.net, found.net, "the lines' sum")
    _equal("vat", data.vat, found.vat, "the VAT of all rates")
    _equal("total", data.total, found.total, "the lines' sum and the VAT")


def _equal(field: str, given: object, made: Decimal, what: str) -> None:
    if given is not None and _number(field, given) != made:
        raise InvalidSend(field, f"does not agree with {what}", "mend one of them, or leave it out", given)


def _number(field: str, given: object) -> Decimal:
    """A Decimal or an int; a float cannot hold most amounts."""
    if isinstance(given, bool) or not isinstance(given, (Decimal, int)):
        raise InvalidSend(field, "is no Decimal", 'write it like Decimal("12.50")', given)
    number = Decimal(given)
    if not number.is_finite() or abs(number) >= MOST:
        raise InvalidSend(field, "is no amount", f"give a number below {MOST:,}", given)
    if number != number.quantize(Decimal(1).scaleb(-FINEST)):
        raise InvalidSend(field, f"has more than {FINEST} decimals", "round it", given)
    return number

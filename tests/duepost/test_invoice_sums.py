"""Do an invoice's sums follow EN 16931, and is a wrong one found?"""

from dataclasses import replace
from datetime import date
from decimal import ROUND_DOWN, Decimal, localcontext
from typing import Any

import pytest

from duepost.errors import InvalidSend
from duepost.invoice_data import InvoiceData, InvoiceLine, Party, VatTotal
from duepost.invoice_sums import sums


def line(price: str, quantity: str = "1", rate: str = "25", total: str | None = None) -> InvoiceLine:
    return InvoiceLine(
        description="Desk",
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        vat_rate=Decimal(rate),
        total=None if total is None else Decimal(total),
    )


def invoice(*lines: InvoiceLine, currency: str = "DKK", **given: Any) -> InvoiceData:
    return InvoiceData(
        seller=Party(name="Havnehuset"),
        buyer=Party(name="A Customer"),
        number="1001",
        issued=date(2026, 11, 26),
        currency=currency,
        lines=lines,
        **given,
    )


@pytest.mark.parametrize(
    ("currency", "price", "quantity", "net"),
    [
        ("DKK", "0.335", "1", "0.34"),
        ("DKK", "0.345", "1", "0.35"),
        ("DKK", "-0.345", "1", "-0.35"),
        ("DKK", "0.333333", "3", "1.00"),
        ("JPY", "10.5", "1", "11"),
        ("KWD", "1.0005", "1", "1.001"),
    ],
)
def test_a_line_is_rounded_half_up_to_its_currencys_decimals(
    currency: str, price: str, quantity: str, net: str
) -> None:
    found = sums(invoice(line(price, quantity), currency=currency))
    assert [str(one) for one in found.lines] == [net]


def test_vat_is_rounded_once_per_rate_not_line_by_line() -> None:
    found = sums(invoice(line("0.10"), line("0.10"), line("0.10", rate="0")))
    assert found.rates == (
        VatTotal(rate=Decimal(25), net=Decimal("0.20"), vat=Decimal("0.05")),
        VatTotal(rate=Decimal(0), net=Decimal("0.10"), vat=Decimal("0.00")),
    )
    assert (found.net, found.vat, found.total) == (Decimal("0.30"), Decimal("0.05"), Decimal("0.35"))


def test_25_and_25_00_are_one_rate() -> None:
    assert len(sums(invoice(line("1"), line("1", rate="25.00"))).rates) == 1


def test_the_callers_own_decimal_context_changes_nothing() -> None:
    data = invoice(line("123456.785", "1000"))
    expected = sums(data)
    with localcontext() as context:
        context.prec, context.rounding = 4, ROUND_DOWN
        assert sums(data) == expected


def test_sums_that_agree_are_taken() -> None:
    rate = VatTotal(rate=Decimal(25), net=Decimal(200), vat=Decimal(50))
    data = invoice(line("100", "2", total="200.00"), vat_totals=(rate,), net=Decimal(200), vat=50, total=Decimal(250))
    assert sums(data).total == 250


RATE = VatTotal(rate=Decimal(25), net=Decimal(200), vat=Decimal(50))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"net": Decimal("199.99")}, "net"),
        ({"vat": Decimal("50.01")}, "vat"),
        ({"total": Decimal(200)}, "total"),
        ({"total": 250.0}, "total"),
        ({"vat_totals": ()}, "vat_totals"),
        ({"vat_totals": (RATE, RATE)}, "vat_totals"),
        ({"vat_totals": (replace(RATE, rate=Decimal(12)),)}, "vat_totals"),
        ({"vat_totals": (replace(RATE, vat=Decimal("49.99")),)}, "vat_totals"),
        ({"vat_totals": (replace(RATE, net=Decimal(199)),)}, "vat_totals"),
    ],
)
def test_a_sum_that_disagrees_with_the_lines_is_refused_by_its_name(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSend) as refused:
        sums(invoice(line("100", "2"), **wrong))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"total": Decimal("200.01")}, "total"),
        ({"quantity": Decimal("NaN")}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"unit_price": Decimal("1E+12")}, "unit_price"),
        ({"unit_price": Decimal("0.0000001")}, "unit_price"),
        ({"vat_rate": Decimal(-1)}, "vat_rate"),
        ({"vat_rate": Decimal("100.5")}, "vat_rate"),
    ],
)
def test_a_wrong_number_of_a_line_is_refused_by_its_place(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSend) as refused:
        sums(invoice(line("1"), replace(line("100", "2"), **wrong)))
    assert refused.value.field == f"lines[1].{field}"


def test_a_line_larger_than_the_paper_can_say_is_refused() -> None:
    with pytest.raises(InvalidSend, match=r"^lines\[0\] comes to more"):
        sums(invoice(line("999999999999", "999999999999")))


def test_nothing_below_nought_is_written_as_nought() -> None:
    found = sums(invoice(line("-0.004"), line("-0.01")))
    assert [str(one) for one in found.lines] == ["0.00", "-0.01"]
    assert str(found.vat) == "0.00"
    assert [str(one.vat) for one in found.rates] == ["0.00"]

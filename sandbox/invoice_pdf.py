"""How does one invoice look on paper: two A4 pages whose amounts add up?

The letters are embedded, as archives and print houses want it; they are most of a file's 50 kB.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import product
from random import Random

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from stdnum import luhn

ISSUED = date(2026, 11, 30)
TERM = timedelta(days=14)
VAT = Decimal("0.25")  # Danish, whoever the customer is: what is sold belongs to a building in Denmark
CENT = Decimal("0.01")

SELLER = "Havnehuset ApS"
SELLER_ADDRESS = "Kajgaden 14, 1799 København V, Denmark  ·  faktura@havnehuset.test"
SELLER_NUMBERS = "CVR 12 34 56 74  ·  VAT no. DK12345674"
CREDITOR = "81234567"
IBAN = "DK50 0040 0440 1162 43"

# what is charged -> its unit, price in kroner without VAT, largest quantity
SERVICES = {
    "Desk by the window": ("day", "195.00", 4),
    "Private office, second floor": ("day", "640.00", 2),
    "Meeting room Øresund, 8 seats": ("hour", "425.50", 6),
    "Meeting room Storebælt, 14 seats": ("hour", "587.25", 6),
    "Auditorium with technician": ("hour", "1312.40", 4),
    "Evening opening, with staff": ("hour", "512.25", 3),
    "Screen and conference camera": ("hour", "118.45", 6),
    "Lunch in the meeting room": ("guest", "148.50", 14),
    "Coffee, tea and fruit": ("guest", "32.75", 14),
    "Parking in the courtyard": ("day", "74.95", 4),
    "Reception and post": ("day", "59.00", 5),
    "Prints in colour, A4": ("sheet", "1.15", 250),
}
HALF_HOURS = 0.4  # share of the charges by the hour that end on a half one
CHARGES = tuple(product(range(1, ISSUED.day + 1), SERVICES))  # day of the month and service: nothing is charged twice
FEWEST_LINES, MOST_LINES = 38, 42
FIRST_PAGE_LINES = 28

# Points from the left and the lower edge of the paper.
LEFT, RIGHT = 50.0, A4[0] - 50.0
TOP, BOTTOM = A4[1] - 62.0, 44.0
MIDDLE = LEFT + 300.0
ROW = 17.5
# column -> where it begins, or ends if it holds numbers
BEGINS = {"No.": LEFT, "Date": LEFT + 28, "Description": LEFT + 92}
ENDS = {"Quantity": LEFT + 325, "Unit price": LEFT + 420, "Amount": RIGHT}

BLUE, GREY, PALE = HexColor("#1d4e79"), HexColor("#5c6670"), HexColor("#cfd6dd")
# font, size in points, colour
Letters = tuple[str, float, HexColor]
PLAIN: Letters = ("Vera", 8.5, HexColor("#1b1f23"))
BOLD: Letters = ("VeraBold", 8.5, HexColor("#1b1f23"))
QUIET: Letters = ("Vera", 7.5, GREY)
NAME: Letters = ("VeraBold", 13, BLUE)
TITLE: Letters = ("Vera", 22, BLUE)


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom an invoice is for."""

    number: str
    company: str
    contact: str
    street: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Line:
    """One charge; the price is in kroner for one unit, without VAT."""

    day: date
    text: str
    quantity: Decimal
    unit: str
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """In kroner without VAT, half an øre rounded up."""
        return (self.quantity * self.price).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Invoice:
    """One customer's charges of a month."""

    number: int
    customer: Customer
    lines: Sequence[Line]

    @property
    def net(self) -> Decimal:
        """In kroner, without VAT."""
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def vat(self) -> Decimal:
        """In kroner, of the whole and not line by line, half an øre rounded up."""
        return (self.net * VAT).quantize(CENT, ROUND_HALF_UP)

    @property
    def payment_reference(self) -> str:
        """The line of a Danish payment slip of type 71: fifteen digits, the last of which checks them, and creditor."""
        digits = f"{self.number:014}"
        return f"+71<{digits}{luhn.calc_check_digit(digits)}+{CREDITOR}<"


def draw_up(number: int, customer: Customer, seed: int) -> Invoice:
    """An invoice with some forty lines; the same number and seed give the same charges."""
    random = Random(f"{seed}/{number}")  # noqa: S311 - it decides what is charged, not who may read it
    charges = sorted(random.sample(CHARGES, random.randint(FEWEST_LINES, MOST_LINES)))
    return Invoice(number, customer, [_line(random, ISSUED.replace(day=day), text) for day, text in charges])


def _line(random: Random, day: date, text: str) -> Line:
    unit, price, most = SERVICES[text]
    quantity = Decimal(random.randint(1, most))
    if unit == "hour" and random.random() < HALF_HOURS:
        quantity -= Decimal("0.5")
    return Line(day, text, quantity, unit, Decimal(price))


def render(invoice: Invoice) -> bytes:
    """The invoice as a PDF of two pages; the same invoice gives the same bytes."""
    _load_fonts()
    file = io.BytesIO()
    paper = Canvas(file, pagesize=A4, invariant=1, lang="en", initialFontName=PLAIN[0])
    paper.setTitle(f"Invoice {invoice.number}")
    paper.setAuthor(SELLER)
    first, rest = invoice.lines[:FIRST_PAGE_LINES], invoice.lines[FIRST_PAGE_LINES:]
    carried = sum((line.amount for line in first), Decimal(0))

    _write(paper, RIGHT, TOP, "Invoice", TITLE, ends=True)
    _facts(paper, invoice)
    y = _rows(paper, _heading(paper, TOP - 155), first, 1)
    _total(paper, y, "Carried forward", carried)
    _end_page(paper, 1)

    _write(paper, RIGHT, TOP, f"Invoice {invoice.number}", ends=True)
    y = _total(paper, _heading(paper, TOP - 45), "Brought forward", carried)
    y = _rows(paper, y, rest, 1 + FIRST_PAGE_LINES)
    y = _total(paper, y, "Total without VAT", invoice.net)
    y = _total(paper, y, f"VAT {VAT:.0%}", invoice.vat)
    y = _total(paper, y, "Total to pay in DKK", invoice.net + invoice.vat, BOLD)
    _payment(paper, y - 50, invoice)
    _end_page(paper, 2)
    paper.save()
    return file.getvalue()


@cache
def _load_fonts() -> None:
    """Bitstream Vera, which comes with reportlab."""
    registerFont(TTFont("Vera", "Vera.ttf"))
    registerFont(TTFont("VeraBold", "VeraBd.ttf"))


def _write(paper: Canvas, x: float, y: float, text: str, letters: Letters = PLAIN, *, ends: bool = False) -> None:
    """One line of text that begins at x, or ends there."""
    font, size, colour = letters
    paper.setFont(font, size)
    paper.setFillColor(colour)
    (paper.drawRightString if ends else paper.drawString)(x, y, text)


def _rule(paper: Canvas, y: float, colour: HexColor = PALE, begins: float = LEFT) -> None:
    paper.setStrokeColor(colour)
    paper.setLineWidth(0.6)
    paper.line(begins, y, RIGHT, y)


def _facts(paper: Canvas, invoice: Invoice) -> None:
    """Who is to pay, and the invoice's number and dates."""
    customer = invoice.customer
    address = (customer.company, f"Att. {customer.contact}", customer.street, customer.city, customer.country)
    for place, text in enumerate(address):
        _write(paper, LEFT, TOP - 52 - 14 * place, text, PLAIN if place else BOLD)
    facts = {
        "Invoice number": str(invoice.number),
        "Invoice date": f"{ISSUED:%d.%m.%Y}",
        "Due date": f"{ISSUED + TERM:%d.%m.%Y}",
        "Customer number": customer.number,
        "Currency": "DKK",
    }
    for place, (name, value) in enumerate(facts.items()):
        _write(paper, MIDDLE, TOP - 52 - 14 * place, name, QUIET)
        _write(paper, RIGHT, TOP - 52 - 14 * place, value, ends=True)


def _heading(paper: Canvas, y: float) -> float:
    """The names of the columns; returns where the first row stands."""
    for name, x in (BEGINS | ENDS).items():
        _write(paper, x, y, name, QUIET, ends=name in ENDS)
    _rule(paper, y - 6, BLUE)
    return y - 6 - ROW + 5


def _rows(paper: Canvas, y: float, lines: Sequence[Line], first: int) -> float:
    for number, line in enumerate(lines, first):
        for x, text in zip(BEGINS.values(), (str(number), f"{line.day:%d.%m.%Y}", line.text), strict=True):
            _write(paper, x, y, text)
        units = line.unit if line.quantity == 1 else f"{line.unit}s"
        numbers = (f"{line.quantity} {units}", f"{line.price:,.2f}", f"{line.amount:,.2f}")
        for x, text in zip(ENDS.values(), numbers, strict=True):
            _write(paper, x, y, text, ends=True)
        _rule(paper, y - 5)
        y -= ROW
    return y


def _total(paper: Canvas, y: float, name: str, amount: Decimal, letters: Letters = PLAIN) -> float:
    _write(paper, MIDDLE, y, name, letters)
    _write(paper, RIGHT, y, f"{amount:,.2f}", letters, ends=True)
    _rule(paper, y - 5, BLUE if letters is BOLD else PALE, MIDDLE)
    return y - ROW


def _payment(paper: Canvas, y: float, invoice: Invoice) -> None:
    facts = {"Payment slip": invoice.payment_reference, "Or by transfer, IBAN": IBAN, "With reference": invoice.number}
    _write(paper, LEFT, y, f"Please pay by {ISSUED + TERM:%d.%m.%Y}", BOLD)
    for place, (name, value) in enumerate(facts.items(), 1):
        _write(paper, LEFT, y - ROW * place, name, QUIET)
        _write(paper, LEFT + 110, y - ROW * place, str(value))


def _end_page(paper: Canvas, number: int) -> None:
    _write(paper, LEFT, TOP, SELLER, NAME)
    _rule(paper, BOTTOM + 14)
    _write(paper, LEFT, BOTTOM, SELLER_ADDRESS, QUIET)
    _write(paper, LEFT, BOTTOM - 11, SELLER_NUMBERS, QUIET)
    _write(paper, RIGHT, BOTTOM, f"Page {number} of 2", QUIET, ends=True)
    paper.showPage()

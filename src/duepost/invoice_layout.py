"""Where does each part of an invoice stand on its pages?"""

from collections.abc import Iterable
from html import escape
from io import BytesIO
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    LongTable,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from duepost.invoice_data import InvoiceData, Party, VatTotal
from duepost.invoice_font import Font
from duepost.invoice_paper import numbered
from duepost.invoice_sums import Sums
from duepost.invoice_words import Words

# Points, 72 to the inch.
MARGIN = 56.7  # 20 mm
WIDTH = A4[0] - 2 * MARGIN
SIZE, LEADING, TITLE = 9.0, 12.5, 17.0
GAP = 10.0  # between columns
GREY, RULE = HexColor("#555555"), HexColor("#bbbbbb")


def laid_out(data: InvoiceData, found: Sums, said: Words, letters: Font) -> bytes:
    """The PDF of checked data and its sums."""
    file = BytesIO()
    title = f"{said.titles[data.kind]} {data.number}"
    page = BaseDocTemplate(
        file,
        pagesize=A4,
        invariant=1,  # no time and no chance in the file
        title=title,
        author=data.seller.name,
        lang=said.language,
    )
    # Without reportlab's own padding, which text keeps to and tables do not.
    frame = Frame(MARGIN, MARGIN, WIDTH, A4[1] - 2 * MARGIN, *[0] * 4)
    page.addPageTemplates(PageTemplate(frames=[frame]))
    page.build(_Parts(data, found, said, letters).all(), canvasmaker=numbered(letters, title, MARGIN, GREY))
    return file.getvalue()


class _Parts:
    """The flowables of one invoice, from the top down."""

    def __init__(self, data: InvoiceData, found: Sums, said: Words, letters: Font) -> None:
        self._data, self._found, self._said, self._letters = data, found, said, letters
        self._plain = ParagraphStyle("plain", fontName=letters.regular, fontSize=SIZE, leading=LEADING)
        self._label = ParagraphStyle("label", self._plain, textColor=GREY)
        self._strong = ParagraphStyle("strong", self._plain, fontName=letters.bold)
        self._title = ParagraphStyle("title", self._strong, fontSize=TITLE, leading=TITLE * 1.25)

    def all(self) -> list[Flowable]:
        return [
            *self._head(),
            self._lines(),
            Spacer(0, 8),
            KeepTogether([self._sums()]),
            *self._payment(),
            *self._note(),
        ]

    def _note(self) -> list[Flowable]:
        note = self._data.note
        lines = note.split("\n") if note else []
        return [Spacer(0, 16), *(_paragraph(one, self._plain) if one.strip() else Spacer(0, LEADING) for one in lines)]

    def _head(self) -> list[Flowable]:
        """Seller, title, buyer and what the invoice is known by."""
        data, said = self._data, self._said
        facts = [
            (said.number, data.number),
            (said.issued, said.date(data.issued)),
            *([(said.due, said.date(data.due))] if data.due else []),
            *([(said.concerning, data.concerning)] if data.concerning else []),
        ]
        buyer = [_paragraph(said.billed_to, self._label), *self._party(data.buyer)]
        half = WIDTH / 2
        beside = Table([[buyer, self._facts(facts, half)]], [half, half], style=TIGHT)
        title = _paragraph(said.titles[data.kind], self._title)
        return [*self._party(data.seller), Spacer(0, 26), title, Spacer(0, 12), beside, Spacer(0, 22)]

    def _party(self, party: Party) -> list[Flowable]:
        number = [f"{self._said.vat_number} {party.vat_number}"] if party.vat_number else []
        lines = [_paragraph(line, self._plain) for line in (*party.address, *number)]
        return [_paragraph(party.name, self._strong), *lines]

    def _facts(self, facts: Iterable[tuple[str, str]], width: float) -> Table:
        """Labels, and beside each what it names."""
        rows = [(_paragraph(label, self._label), _paragraph(value, self._plain)) for label, value in facts]
        label = max(stringWidth(row[0].text, self._letters.regular, SIZE) for row in rows) + GAP
        return Table(rows, [label, width - label], style=TIGHT, hAlign="LEFT")

    def _lines(self) -> LongTable:
        """What is charged; its head stands on every page."""
        said = self._said
        head = (
            said.description,
            said.quantity,
            said.unit_price,
            f"{said.vat} %",
            f"{said.amount} {self._data.currency}",
        )
        figures = [
            (said.plain(line.quantity), said.price(line.unit_price, net), said.plain(line.vat_rate), said.figure(net))
            for line, net in zip(self._data.lines, self._found.lines, strict=True)
        ]
        widths = [
            max(self._width(head[place + 1], self._letters.bold), *(self._width(row[place]) for row in figures)) + GAP
            for place in range(len(head) - 1)
        ]
        texts = [_paragraph(line.description, self._plain) for line in self._data.lines]
        rows = [head, *([text, *row] for text, row in zip(texts, figures, strict=True))]
        style = [
            *TIGHT,
            ("FONT", (0, 0), (-1, 0), self._letters.bold, SIZE, LEADING),
            ("FONT", (0, 1), (-1, -1), self._letters.regular, SIZE, LEADING),
            ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, GREY),
            ("LINEBELOW", (0, 1), (-1, -1), 0.3, RULE),
        ]
        return LongTable(rows, [WIDTH - sum(widths), *widths], repeatRows=1, splitInRow=1, style=style)

    def _sums(self) -> Table:
        data, found, said = self._data, self._found, self._said
        rows = [
            (said.net, said.figure(found.net)),
            *((self._rate(one), said.figure(one.vat)) for one in found.rates),
            (f"{said.due_sums[data.kind]} {data.currency}", said.figure(found.total)),
        ]
        right = max(self._width(row[1], self._letters.bold) for row in rows) + GAP
        left = max(self._width(row[0], self._letters.bold) for row in rows) + GAP
        style = [
            *TIGHT,
            ("FONT", (0, 0), (-1, -2), self._letters.regular, SIZE, LEADING),
            ("FONT", (0, -1), (-1, -1), self._letters.bold, SIZE + 1, LEADING),
            ("ALIGN", (1, 0), (1, -1), "RIGHT"),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ("LINEABOVE", (0, -1), (-1, -1), 0.8, GREY),
            ("TOPPADDING", (0, -1), (-1, -1), 4),
        ]
        return Table(rows, [left * 1.12, right * 1.12], style=style, hAlign="RIGHT")

    def _rate(self, one: VatTotal) -> str:
        return f"{self._said.vat} {self._said.plain(one.rate)} % {self._said.of} {self._said.figure(one.net)}"

    def _payment(self) -> list[Flowable]:
        data = self._data
        facts = [("IBAN", data.iban), (self._said.reference, data.reference)]
        given = [(label, value) for label, value in facts if value]
        return [Spacer(0, 20), KeepTogether([self._facts(given, WIDTH)])] if given else []

    def _width(self, text: str, face: str | None = None) -> float:
        width: float = stringWidth(text, face or self._letters.regular, SIZE)
        return width


TIGHT: list[tuple[Any, ...]] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
]


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    """The text as it is: reportlab reads markup in it otherwise."""
    return Paragraph(escape(text, quote=False).replace("\n", "<br/>"), style)

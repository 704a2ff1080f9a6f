"""How does an invoice speak: its labels, its numbers and its dates?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The labels of one language. thousands, point: of its numbers. day: a date's form."""

    language: str
    titles: Mapping[str, str]
    due_sums: Mapping[str, str]  # kind -> label of the last sum
    number: str
    issued: str
    due: str
    concerning: str
    billed_to: str
    vat_number: str
    description: str
    quantity: str
    unit_price: str
    vat: str
    amount: str
    net: str
    of: str  # VAT 25 % OF 1,000.00
    reference: str
    thousands: str
    point: str
    day: str

    def figure(self, number: Decimal) -> str:
        """With the decimals that it has."""
        return f"{number:,f}".translate({ord(","): self.thousands, ord("."): self.point})

    def plain(self, number: Decimal) -> str:
        """Without the noughts at its end."""
        exact = number.normalize()
        return self.figure(exact.quantize(Decimal(1).scaleb(-_decimals(exact))))

    def price(self, price: Decimal, amount: Decimal) -> str:
        """With the decimals of an amount, or more where it has more."""
        exact = price.normalize()
        places = max(_decimals(exact), _decimals(amount))
        return self.figure(exact.quantize(Decimal(1).scaleb(-places)))

    def date(self, day: date) -> str:
        """Written out by hand: strftime's names are the process's locale's."""
        return self.day.format(day=day.day, month=day.month, year=day.year, name=MONTHS[day.month - 1])


def _decimals(number: Decimal) -> int:
    return max(-int(number.as_tuple().exponent), 0)


def words(language: str) -> Words:
    """Of the language (`da`, `pt-BR`), or the English ones."""
    return WORDS.get(language.strip().lower().replace("_", "-").partition("-")[0], WORDS["en"])


WORDS = {
    "en": Words(
        language="en",
        titles={"invoice": "Invoice", "credit_note": "Credit note", "reminder": "Reminder"},
        due_sums={"invoice": "Amount due", "credit_note": "Amount credited", "reminder": "Amount due"},
        number="Number",
        issued="Date",
        due="Payment due",
        concerning="Concerning invoice",
        billed_to="Billed to",
        vat_number="VAT no.",
        description="Description",
        quantity="Quantity",
        unit_price="Unit price",
        vat="VAT",
        amount="Amount",
        net="Total without VAT",
        of="of",
        reference="Payment reference",
        thousands=",",
        point=".",
        day="{day} {name} {year:04}",
    ),
    "da": Words(
        language="da",
        titles={"invoice": "Faktura", "credit_note": "Kreditnota", "reminder": "Betalingspåmindelse"},
        due_sums={"invoice": "At betale", "credit_note": "Krediteret beløb", "reminder": "At betale"},
        number="Nummer",
        issued="Dato",
        due="Betalingsfrist",
        concerning="Vedrører faktura",
        billed_to="Faktureret til",
        vat_number="Momsnr.",
        description="Beskrivelse",
        quantity="Antal",
        unit_price="Enhedspris",
        vat="Moms",
        amount="Beløb",
        net="I alt uden moms",
        of="af",
        reference="Betalingsreference",
        thousands=".",
        point=",",
        day="{day:02}.{month:02}.{year:04}",
    ),
    "nl": Words(
        language="nl",
        titles={"invoice": "Factuur", "credit_note": "Creditnota", "reminder": "Betalingsherinnering"},
        due_sums={"invoice": "Te betalen", "credit_note": "Gecrediteerd bedrag", "reminder": "Te betalen"},
        number="Nummer",
        issued="Datum",
        due="Vervaldatum",
        concerning="Betreft factuur",
        billed_to="Gefactureerd aan",
        vat_number="Btw-nummer",
        description="Omschrijving",
        quantity="Aantal",
        unit_price="Prijs per stuk",
        vat="Btw",
        amount="Bedrag",
        net="Totaal zonder btw",
        of="over",
        reference="Betalingskenmerk",
        thousands=".",
        point=",",
        day="{day:02}-{month:02}-{year:04}",
    ),
    "pt": Words(
        language="pt",
        titles={"invoice": "Fatura", "credit_note": "Nota de crédito", "reminder": "Lembrete de pagamento"},
        due_sums={"invoice": "Total a pagar", "credit_note": "Total creditado", "reminder": "Total a pagar"},
        number="Número",
        issued="Data",
        due="Vencimento",
        concerning="Referente à fatura",
        billed_to="Faturado a",
        vat_number="N.º de IVA",
        description="Descrição",
        quantity="Quantidade",
        unit_price="Preço unitário",
        vat="IVA",
        amount="Valor",
        net="Total sem IVA",
        of="de",
        reference="Referência de pagamento",
        thousands=".",
        point=",",
        day="{day:02}/{month:02}/{year:04}",
    ),
}

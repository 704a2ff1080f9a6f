"""What does a send say that brings no words, in which language?

One subject, one text and one line for an SMS for each kind; all of them name the invoice and nothing else, for nothing
else is sure to be known. An SMS keeps to GSM 03.38 so that it is one part.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from duepost.sends import Kind

DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """Words with `{invoice}` in them. sms: one line."""

    subject: str
    body: str
    sms: str

    def about(self, invoice: str) -> "Text":
        """The words with the invoice's number in them."""
        return Text(*(words.replace("{invoice}", invoice) for words in (self.subject, self.body, self.sms)))


# language -> kind -> words
TEXTS: Mapping[str, Mapping[str, Text]] = {
    "en": {
        Kind.INVOICE: Text(
            "Invoice {invoice}",
            "Please find attached invoice {invoice}.",
            "You have received invoice {invoice}.",
        ),
        Kind.REMINDER: Text(
            "Reminder: invoice {invoice}",
            "This is a reminder of invoice {invoice}, which is attached.",
            "This is a reminder of invoice {invoice}.",
        ),
        Kind.CREDIT_NOTE: Text(
            "Credit note {invoice}",
            "Please find attached credit note {invoice}.",
            "You have received credit note {invoice}.",
        ),
    },
    "da": {
        Kind.INVOICE: Text(
            "Faktura {invoice}",
            "Vedhæftet finder du faktura {invoice}.",
            "Du har modtaget faktura {invoice}.",
        ),
        Kind.REMINDER: Text(
            "Påmindelse: faktura {invoice}",
            "Vi vil gerne minde dig om faktura {invoice}, som er vedhæftet.",
            "Vi vil gerne minde dig om faktura {invoice}.",
        ),
        Kind.CREDIT_NOTE: Text(
            "Kreditnota {invoice}",
            "Vedhæftet finder du kreditnota {invoice}.",
            "Du har modtaget kreditnota {invoice}.",
        ),
    },
    "nl": {
        Kind.INVOICE: Text(
            "Factuur {invoice}",
            "In de bijlage vindt u factuur {invoice}.",
            "U hebt factuur {invoice} ontvangen.",
        ),
        Kind.REMINDER: Text(
            "Herinnering: factuur {invoice}",
            "Graag herinneren wij u aan factuur {invoice}, die als bijlage is toegevoegd.",
            "Graag herinneren wij u aan factuur {invoice}.",
        ),
        Kind.CREDIT_NOTE: Text(
            "Creditnota {invoice}",
            "In de bijlage vindt u creditnota {invoice}.",
            "U hebt creditnota {invoice} ontvangen.",
        ),
    },
    "pt": {
        Kind.INVOICE: Text(
            "Fatura {invoice}",
            "Segue em anexo a fatura {invoice}.",
            "Recebeu a fatura {invoice}.",
        ),
        Kind.REMINDER: Text(
            "Lembrete: fatura {invoice}",
            "Vimos lembrar a fatura {invoice}, que segue em anexo.",
            "Vimos lembrar a fatura {invoice}.",
        ),
        Kind.CREDIT_NOTE: Text(
            "Nota de crédito {invoice}",
            "Segue em anexo a nota de crédito {invoice}.",
            "Recebeu a nota de crédito {invoice}.",
        ),
    },
}
OTHER_KIND = Text(
    "Document {invoice}",
    "Please find attached document {invoice}.",
    "You have received document {invoice}.",
)


def bare(language: str | None) -> str:
    """The language without its region, in small letters: `pt-BR` is pt. English where none is given."""
    return (language or DEFAULT).strip().replace("_", "-").partition("-")[0].lower() or DEFAULT


def built_in(kind: str, language: str | None) -> Text:
    """The words for a kind; English for a language that we do not speak, a document for a kind that we do not know."""
    kinds = TEXTS.get(language or DEFAULT) or TEXTS.get(bare(language)) or TEXTS[DEFAULT]
    return kinds.get(kind, OTHER_KIND)

"""Who are the customers of the sandbox's billing app, and how does it write to them?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

from sandbox.invoice_pdf import Customer

LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "&": ""})  # as addresses spell them


@dataclass(frozen=True)
class Country:
    """Names and words of one country; {} stands for a customer's name, a house's or an invoice's number."""

    name: str
    first_names: Sequence[str]
    last_names: Sequence[str]
    companies: Sequence[str]
    places: Sequence[str]
    streets: Sequence[str]
    subject: str
    note: str


COUNTRIES = (
    Country(
        name="Denmark",
        first_names=("Mette", "Søren", "Åse", "Jens", "Kirsten", "Lærke", "Torben", "Inge"),
        last_names=("Nielsen", "Sørensen", "Møller", "Kjær", "Østergaard", "Holm", "Bæk", "Lund", "Krogh", "Damgård"),
        companies=("{} Tømrer & Snedker ApS", "{} Bogføring ApS", "{} Cykler A/S", "{} Tegnestue", "Bageriet {}"),
        places=("8000 Aarhus C", "5000 Odense C", "9000 Aalborg", "2100 København Ø"),
        streets=("Nørregade {}", "Møllevej {}", "Skovbrynet {}"),
        subject="Faktura {} fra Havnehuset",
        note="Kære {}\n\nHermed månedens faktura. Tak fordi du holder til hos os.",
    ),
    Country(
        name="Netherlands",
        first_names=("Daan", "Sanne", "Joris", "Femke", "Maarten", "Anouk", "Zoë", "Bram"),
        last_names=("de Vries", "Jansen", "van Dijk", "Bakker", "Visser", "Smit", "Mulder", "Bos", "Vos", "Brouwer"),
        companies=("{} Logistiek B.V.", "{} Fietsen B.V.", "Drukkerij {}", "{} Advies", "{} Bouw B.V."),
        places=("1016 GV Amsterdam", "3011 ED Rotterdam", "3511 LX Utrecht", "9711 LM Groningen"),
        streets=("Keizersgracht {}", "Dorpsstraat {}", "Molenweg {}"),
        subject="Factuur {} van Havnehuset",
        note="Beste {}\n\nBijgaand de factuur van deze maand. Hartelijk dank.",
    ),
    Country(
        name="Portugal",
        first_names=("João", "Inês", "Tiago", "Conceição", "Rui", "Beatriz", "Gonçalo", "Sofia"),
        last_names=("Silva", "Gonçalves", "Araújo", "Simões", "Costa", "Pereira", "Mendonça", "Lopes", "Brandão", "Sá"),
        companies=("{} Azulejos Lda.", "{} & Filhos Lda.", "Padaria {}", "{} Consultores S.A.", "Livraria {}"),
        places=("1200-109 Lisboa", "4050-253 Porto", "3000-213 Coimbra", "8000-076 Faro"),
        streets=("Rua das Flores {}", "Travessa do Carmo {}", "Avenida da República {}"),
        subject="Fatura {} da Havnehuset",
        note="Caro(a) {}\n\nSegue em anexo a fatura deste mês. Muito obrigado.",
    ),
)
CUSTOMERS = len(COUNTRIES) * 8 * 10 * 5  # countries, first names, last names, companies
STRIDE = 743  # shares no factor with CUSTOMERS: neighbouring invoices go to customers far apart


def customer_of(number: int, seed: int) -> tuple[Customer, Country, str]:
    """Whom this invoice is for, where, and the customer's e-mail address. Two of 1,200 in a row never share one."""
    index = (number * STRIDE + seed) % CUSTOMERS
    rest, of_countries = divmod(index, len(COUNTRIES))
    country = COUNTRIES[of_countries]
    rest, of_first_names = divmod(rest, len(country.first_names))
    of_companies, of_last_names = divmod(rest, len(country.last_names))
    first_name, last_name = country.first_names[of_first_names], country.last_names[of_last_names]
    customer = Customer(
        number=str(10_000 + index),
        company=country.companies[of_companies].format(last_name[:1].upper() + last_name[1:]),
        contact=f"{first_name} {last_name}",
        street=country.streets[rest % len(country.streets)].format(index % 83 + 1),
        city=country.places[index % len(country.places)],
        country=country.name,
    )
    mailbox = f"{_ascii(first_name)}.{_ascii(last_name)}@{_ascii(customer.company)}.test"
    return customer, country, mailbox


def _ascii(name: str) -> str:
    """The name as it stands in an address: small ASCII letters and hyphens."""
    plain = normalize("NFKD", name.lower().translate(LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.replace(".", "")).strip("-")

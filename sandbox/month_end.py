"""What does a billing app hand over at month end, and what must have become of it?

A file in FarPay's spelling and a two-page PDF for each of its invoices. The mail counterpart misbehaves towards some of
the addresses (`mail_behaviour.py`), so it is known beforehand how every send ends.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from random import Random
from typing import BinaryIO
from unicodedata import normalize

from duepost.schedule import zone_named
from duepost.statuses import Status
from sandbox.invoice_pdf import Customer, draw_up, render

FIRST_INVOICE = 100_001
THOUSAND = 1000
EACH_FROM = 100  # invoices; from here up no misbehaviour is missing

# what the mail counterpart does to an address -> to how many of 1,000, and how such a send ends
MISBEHAVIOURS = {
    "defer-1": (40, Status.SENT),
    "defer-2": (15, Status.SENT),
    "hang-1": (5, Status.SENT),
    "hangup-1": (5, Status.SENT),
    "unknown": (20, Status.WRONG_EMAIL_ADDRESS),
    "full": (10, Status.EMAIL_BOUNCED),
    "spam": (8, Status.EMAIL_MARKED_AS_SPAM),
    "silent": (2, Status.ERROR),  # outcome unknown: the counterpart has the message
}
TAKEN_UNANSWERED = "silent"

CHANNELS = ("Email", "email", "EMAIL")
ADDRESS_FORMS = (*["{}"] * 8, " {}", "{}  ")
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


@dataclass(frozen=True)
class Expected:
    """How every send of the file must end, and how many messages the mail server must then hold."""

    by_status: Mapping[Status, int]
    messages: int


def write_month_end(
    ndjson: Path,
    pdf_folder: Path,
    *,
    count: int = 1000,
    scheduled: int = 100,
    scheduled_for: datetime,
    zone: str,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Expected:
    """Write a file of `count` e-mail sends with a PDF each; PDFs of an earlier run with this seed are kept.

    `scheduled` of the sends leave at `scheduled_for` (aware, a full minute), written as wall time in `zone`, the
    account's (IANA name); the others leave at once. `progress` is told how many invoices are done. What is expected
    comes true where a worker tries each send at least three times.

    Raises: ConfigError when there is no such zone.
    """
    wall_time = scheduled_for.astimezone(zone_named(zone)).strftime("%Y-%m-%d %H:%M")
    random = Random(seed)  # noqa: S311 - who gets what, no secret
    met, later = _spread(random, count, scheduled)
    pdfs = pdf_folder / f"seed-{seed}"
    pdfs.mkdir(parents=True, exist_ok=True)
    with _written_whole(ndjson) as file:
        for place in range(count):
            number = FIRST_INVOICE + place
            customer, country, mailbox = _customer_of(number, seed)
            pdf = pdfs / f"invoice-{number}.pdf"
            if not pdf.exists():
                with _written_whole(pdf) as paper:
                    paper.write(render(draw_up(number, customer, seed)))
            address = f"{met[place]}.{mailbox}" if place in met else mailbox
            row = {
                "InvoiceNumber": str(number),
                "CustomerNumber": customer.number,
                "Channel": random.choice(CHANNELS),
                "Status": "Queue",
                "ToAddress": random.choice(ADDRESS_FORMS).format(address),
                **({"ScheduleSendDate": wall_time} if place in later else {}),
                "Note": country.note.format(customer.contact),
                "Subject": country.subject.format(number),
                "Document": Path(os.path.relpath(pdf.resolve(), ndjson.parent.resolve())).as_posix(),
            }
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            if progress:
                progress(place + 1)
    return _expected(count, Counter(met.values()))


def _spread(random: Random, count: int, scheduled: int) -> tuple[dict[int, str], set[int]]:
    """Which places in the file meet which misbehaviour, and which are scheduled; of every kind some are both."""
    places = random.sample(range(count), count)
    later, now = places[:scheduled], places[scheduled:]
    met = {}
    for word, (of_thousand, _) in MISBEHAVIOURS.items():
        meeting = max(round(count * of_thousand / THOUSAND), 1 if count >= EACH_FROM else 0)
        share = ceil(meeting * scheduled / count) if meeting > 1 else 0
        for one in range(meeting):
            first, second = (later, now) if one < share else (now, later)
            met[(first or second).pop()] = word
    return met, set(places[:scheduled])


def _expected(count: int, met: Counter[str]) -> Expected:
    by_status = Counter({Status.SENT: count - met.total()})
    for word, times in met.items():
        by_status[MISBEHAVIOURS[word][1]] += times
    return Expected(dict(sorted(by_status.items())), by_status[Status.SENT] + met[TAKEN_UNANSWERED])


def _customer_of(number: int, seed: int) -> tuple[Customer, Country, str]:
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


@contextmanager
def _written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name only when all of it is there; a run killed in the middle leaves none by that name."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            yield file
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)

"""Is the month-end file one that a billing app could hand over, and does it end as it says?"""

import json
import re
import zlib
from base64 import a85decode
from collections import Counter
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from stdnum import luhn

from duepost.errors import ConfigError
from duepost.files import Row, read
from duepost.rows import RowReader
from duepost.rules import Rules
from duepost.sends import Channel, CheckedSend
from duepost.statuses import Status
from duepost.validation import business_key, check
from sandbox.fates import MAIL, MAIL_ALONE
from sandbox.invoice_pdf import Customer, draw_up, render
from sandbox.mail_behaviour import behaviour
from sandbox.month_end import Expected, write_month_end

ZONE = "Europe/Lisbon"
NOW = datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
CUSTOMER = Customer("10023", "Sørensen Træ ApS", "Åse Sørensen", "Nørregade 12", "8000 Aarhus C", "Denmark")

PAGE = re.compile(rb"/ASCII85Decode /FlateDecode \] /Length \d+\s*>>\s*stream\s(.*?~>)", re.DOTALL)
TEXT = re.compile(rb"\(((?:\\.|[^\\()])*)\) Tj")
DATE = re.compile(r"\d\d\.\d\d\.\d{4}")
# how a name begins -> the statuses it may lead to and the messages that the mail server then holds
ENDS = {
    **dict.fromkeys(("defer-1", "defer-2", "hang-1", "hangup-1", "drop-1"), (Status.SENT, 1)),
    "unknown": (Status.WRONG_EMAIL_ADDRESS, 0),
    "full": (Status.EMAIL_BOUNCED, 0),
    "spam": (Status.EMAIL_MARKED_AS_SPAM, 0),
    "silent": (Status.ERROR, 1),
}


def write(folder: Path, count: int = 12, scheduled: int = 4, seed: int = 1) -> Expected:
    return write_month_end(
        folder / "month-end.ndjson",
        folder / "pdfs",
        count=count,
        scheduled=scheduled,
        scheduled_for=LATER,
        zone=ZONE,
        channels=MAIL_ALONE,
        seed=seed,
    )


def sends_in(folder: Path) -> list[CheckedSend]:
    """Every row of the file, as duepost's doors take it."""
    reader = RowReader(folder)
    sends = []
    for row in read(folder / "month-end.ndjson"):
        assert isinstance(row, Row)
        sends.append(check(reader.send_of(row.values), zone=ZONE, now=NOW, rules=Rules(test_domains=True)))
    return sends


def word(send: CheckedSend) -> str:
    """How the address begins if the mail counterpart misbehaves towards it."""
    assert send.to_address is not None
    named = behaviour(send.to_address, tries=1) is not None
    return send.to_address.partition(".")[0] if named else ""


@pytest.fixture(scope="module")
def month_end(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Expected]:
    """A file of 1,000; its PDFs are stand-ins from an earlier run, for the sake of time."""
    folder = tmp_path_factory.mktemp("month-end")
    pdfs = folder / "pdfs" / "seed-1"
    pdfs.mkdir(parents=True)
    for number in range(100_001, 101_001):
        (pdfs / f"invoice-{number}.pdf").write_bytes(b"%PDF-1.4")
    return folder, write(folder, count=1000, scheduled=100)


def test_every_row_is_a_valid_send_by_email(month_end: tuple[Path, Expected]) -> None:
    sends = sends_in(month_end[0])
    assert len(sends) == 1000
    assert {send.channel for send in sends} == {Channel.EMAIL}
    assert all((send.to_address or "").endswith(".test") for send in sends)


def test_no_two_rows_are_the_same_send_or_go_to_the_same_address(month_end: tuple[Path, Expected]) -> None:
    sends = sends_in(month_end[0])
    assert len({business_key("default", send) for send in sends}) == 1000
    assert len({send.to_address for send in sends}) == 1000


def test_the_expected_ends_agree_with_a_count_over_the_file(month_end: tuple[Path, Expected]) -> None:
    folder, expected = month_end
    ends = [ENDS.get(word(send), (Status.SENT, 1)) for send in sends_in(folder)]
    assert expected.by_status == Counter(status for status, _ in ends)
    assert expected.held["email"] == sum(messages for _, messages in ends) == 962


def test_every_misbehaviour_meets_due_and_scheduled_sends(month_end: tuple[Path, Expected]) -> None:
    sends = sends_in(month_end[0])
    met = Counter(word(send) for send in sends)
    assert {name: met[name] for name in MAIL} == {name: of for name, (of, *_) in MAIL.items()}
    assert {(word(send), send.schedule is None) for send in sends} == {
        (name, now) for name in ("", *MAIL) for now in (True, False)
    }


def test_the_misbehaviours_are_spread_over_the_file(month_end: tuple[Path, Expected]) -> None:
    places = [place for place, send in enumerate(sends_in(month_end[0])) if word(send)]
    quarters = Counter(place // 250 for place in places)
    assert min(quarters[quarter] for quarter in range(4)) > 15


def test_the_scheduled_sends_leave_at_that_minute_in_the_accounts_zone(month_end: tuple[Path, Expected]) -> None:
    schedules = [send.schedule for send in sends_in(month_end[0]) if send.schedule]
    assert len(schedules) == 100
    assert {schedule.instant for schedule in schedules} == {LATER}
    assert {f"{schedule.wall}" for schedule in schedules} == {"2026-06-30 23:30:00"}


def test_channels_come_in_any_case_and_addresses_with_blanks_around(month_end: tuple[Path, Expected]) -> None:
    rows = [json.loads(line) for line in (month_end[0] / "month-end.ndjson").read_text().splitlines()]
    assert {row["Channel"] for row in rows} == {"Email", "email", "EMAIL"}
    blanks = Counter(row["ToAddress"] != row["ToAddress"].strip() for row in rows)
    assert blanks[True] > 100
    assert blanks[False] > 100


def test_other_counts_are_proportional_and_miss_no_misbehaviour_from_100_up(tmp_path: Path) -> None:
    expected = write(tmp_path, count=100, scheduled=10)
    assert sum(expected.by_status.values()) == 100
    assert {word(send) for send in sends_in(tmp_path)} == {"", *MAIL}


@pytest.mark.parametrize("scheduled", [0, 20])
def test_none_or_all_may_be_scheduled(tmp_path: Path, scheduled: int) -> None:
    write(tmp_path, count=20, scheduled=scheduled)
    assert sum(send.schedule is not None for send in sends_in(tmp_path)) == scheduled


def test_every_document_is_found_from_the_files_folder(tmp_path: Path) -> None:
    write(tmp_path)
    documents = [send.document for send in sends_in(tmp_path)]
    assert len({document.read_bytes() for document in documents if isinstance(document, Path)}) == 12


def test_the_same_seed_gives_identical_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        write(folder)
        contents.append({path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 13


def test_another_seed_gives_other_customers_and_amounts(tmp_path: Path) -> None:
    write(tmp_path, seed=1)
    first = sends_in(tmp_path)
    write(tmp_path, seed=2)
    for one, other in zip(first, sends_in(tmp_path), strict=True):
        assert one.to_address != other.to_address
        assert isinstance(one.document, Path)
        assert isinstance(other.document, Path)
        assert one.document.read_bytes() != other.document.read_bytes()


def test_pdfs_of_an_earlier_run_are_kept_and_a_half_written_one_is_no_pdf(tmp_path: Path) -> None:
    write(tmp_path)
    one, other, *_ = sorted((tmp_path / "pdfs").rglob("*.pdf"))
    whole = other.read_bytes()
    one.write_bytes(b"%PDF-1.4 of an earlier run")
    other.rename(other.with_name(f".{other.name}.4711")).write_bytes(whole[:100])  # killed while writing it
    write(tmp_path)
    assert one.read_bytes() == b"%PDF-1.4 of an earlier run"
    assert other.read_bytes() == whole


def test_when_writing_stops_the_earlier_file_stands(tmp_path: Path) -> None:
    write(tmp_path)
    before = (tmp_path / "month-end.ndjson").read_bytes()
    stop = KeyboardInterrupt()

    def progress(_done: int) -> None:
        raise stop

    with pytest.raises(KeyboardInterrupt):
        write_month_end(
            tmp_path / "month-end.ndjson", tmp_path, count=3, scheduled_for=LATER, zone=ZONE, progress=progress
        )
    assert (tmp_path / "month-end.ndjson").read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_progress_is_told_after_every_invoice(tmp_path: Path) -> None:
    told: list[int] = []
    write_month_end(
        tmp_path / "month-end.ndjson", tmp_path, count=3, scheduled_for=LATER, zone=ZONE, progress=told.append
    )
    assert told == [1, 2, 3]


def test_a_zone_that_does_not_exist_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        write_month_end(tmp_path / "month-end.ndjson", tmp_path / "pdfs", scheduled_for=LATER, zone="Europe/Odense")
    assert not list(tmp_path.iterdir())


def texts_of(pdf: bytes) -> list[list[str]]:
    """The texts of each page in the order drawn; ASCII letters only, the others have codes of the font's own."""
    pages = [zlib.decompress(a85decode(b"<~" + page, adobe=True)) for page in PAGE.findall(pdf)]
    return [[text.decode().replace("\\", "") for text in TEXT.findall(page)] for page in pages]


def charges_on(page: list[str]) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Quantity, price and amount of every row."""
    rows = [page[place:] for place, text in enumerate(page) if DATE.fullmatch(text) and page[place - 1].isdigit()]
    return [(Decimal(row[2].split()[0]), money(row[3]), money(row[4])) for row in rows]


def money(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def after(page: list[str], name: str) -> str:
    return page[page.index(name) + 1]


@pytest.fixture(scope="module", params=range(100_001, 100_013))
def pdf(request: pytest.FixtureRequest) -> bytes:
    return render(draw_up(request.param, CUSTOMER, seed=1))


def test_an_invoice_has_two_numbered_a4_pages(pdf: bytes) -> None:
    assert b"/Count 2" in pdf
    assert pdf.count(b"/MediaBox [ 0 0 595.2756 841.8898 ]") == 2
    for number, page in enumerate(texts_of(pdf), 1):
        assert f"Page {number} of 2" in page
        assert len(charges_on(page)) >= 10


def test_every_amount_is_quantity_times_price(pdf: bytes) -> None:
    first, second = texts_of(pdf)
    charges = charges_on(first) + charges_on(second)
    assert 38 <= len(charges) <= 42
    for quantity, price, amount in charges:
        assert amount == (quantity * price).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_the_totals_add_up(pdf: bytes) -> None:
    first, second = texts_of(pdf)
    carried = sum(amount for *_, amount in charges_on(first))
    net = carried + sum(amount for *_, amount in charges_on(second))
    vat = money(after(second, "VAT 25%"))
    assert money(after(first, "Carried forward")) == money(after(second, "Brought forward")) == carried
    assert money(after(second, "Total without VAT")) == net
    assert vat == (net * Decimal("0.25")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert money(after(second, "Total to pay in DKK")) == net + vat


def test_the_payment_reference_carries_the_number_and_its_check_digit(pdf: bytes) -> None:
    first, second = texts_of(pdf)
    reference = re.fullmatch(r"\+71<(\d{15})\+\d{8}<", after(second, "Payment slip"))
    assert reference
    assert luhn.is_valid(reference[1])
    assert int(reference[1][:-1]) == int(after(first, "Invoice number"))


def test_seller_customer_and_dates_are_named(pdf: bytes) -> None:
    first, _ = texts_of(pdf)
    assert {"Havnehuset ApS", "8000 Aarhus C", "Denmark"} <= set(first)
    assert after(first, "Customer number") == "10023"
    assert DATE.fullmatch(after(first, "Invoice date"))
    assert DATE.fullmatch(after(first, "Due date"))


def test_every_letter_is_embedded(pdf: bytes) -> None:
    fonts = re.findall(rb"/BaseFont /(\S+)", pdf)
    assert fonts
    assert all(font.startswith(b"AAAAAA+BitstreamVera") for font in fonts)


def test_an_invoice_is_the_same_whatever_was_rendered_before(pdf: bytes) -> None:
    number = int(after(texts_of(pdf)[0], "Invoice number"))
    assert render(draw_up(number, CUSTOMER, seed=1)) == pdf

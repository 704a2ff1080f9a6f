"""Does an invoice that a FarPay client gives as data alone leave as a PDF, the same one each time?"""

import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from requests import Session
from sqlalchemy import Engine, text

from config.gateway import Seller
from duepost import invoice_pdf
from duepost.documents import DocumentStore
from duepost.invoice_font import font
from duepost.ledger.accounts import add_account
from duepost.sends import Kind
from gateway.farpay.invoice import Given
from gateway.farpay.paper import paper
from sandbox.child import wait_until
from tests.gateway.conftest import ACCOUNT, ZONE, Serve, Served
from tests.gateway.farpay.conftest import Client
from tests.gateway.farpay.test_create import rows
from tests.papers import PDF

SELLER = {"name": "Havnehuset ApS", "address": ["Kajgaden 14", "1799 København V"], "vat_number": "DK12345674"}
LINE = {"ProductNumber": "T1001", "Description": "Test product", "BasePrice": 50, "Quantity": 2, "TaxRate": 25}
# The example of FarPay's own page, with a receiver of its name.
WHOLE: dict[str, Any] = {
    "InvoiceDate": "2026-11-10",
    "InvoiceAmount": 100,
    "TaxAmount": 25,
    "ToBePaidAmount": 125,
    "InvoiceNote": "This is a demo note",
    "PaymentDueDate": "2026-12-27",
    "Recepient": {
        "CustomerNumber": "4434",
        "Name": "Kunde A/S",
        "Street": "Torvet 1",
        "PostCode": "8000",
        "City": "Aarhus",
    },
    "InvoiceLines": [
        {**LINE, "LineNumber": 1, "DiscountRate": 0, "DiscountedPrice": 0, "TaxAmount": 12.50, "Amount": 125}
    ],
    "TextLines": "Textline1\nTextline2 test",
}


@pytest.fixture
def gateway(serve: Serve, database_url: str, engine: Engine) -> Served:
    """One that knows who the account's invoices are from."""
    with engine.begin() as connection:
        add_account(connection, ACCOUNT, ZONE)
    return serve(database_url, gateway={"sellers": {ACCOUNT: {**SELLER, "language": "da"}}})


def test_data_alone_leaves_as_a_pdf_and_again_as_the_same(client: Client, engine: Engine, tmp_path: Path) -> None:
    made = client.create(**WHOLE)
    client.call("PATCH", f"/{made['Id']}", json={"Send": {"Channel": "Email", "ToAddress": "bo@customer.dk"}})
    assert rows(engine, "filename") == [("INV-001.pdf",)] * 2
    [(digest, media_type)] = rows(engine, "sha256, media_type", "document")
    assert media_type == "application/pdf"
    with pikepdf.open(BytesIO(DocumentStore(tmp_path / "documents").read(digest))) as pdf:
        assert len(pdf.pages) == 1
    assert client.create(InvoiceNumber="INV-002", **WHOLE)["SendStatus"] == 100
    assert len(rows(engine, "sha256", "document")) == 2


def test_whoever_waits_for_a_pdf_keeps_nobody_else_waiting(client: Client, engine: Engine) -> None:
    with ThreadPoolExecutor(1) as thread:
        with invoice_pdf._one_at_a_time:
            asked = thread.submit(client.create, **WHOLE)
            assert wait_until(waits_for_paper, timedelta(seconds=30))
            others = Session()
            with others:
                others.trust_env = False
                assert others.get(f"{client.served.url}/healthz", timeout=30).status_code == 200
            assert not asked.done()
            with engine.connect() as connection:
                held = (
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
                )
                assert connection.execute(text(held)).scalar() == 0
        assert asked.result(60)["SendStatus"] == 100


def waits_for_paper() -> bool:
    """Whether a thread of this process is about to make a PDF."""
    stacks = sys._current_frames().values()
    return any(frame.f_code is invoice_pdf.render.__code__ for frame in stacks)


def test_it_can_be_printed(client: Client, engine: Engine) -> None:
    client.create({"Channel": "Print"}, **WHOLE)
    assert rows(engine, "channel, filename, units") == [("print", "INV-001.pdf", 1)]


def test_a_pdf_of_the_callers_own_stays(client: Client, engine: Engine) -> None:
    client.create(PdfInvoice={"Filename": "own.pdf", "Data": b64encode(PDF).decode()}, **WHOLE)
    assert rows(engine, "filename, size", "send JOIN document ON document_sha256 = sha256") == [("own.pdf", len(PDF))]


@pytest.mark.parametrize(
    ("send", "changes"),
    [
        ({"Channel": "Email", "ToAddress": "a@b.dk"}, {"InvoiceLines": []}),
        ({"Channel": "Email", "ToAddress": "a@b.dk"}, {"TaxAmount": 26}),
        ({"Channel": "SMS", "ToAddress": "+4533445566"}, {}),
    ],
)
def test_otherwise_it_goes_as_text_alone(
    client: Client, engine: Engine, send: dict[str, str], changes: dict[str, Any]
) -> None:
    client.create(send, **{**WHOLE, **changes})
    assert rows(engine, "document_sha256") == [(None,)]


def test_an_account_without_a_seller_sends_text(
    serve: Serve, client: Client, engine: Engine, database_url: str
) -> None:
    Client(serve(database_url), client.key).create(**WHOLE)
    assert rows(engine, "document_sha256") == [(None,)]


def made_of(**changes: Any) -> bytes | None:
    seller = Seller(name="Havnehuset ApS", address=("Kajgaden 14",))
    return paper(Given({"Currency": "dkk", **WHOLE, **changes}), "1001", Kind.INVOICE, None, seller)


def line(**changes: Any) -> list[dict[str, Any]]:
    return [{**LINE, **changes}]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"InvoiceAmount": 125},
        {"InvoiceAmount": None, "TaxAmount": None, "ToBePaidAmount": None},
        {"InvoiceLines": line(BasePrice="62.50", DiscountRate=20, DiscountedPrice=50)},
        {"InvoiceLines": line(BasePrice="62.50", DiscountRate=20, Amount=100)},
        {"InvoiceLines": line(BasePrice="5e1", Quantity="2.0")},
        {"TextLines": ["one", "two"]},
    ],
)
def test_a_pdf_is_made_of(changes: dict[str, Any]) -> None:
    found = made_of(**changes)
    assert found is not None
    assert found == made_of(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"InvoiceDate": None},
        {"InvoiceDate": "soon"},
        {"Currency": None},
        {"Recepient": {"CustomerNumber": "4434"}},
        {"InvoiceAmount": 101},
        {"ToBePaidAmount": 100},
        {"InvoiceLines": "string"},
        {"InvoiceLines": ["string"]},
        {"InvoiceLines": line(BasePrice=None)},
        {"InvoiceLines": line(BasePrice="1e999999")},
        {"InvoiceLines": line(DiscountedPrice="1e99")},
        {"InvoiceLines": line(BasePrice=True)},
        {"InvoiceLines": line(Quantity=None)},
        {"InvoiceLines": line(TaxRate=None)},
        {"InvoiceLines": line(Amount=99)},
        {"InvoiceLines": line(DiscountedPrice=40)},
        {"InvoiceLines": line(Description=None, ProductNumber=None)},
        {"InvoiceLines": line(Description=["a"])},
        {"InvoiceNote": "\N{SNOWMAN}"},
    ],
)
def test_no_pdf_is_made_of_what_is_not_whole_or_contradicts_itself(changes: dict[str, Any]) -> None:
    assert made_of(**changes) is None


def test_without_reportlab_it_goes_as_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "reportlab"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "reportlab", None)
    monkeypatch.setattr(invoice_pdf, "font", font.__wrapped__)
    assert made_of() is None

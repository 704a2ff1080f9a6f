"""Is a mail without an address printed instead, where the settings say so, and what is left of it?"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from duepost import InvalidSend, NewSend
from duepost.documents import DocumentStore
from duepost.features import EVERYTHING, OF_INVOICE_SYSTEMS
from duepost.intake import Door, Intake
from duepost.ledger.accounts import add_account
from duepost.ledger.lanes import DeclaredLane, declare
from duepost.ledger.orders import read_order
from duepost.ledger.release import release
from duepost.ledger.schema import attachment, send, state
from duepost.options import Options
from duepost.rules import Rules
from duepost.sends import Attachment, Channel, Receipt
from duepost.testing import FakeDuepost
from tests.duepost.ledger.conftest import MINUTE
from tests.worker.conftest import AttempterOf
from tests.worker.print_run.conftest import pdf_of
from tests.worker.test_attempt import attempt, standing
from worker.providers.print_run import PrintRun

PDF, XML = pdf_of(2, "letter"), b"<Invoice/>"
RULES = Rules(missing_address="print")
MAIL = NewSend(channel="Email", invoice="1001", document=PDF)
LANES = [
    DeclaredLane("email", Channel.EMAIL, "smtp", "smtp", EVERYTHING - OF_INVOICE_SYSTEMS),
    DeclaredLane("print", Channel.PRINT, "house", "print-run", PrintRun().features),
    DeclaredLane("second", Channel.PRINT, "house2", "print-run", PrintRun().features),
]
# what a mail asks for that no letter has -> as the warning names it
OF_A_MAIL: list[tuple[dict[str, Any], str]] = [
    ({"subject": "Invoice 1001"}, "Subject"),
    ({"note": "Dear customer"}, "Note"),
    ({"sender": "billing@shop.dk"}, "From"),
    ({"sender_name": "Shop"}, "FromName"),
    ({"bcc": "boss@shop.dk"}, "Bcc"),
    ({"confirm_read": "yes"}, "ConfirmRead"),
    ({"internal_note": "by hand"}, "InternalNote"),
    ({"provider_documents": "11"}, "ProviderDocuments"),
    ({"lane": "email"}, "Lane"),
    ({"attachments": (Attachment(XML, "1001.xml"),)}, "Attachments (no PDF)"),
    ({"document": XML, "attachments": (Attachment(PDF, "1001.pdf"),)}, "Document (no PDF)"),
]


@pytest.fixture
def lax(engine: Engine, documents: DocumentStore) -> Door:
    with engine.begin() as connection:
        add_account(connection, "default", "Europe/Copenhagen")
        declare(connection, LANES)
    return Door(RULES, documents)


def taken(engine: Engine, door: Door, asked: NewSend) -> Receipt:
    with engine.begin() as connection:
        intake = Intake(connection, door, source="python")
        [checked] = intake.check(asked)
        return intake.accept(intake.prepare(checked))


def problems(engine: Engine, door: Door, asked: NewSend) -> Sequence[InvalidSend]:
    with engine.begin() as connection:
        return Intake(connection, door, source="python").problems(asked)


@pytest.mark.parametrize(("fields", "named"), OF_A_MAIL, ids=[named for _, named in OF_A_MAIL])
def test_what_no_letter_has_is_left_out_with_a_warning(
    engine: Engine, lax: Door, fields: dict[str, Any], named: str
) -> None:
    receipt = taken(engine, lax, replace(MAIL, **fields))
    assert receipt.warnings == (f"ToAddress is missing: it is printed instead, without {named}.",)
    assert receipt.units == 2
    with engine.connect() as connection:
        row = connection.execute(select(send.c.channel, send.c.subject, send.c.note, send.c.options)).one()
        lane = connection.execute(select(state.c.lane)).scalar_one()
        attached = connection.execute(select(attachment)).all()
    assert (row.channel, row.subject, row.note, Options.from_json(row.options)) == ("print", None, None, Options())
    assert (lane, attached) == ("print", [])


def test_all_of_it_gathers_for_the_print_run(engine: Engine, lax: Door, attempter_of: AttempterOf) -> None:
    fields: dict[str, Any] = {}
    for one, _ in OF_A_MAIL[:-1]:
        fields |= one
    receipt = taken(engine, lax, replace(MAIL, to_address=" ", **fields))
    names = ", ".join(named for _, named in OF_A_MAIL[:-1])
    assert receipt.warnings == (f"ToAddress is missing: it is printed instead, without {names}.",)
    with engine.begin() as connection:
        lease = release(connection, "print", 1, MINUTE).lease
        [leased] = read_order(connection, lease, [receipt.id])
    attempt(replace(attempter_of(PrintRun()), channel=Channel.PRINT, lane="print", routes={}), lease, leased)
    assert standing(engine, leased).status == 150


def test_a_mail_that_asks_for_nothing_loses_nothing(engine: Engine, lax: Door) -> None:
    asked = replace(
        MAIL, confirm_read="false", lane=" ", bcc="", attach="pdf", attachments=(Attachment(XML, "1001.xml"),)
    )
    assert taken(engine, lax, asked).warnings == ("ToAddress is missing: it is printed instead.",)


def test_a_lane_that_prints_is_kept(engine: Engine, lax: Door) -> None:
    receipt = taken(engine, lax, replace(MAIL, lane="email, second"))
    assert receipt.warnings == ("ToAddress is missing: it is printed instead, without Lane.",)
    with engine.connect() as connection:
        assert connection.execute(select(state.c.lane)).scalar_one() == "second"


def test_a_mail_with_an_address_and_a_letter_are_left_as_they_are(engine: Engine, lax: Door) -> None:
    mail = replace(MAIL, to_address="anna@customer.dk", subject="Invoice 1001", lane="email")
    assert taken(engine, lax, mail).warnings == ()
    assert taken(engine, lax, replace(MAIL, channel="print", invoice="1002")).warnings == ()
    [problem] = problems(engine, lax, replace(MAIL, channel="print", invoice="1003", subject="Invoice"))
    assert problem.field == "Subject"


@pytest.mark.parametrize(
    "fields",
    [{"document": None}, {"document": XML}, {"attach": "none"}, {"attach": "xml"}],
    ids=["no document", "an e-invoice alone", "none goes along", "the XML alone goes along"],
)
def test_without_a_pdf_there_is_nothing_to_print(engine: Engine, lax: Door, fields: dict[str, Any]) -> None:
    asked = replace(MAIL, subject="Invoice 1001", lane="email", **fields)
    with pytest.raises(InvalidSend) as wrong:
        taken(engine, lax, asked)
    told = "ToAddress is missing, and no PDF goes along that could be printed instead"
    assert str(wrong.value) == f"{told}: give an e-mail address, or the invoice as a PDF"
    assert [str(one) for one in problems(engine, lax, asked)] == [str(wrong.value)]


def test_every_other_fault_is_told_beside_it(engine: Engine, lax: Door) -> None:
    asked = replace(MAIL, document=None, subject="Invoice", invoice="", schedule_send_date="soon")
    assert [one.field for one in problems(engine, lax, asked)] == ["ToAddress", "ScheduleSendDate", "InvoiceNumber"]


def test_a_second_pdf_is_refused_rather_than_left_out(engine: Engine, lax: Door) -> None:
    with pytest.raises(InvalidSend, match="Attachments cannot be expressed by provider account house"):
        taken(engine, lax, replace(MAIL, attachments=(Attachment(pdf_of(1, "terms"), "terms.pdf"),)))


def test_a_document_that_cannot_be_read_is_told_as_such(engine: Engine, lax: Door, tmp_path: Path) -> None:
    with pytest.raises(InvalidSend, match="Document does not exist"):
        taken(engine, lax, replace(MAIL, document=tmp_path / "gone.pdf"))


def test_the_fake_of_the_client_does_the_same() -> None:
    with FakeDuepost(rules=RULES) as fake:
        receipt = fake.send(replace(MAIL, subject="Invoice 1001", lane="email"))
    assert receipt.warnings == ("ToAddress is missing: it is printed instead, without Subject, Lane.",)

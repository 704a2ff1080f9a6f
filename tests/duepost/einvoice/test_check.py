"""Is what a door takes as an e-invoice one that keeps its schema?"""

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from duepost import NewSend, Receipt, Rules
from duepost.einvoice.check import check_document
from duepost.einvoice.look import OTHER_RECEIVER
from duepost.errors import InvalidSend
from duepost.intake import Door, Intake
from sandbox.invoice_xml import invoice_xml
from tests.duepost.einvoice.samples import GOOD, MISSHAPEN, PUBLISHED, UNRULY

GLN = "5790000435975"
SEND = NewSend(channel="xml", invoice="1001", to_address=GLN, document=invoice_xml())


def accepted(intake: Intake, send: NewSend) -> Receipt:
    [checked] = intake.check(send)
    return intake.accept(intake.prepare(checked))


@pytest.mark.parametrize("content", [*GOOD.values(), *UNRULY.values()], ids=[*GOOD, *UNRULY])
def test_a_good_document_passes_without_a_word(content: bytes) -> None:
    assert check_document(content, GLN, Rules()) == ()


@pytest.mark.parametrize(
    ("was", "becomes", "element"),
    [
        (b"2026-06-30", b"30.06.2026", "IssueDate"),
        (b"<cbc:ID>1001</cbc:ID>", b"", "IssueDate"),  # what stands where the number has to
        (b"<cbc:Percent>25<", b"<cbc:Percent>lots<", "Percent"),
    ],
)
def test_a_breach_of_the_schema_names_line_and_element(was: bytes, becomes: bytes, element: str) -> None:
    with pytest.raises(InvalidSend, match=rf"^Document breaks UBL's schema in line \d+: mend element {element}$"):
        check_document(invoice_xml().replace(was, becomes), GLN, Rules())


def test_farpays_own_example_gln_is_refused_and_by_the_rules_only_warned_of(billing: Connection, door: Door) -> None:
    send = replace(SEND, to_address="5790000123456", document=invoice_xml(receiver="0088:5790000123456"))
    with pytest.raises(InvalidSend, match=r"^ToAddress is a GLN with a wrong check digit"):
        Intake(billing, door, source="test").check(send)
    lenient = Intake(billing, Door(Rules(gln_check="warn"), door.documents), source="test")
    assert len(accepted(lenient, send).warnings) == 2  # of ToAddress and of the document


def test_an_xml_send_needs_an_e_invoice(billing: Connection, door: Door) -> None:
    intake = Intake(billing, door, source="test")
    for document in (None, b"%PDF-1.4\n", b"<?xml version='1.0'?><Order/>"):
        send = replace(SEND, document=document)
        assert [problem.field for problem in intake.problems(send)] == ["Document"]
        with pytest.raises(InvalidSend, match=r"^Document "):
            accepted(intake, send)


def test_warnings_of_the_document_stand_in_the_receipt(billing: Connection, door: Door) -> None:
    intake = Intake(billing, door, source="test")
    receipt = accepted(intake, replace(SEND, to_address="0184:DK13585628"))
    assert receipt.warnings == (OTHER_RECEIVER,)


@pytest.mark.parametrize("content", MISSHAPEN.values(), ids=MISSHAPEN)
def test_each_misshapen_sample_breaks_the_schema(content: bytes) -> None:
    with pytest.raises(InvalidSend, match=r"^Document breaks UBL's schema in line \d+"):
        check_document(content, GLN, Rules())


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="EINVOICE_SAMPLES names no published examples")
def test_of_the_public_samples_of_peppol_only_the_greek_ones_break_the_schema() -> None:
    refused = set()
    for sample in sorted(PUBLISHED.glob("*.xml")):
        try:
            check_document(sample.read_bytes(), None, Rules(gln_check="warn"))
        except InvalidSend as problem:
            refused.add((sample.stem, problem.problem.partition(" in line")[0]))
    breach = "breaks UBL's schema"
    assert refused == {("GR-base-example-TaxRepresentative", breach), ("GR-base-example-correct", breach)}

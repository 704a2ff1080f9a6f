"""Is every document known for what it is, and is what cannot travel refused by name?"""

import pytest

from duepost.einvoice.look import NO_RECEIVER, OTHER_RECEIVER, WRONG_DIGIT, look
from duepost.einvoice.profiles import Profile
from duepost.errors import InvalidSend
from sandbox.invoice_xml import invoice_xml, oioubl_xml

GLN = "5790000435975"
UBL = "urn:oasis:names:specification:ubl:schema:xsd"


@pytest.mark.parametrize(("kind", "root"), [("invoice", "Invoice"), ("credit_note", "CreditNote")])
def test_peppol_bis_billing_3_is_known_with_its_identifiers(kind: str, root: str) -> None:
    found = look(invoice_xml(kind=kind), GLN)  # type: ignore[arg-type]
    assert (found.profile, found.kind, found.receiver, found.warnings) == (Profile.PEPPOL, kind, f"0088:{GLN}", ())
    assert found.document_type == (
        f"busdox-docid-qns::{UBL}:{root}-2::{root}##urn:cen.eu:en16931:2017#compliant"
        "#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1"
    )
    assert found.process == "cenbii-procid-ubl::urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"


def test_en_16931_in_ubl_is_known() -> None:
    assert look(invoice_xml(customization="urn:cen.eu:en16931:2017"), GLN).profile is Profile.EN16931


def test_oioubl_is_known_and_its_scheme_for_a_gln_read() -> None:
    found = look(oioubl_xml(), GLN)
    assert (found.profile, found.receiver, found.warnings) == (Profile.OIOUBL, f"0088:{GLN}", ())


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"<?xml version='1.0'?><Order xmlns='urn:x'/>", "no UBL invoice or credit note but <Order>"),
        (b"<?xml version='1.0'?><Invoice/>", "no UBL invoice or credit note but <Invoice>"),
        (invoice_xml(customization="urn:shop:1"), "CustomizationID urn:shop:1"),
        (invoice_xml(process="urn:shop:process"), "ProfileID urn:shop:process"),
        (invoice_xml(customization=""), "CustomizationID none"),
    ],
)
def test_anything_else_is_refused_with_what_was_found(content: bytes, found: str) -> None:
    with pytest.raises(InvalidSend, match=found) as refused:
        look(content, GLN)
    assert refused.value.field == "Document"


def test_another_receiver_in_the_document_is_a_warning() -> None:
    assert look(invoice_xml(receiver="0184:DK13585628"), GLN).warnings == (OTHER_RECEIVER,)
    assert look(invoice_xml(receiver="0184:13585628"), "0184:DK13585628").warnings == ()


def test_a_comment_within_an_identifier_is_no_part_of_it() -> None:
    content = invoice_xml().replace(b">5790000435975<", b">5790<!-- GLN -->000435975<")
    assert look(content, GLN) == look(invoice_xml(), GLN)


def test_a_document_without_a_receiver_is_a_warning() -> None:
    # The first EndpointID is the supplier's.
    before, _, after = invoice_xml().rpartition(b"<cbc:EndpointID")
    assert look(before + after.partition(b"</cbc:EndpointID>")[2], GLN).warnings == (NO_RECEIVER,)


@pytest.mark.parametrize("receiver", ["0088:5790000123456", "0184:DK12345675"])
def test_a_wrong_check_digit_is_refused_and_by_the_rules_only_told(receiver: str) -> None:
    content = invoice_xml(receiver=receiver)
    with pytest.raises(InvalidSend, match="wrong check digit"):
        look(content, receiver)
    assert look(content, receiver, "warn").warnings == (WRONG_DIGIT,)

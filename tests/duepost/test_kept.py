"""Which documents of a send are kept and counted, and under which names do they reach their receiver?"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from duepost.documents import DocumentStore
from duepost.errors import InvalidSend
from duepost.features import EVERYTHING
from duepost.kept import einvoice, filename_of, pages, stored
from duepost.ledger.lanes import DeclaredLane
from duepost.rules import Rules
from duepost.sends import Attachment, Channel, CheckedSend, DocumentSource, NewSend, Reference
from duepost.validation import check
from sandbox.invoice_xml import invoice_xml
from tests.duepost.test_validation import NOW
from tests.papers import PDF
from tests.worker.print_run.conftest import pdf_of


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(tmp_path / "store")


def checked(**given: object) -> CheckedSend:
    send = NewSend(channel="email", invoice="1001.2", to_address="accounts@customer.dk", **given)  # type: ignore[arg-type]
    return check(send, zone="Europe/Copenhagen", now=NOW, rules=Rules())


def name_of(store: DocumentStore, source: DocumentSource, filename: str | None = None) -> str | None:
    send = checked(document=source, filename=filename)
    return filename_of(send, stored(send, store, {}, Rules())[0])


def test_what_came_without_a_path_is_named_after_the_invoice_and_its_kind(store: DocumentStore) -> None:
    reference = Reference(store.put(PDF).sha256.hex())
    assert (name_of(store, PDF), name_of(store, reference)) == ("1001.2.pdf", "1001.2.pdf")
    assert name_of(store, b"<Invoice/>") == "1001.2.xml"


@pytest.mark.parametrize(
    ("given", "seen"), [("Faktura", "Faktura.pdf"), ("Faktura.PDF", "Faktura.PDF"), ("a.xml", "a.xml.pdf")]
)
def test_a_given_name_ends_as_the_kind_does(store: DocumentStore, given: str, seen: str) -> None:
    assert name_of(store, PDF, given) == seen


def test_a_files_own_name_stays(store: DocumentStore, tmp_path: Path) -> None:
    (tmp_path / "1001").write_bytes(PDF)
    assert (name_of(store, tmp_path / "1001"), name_of(store, tmp_path / "1001", "Faktura")) == ("1001", "Faktura")


def test_attachments_are_named_in_the_same_way(store: DocumentStore) -> None:
    send = checked(attachments=(Attachment(PDF), Attachment(b"<Invoice/>", "invoice")))
    assert [name for _, name in stored(send, store, {}, Rules())[1]] == ["1001.2.pdf", "invoice.xml"]


@pytest.mark.parametrize("swap", [lambda file: file.write_bytes(pdf_of(3, "other")), lambda file: file.unlink()])
def test_the_pages_of_what_was_kept_count_whatever_lies_there_by_now(
    store: DocumentStore, tmp_path: Path, swap: Callable[[Path], object]
) -> None:
    file, further = tmp_path / "1001.pdf", tmp_path / "further.pdf"
    file.write_bytes(pdf_of(2, "letter"))
    further.write_bytes(pdf_of(1, "further"))
    send = checked(document=file, attachments=(Attachment(further),))
    kept = stored(send, store, {}, Rules())
    swap(file)
    swap(further)
    assert pages(send, kept, store) == 3


def test_the_e_invoice_that_was_kept_is_checked_whatever_lies_there_by_now(
    store: DocumentStore, tmp_path: Path
) -> None:
    file = tmp_path / "1001.xml"
    file.write_bytes(invoice_xml("1001"))
    send = checked(document=file)
    document, _ = stored(send, store, {}, Rules())
    file.write_bytes(b"<Letter/>")
    assert einvoice(replace(send, to_address="5790000435975"), store, Rules(), document) == ()


def test_a_store_that_only_judges_says_that_the_file_has_changed(store: DocumentStore, tmp_path: Path) -> None:
    file = tmp_path / "1001.pdf"
    file.write_bytes(pdf_of(2, "letter"))
    judge, send = replace(store, writes=False), checked(document=file)
    kept = stored(send, judge, {}, Rules())
    file.write_bytes(pdf_of(3, "other"))
    with pytest.raises(InvalidSend, match="Document has changed while it was looked at"):
        pages(send, kept, judge)


def test_a_document_that_attach_leaves_out_counts_for_no_accounts_limit(store: DocumentStore) -> None:
    lane = DeclaredLane("email", Channel.EMAIL, "mail", "smtp", EVERYTHING, largest=len(PDF))
    send = checked(document=PDF, attachments=(Attachment(b"<Invoice>" + b" " * 5000 + b"</Invoice>"),))
    only_pdf = replace(send, options=replace(send.options, attach=("pdf",)))
    document, attached = stored(only_pdf, store, {"email": lane}, Rules())
    assert (document is not None, len(attached)) == (True, 1)
    for roles in (None, ("xml",)):
        with pytest.raises(InvalidSend, match=r"^Document takes .* provider account mail takes"):
            stored(replace(send, options=replace(send.options, attach=roles)), store, {"email": lane}, Rules())

"""Under which names do the documents of a send reach their receiver?"""

from pathlib import Path

import pytest

from duepost.documents import DocumentStore
from duepost.kept import filename_of, stored
from duepost.rules import Rules
from duepost.sends import Attachment, CheckedSend, DocumentSource, NewSend, Reference
from duepost.validation import check
from tests.duepost.test_validation import NOW

PDF = b"%PDF-1.7\n%%EOF\n"


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

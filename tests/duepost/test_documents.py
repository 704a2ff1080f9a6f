"""Where do the documents lie, and is this one a document at all?"""

import os
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from duepost.document_kinds import BOM, StoredDocument
from duepost.documents import DocumentDamaged, DocumentStore
from duepost.errors import InvalidSend
from duepost.sends import Reference
from tests.papers import PDF, jpeg, pdf_with, tiff


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(tmp_path / "store")


def folder_of(store: DocumentStore) -> Path:
    assert isinstance(store.place, Path)
    return store.place


def files_in(store: DocumentStore) -> list[Path]:
    return [path for path in folder_of(store).rglob("*") if path.is_file()]


def test_a_document_lies_under_the_name_of_its_content(store: DocumentStore) -> None:
    digest = sha256(PDF)
    assert store.put(PDF) == StoredDocument(digest.digest(), "application/pdf", len(PDF))
    name = digest.hexdigest()
    assert files_in(store) == [folder_of(store) / name[:2] / name]
    assert store.read(digest.digest()) == PDF


def test_a_path_and_its_bytes_are_the_same_document(store: DocumentStore, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    assert store.put(tmp_path / "a.pdf") == store.put(PDF)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (b"<?xml version='1.0'?><Invoice/>", "application/xml"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Invoice/>", "application/xml"),
        (b"\x89PNG\r\n\x1a\n0IEND\xaeB`\x82", "image/png"),
        (jpeg(), "image/jpeg"),
        (tiff(), "image/tiff"),
        (tiff(order=">"), "image/tiff"),
        (b"<Invoice/>", "application/xml"),
        (BOM + b"\n<!-- made by hand -->\n<ubl:Invoice xmlns:ubl='urn:x'/>", "application/xml"),
    ],
)
def test_the_media_type_is_read_from_the_first_bytes(store: DocumentStore, content: bytes, media_type: str) -> None:
    assert store.put(content).media_type == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00",
        b"<html></html>",
        b"<HTML lang='da'>",
        b"<!DOCTYPE html>",
        b"<3",
        b"< a/>",
        b"PK\x03\x04",
        b"hello",
        b" %PDF-1.7",
    ],
)
def test_anything_else_is_refused_and_not_kept(store: DocumentStore, content: bytes) -> None:
    with pytest.raises(InvalidSend, match=r"^Document is of an unknown kind"):
        store.put(content)
    assert not files_in(store)


def test_empty_and_oversized_documents_are_refused(tmp_path: Path) -> None:
    store = DocumentStore(tmp_path / "store", limit=len(PDF))
    store.put(PDF)
    (tmp_path / "large.pdf").write_bytes(PDF + b"\n")
    (tmp_path / "empty.pdf").touch()
    for source in (PDF + b"\n", tmp_path / "large.pdf"):
        with pytest.raises(InvalidSend, match=rf"^Document is larger than {len(PDF)} bytes"):
            store.put(source)
    for source in (b"", tmp_path / "empty.pdf"):
        with pytest.raises(InvalidSend, match=r"^Document is empty"):
            store.put(source)


def test_a_document_that_cannot_be_read_is_refused(store: DocumentStore, tmp_path: Path) -> None:
    for path, problem in (("missing.pdf", "does not exist"), (".", "is a folder"), ("a\0.pdf", "cannot be read")):
        with pytest.raises(InvalidSend, match=rf"^Document {problem}"):
            store.put(tmp_path / path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"%PDF-1.7\n" + bytes(5000), "is a PDF that breaks off"),
        (PDF + bytes(5000), "is a PDF that breaks off"),
        (PDF[:-10], "is a PDF that breaks off"),
        (b"%PDF-1.7\n%%EOF", "is a PDF that is damaged"),
        (b"%PDF-1.7\n" + bytes(50_000) + b"\n%%EOF\n", "is a PDF that is damaged"),
        (b"%PDF-1.7\nstartxref\n9999999\n%%EOF\n", "is a PDF that is damaged"),
        (b"%PDF-1.7\n" + b"1 0 obj\n" * 60_000 + b"%%EOF\n", "is a PDF that is damaged"),
        (PDF.replace(b"startxref", b"startxxxx").replace(b"/Kids[3 0 R]/Count 1", b""), "is a PDF that is damaged"),
        (b"\x89PNG\r\n\x1a\n0", "is a PNG picture that breaks off"),
        (b"\xff\xd8\xff\xe0", "is a JPEG picture that breaks off"),
        (jpeg()[:-1], "is a JPEG picture that breaks off"),
        (jpeg(b"\xff\xd9.")[:-2], "is a JPEG picture that breaks off"),
        (b"II*\0", "is a TIFF picture that breaks off"),
        (b"II*\0\xff\xff\0\0", "is a TIFF picture that breaks off"),
        (b"MM\0*\0\0\0\x08\0\0\0\0\0\0", "is a TIFF picture that breaks off"),
        (tiff()[:20], "is a TIFF picture that breaks off"),
        (tiff()[:-1], "is a TIFF picture that breaks off"),
        (tiff(strips=3)[:-1], "is a TIFF picture that breaks off"),
        (tiff(strips=3, order=">")[:60], "is a TIFF picture that breaks off"),
        (b"<Invoice><Line></Invoice>", r"is no well-formed XML \(line 1\)"),
        (b"<!-- hidden --><a>&undefined;</a>", r"is no well-formed XML \(line 1\)"),
        (b"<a>" * 101 + b"</a>" * 101, "is nested deeper than 100 elements"),
        (b"<?xml version='1.0'?><Invoice>", r"is no well-formed XML \(line 1\)"),
        (b"<?xml version='1.0'?>\n<a>&undefined;</a>", r"is no well-formed XML \(line 2\)"),
        (b"<?xml version='1.0'?><!DOCTYPE a SYSTEM 'http://192.0.2.1/a.dtd'><a/>", "has a DOCTYPE"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "has a DOCTYPE"),
        (b"<?xml version='1.0'?>" + b"<a>" * 101 + b"</a>" * 101, "is nested deeper than 100 elements"),
        (b"<?xml version='1.0'?>" + b"<a>" * 200_000, "is (nested deeper|no well-formed)"),
    ],
)
def test_what_is_damaged_or_dangerous_is_refused(store: DocumentStore, content: bytes, problem: str) -> None:
    with pytest.raises(InvalidSend, match=rf"^Document {problem}"):
        store.put(content)


@pytest.mark.parametrize(
    "content",
    [
        jpeg() + b"\r\n",
        jpeg() + bytes(2000),
        tiff(strips=3),
        tiff() + b"\n",
        PDF + b"\r\n" + bytes(100),
        PDF.replace(b"1.7\n", b"1.7\n% made by a program that counts wrongly\n"),
        PDF.replace(b"startxref\n", b"startxref\n9"),
    ],
)
def test_what_readers_mend_is_taken(store: DocumentStore, content: bytes) -> None:
    assert store.put(content).size == len(content)


def test_a_pdf_that_wants_a_password_is_whole(store: DocumentStore) -> None:
    locked = BytesIO()
    with pikepdf.open(BytesIO(PDF)) as pdf:
        pdf.save(locked, encryption=pikepdf.Encryption(owner="owner", user="user"))
    wrong = locked.getvalue().replace(b"startxref\n", b"startxref\n9")
    for content in (locked.getvalue(), wrong):
        assert store.put(content).media_type == "application/pdf"


def test_a_fifo_keeps_nobody_waiting(store: DocumentStore, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.pdf")
    with pytest.raises(InvalidSend, match=r"^Document is no file"):
        store.put(tmp_path / "a.pdf")


def test_a_reference_is_the_document_that_the_store_holds(store: DocumentStore) -> None:
    stored = store.put(PDF)
    assert store.look(Reference(stored.sha256.hex())) == stored
    assert store.content_of(Reference(stored.sha256.hex())) == PDF


@pytest.mark.parametrize(
    ("reference", "problem"),
    [("0" * 64, "is not in the store"), ("", "is no reference"), ("../../etc/passwd", "is no reference")],
)
def test_a_reference_to_nothing_is_refused(store: DocumentStore, reference: str, problem: str) -> None:
    with pytest.raises(InvalidSend, match=rf"^Document {problem}"):
        store.put(Reference(reference))


def test_a_stored_document_that_was_changed_is_never_given_out(store: DocumentStore) -> None:
    stored = store.put(PDF)
    files_in(store)[0].write_bytes(PDF[:-1])
    with pytest.raises(DocumentDamaged):
        store.read(stored.sha256)
    with pytest.raises(InvalidSend, match=r"^Document is damaged in the store"):
        store.look(Reference(stored.sha256.hex()))


def test_what_was_damaged_is_mended_by_putting_it_anew(store: DocumentStore, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    for source in (PDF, tmp_path / "a.pdf"):
        digest = store.put(source).sha256
        for damage in (PDF[:-1], PDF.replace(b"1.7", b"1.4")):
            files_in(store)[0].write_bytes(damage)
            with pytest.raises(DocumentDamaged):
                store.read(digest)
            store.put(source)
            assert store.read(digest) == PDF


def damage(store: DocumentStore, content: bytes) -> None:
    """Other bytes under the stored document's name, a second later."""
    (file,) = files_in(store)
    changed = file.stat().st_mtime_ns + 1_000_000_000
    file.write_bytes(content)
    os.utime(file, ns=(changed, changed))


@pytest.mark.parametrize("damaged", [PDF[:-1], PDF.replace(b"1.7", b"1.4"), b""])
def test_a_put_notices_by_itself_what_was_damaged_and_mends_it(
    store: DocumentStore, tmp_path: Path, damaged: bytes
) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    for source in (PDF, tmp_path / "a.pdf"):
        store.put(source)
        damage(store, damaged)
        assert store.read(store.put(source).sha256) == PDF


def test_a_reference_to_what_was_damaged_is_refused_until_it_is_put_anew(store: DocumentStore) -> None:
    reference = Reference(store.put(PDF).sha256.hex())
    first = store.put(reference)
    damage(store, PDF[:-1])
    for door in (store.put, store.look):
        with pytest.raises(InvalidSend, match=r"^Document is damaged in the store: put it there anew"):
            door(reference)
    DocumentStore(folder_of(store)).put(PDF)  # as another process does
    assert (store.put(reference), store.look(reference)) == (first, first)


def test_a_document_that_was_only_touched_is_not_written_again(store: DocumentStore) -> None:
    reference = Reference(store.put(PDF).sha256.hex())
    (file,) = files_in(store)
    damage(store, PDF)
    before = file.stat().st_ino, file.stat().st_mtime_ns
    store.put(PDF)
    store.put(reference)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == before


def test_a_reference_named_by_many_rows_is_read_once_and_missed_when_it_is_gone(store: DocumentStore) -> None:
    reference = Reference(store.put(PDF).sha256.hex())
    first = store.put(reference)
    assert all(store.put(reference) is first for _ in range(100))
    files_in(store)[0].unlink()
    with pytest.raises(InvalidSend, match=r"^Document is not in the store"):
        store.put(reference)


def test_reading_what_was_never_put_is_file_not_found(store: DocumentStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.read(bytes(32))


def test_a_look_judges_as_put_does_and_writes_nothing(store: DocumentStore, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    (tmp_path / "a.txt").write_bytes(b"hello")
    seen = [store.look(tmp_path / "a.pdf"), store.look(PDF)]
    with pytest.raises(InvalidSend, match=r"^Document is of an unknown kind"):
        store.look(tmp_path / "a.txt")
    assert not folder_of(store).exists()
    assert seen == [store.put(tmp_path / "a.pdf")] * 2


def test_a_document_looked_at_before_is_kept_when_it_is_put(store: DocumentStore, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    store.look(tmp_path / "a.pdf")
    assert store.read(store.put(tmp_path / "a.pdf").sha256) == PDF


def test_a_store_that_does_not_write_judges_only(tmp_path: Path) -> None:
    store = DocumentStore(tmp_path / "store", writes=False)
    assert store.put(PDF) == store.look(PDF)
    assert not folder_of(store).exists()


def test_content_already_there_is_not_written_again(store: DocumentStore) -> None:
    store.put(PDF)
    [before] = [(path, path.stat().st_ino, path.stat().st_mtime_ns) for path in files_in(store)]
    DocumentStore(folder_of(store)).put(PDF)
    assert [(path, path.stat().st_ino, path.stat().st_mtime_ns) for path in files_in(store)] == [before]


def test_a_file_named_by_many_rows_is_read_once(store: DocumentStore, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    first = store.put(path)
    assert all(store.put(path) is first for _ in range(100))


def test_a_file_replaced_by_another_of_equal_size_and_time_is_read_anew(store: DocumentStore, tmp_path: Path) -> None:
    path, other = tmp_path / "a.pdf", tmp_path / "b.pdf"
    path.write_bytes(PDF)
    first = store.put(path)
    other.write_bytes(PDF.replace(b"1.7", b"1.4"))
    times = path.stat()
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)
    assert store.put(path).sha256 != first.sha256


def test_a_document_removed_from_the_store_is_written_again(store: DocumentStore, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    digest = store.put(path).sha256
    files_in(store)[0].unlink()
    assert store.put(path).sha256 == digest
    assert store.read(digest) == PDF


def test_many_may_put_the_same_content_at_once(store: DocumentStore) -> None:
    content = pdf_with(b"%" * 1_000_000)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: DocumentStore(folder_of(store)).put(content), range(32)))
    assert len(set(found)) == 1
    assert len(files_in(store)) == 1
    assert store.read(found[0].sha256) == content


def test_a_store_that_cannot_be_written_is_the_operators_trouble_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"a file where the folder should be")
    with pytest.raises(OSError, match=r"store"):
        DocumentStore(tmp_path / "store").put(PDF)

"""Where do the documents lie, and is this one a document at all?

Content-addressed: the file `ab/abcdef…` holds the bytes whose SHA-256, in hexadecimal, is its name. Nothing in the
store is ever changed, so any number of processes may share it.
"""

import os
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from duepost.errors import InvalidSend
from duepost.rules import Rules
from duepost.sends import Reference

FIELD = "Document"
REMEMBERED = 4096  # files whose digest is kept; a month-end file names one for all its rows, or one for each

# first bytes -> media type
MAGIC = {
    b"%PDF-": "application/pdf",
    b"<?xml": "application/xml",
    b"\xef\xbb\xbf<?xml": "application/xml",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
}


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in the store. sha256: the 32 bytes that name it. size: bytes."""

    sha256: bytes
    media_type: str
    size: int


@dataclass(frozen=True)
class DocumentStore:
    """The documents in one folder, which is made when it does not exist.

    limit: bytes of the largest document. writes: False for a store that only judges what it is given to keep.
    """

    folder: Path
    limit: int = Rules().document_limit
    writes: bool = True
    # path, time of change, size … of a file read before -> what it held and where that lies, "" when it was not kept
    _seen: dict[tuple[object, ...], tuple[StoredDocument, str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def put(self, source: Path | bytes | Reference) -> StoredDocument:
        """Keep a document; when put returns, it survives a power cut. The same content is written once.

        A file put before and not changed since is not read again.

        Raises: InvalidSend for Document when it is missing, empty, over the limit or of an unknown kind; OSError when
        the store itself cannot be written.
        """
        return self._taken(source, keep=self.writes)

    def look(self, source: Path | bytes | Reference) -> StoredDocument:
        """What `put` would answer and raise, but nothing is written."""
        return self._taken(source, keep=False)

    def read(self, digest: bytes) -> bytes:
        """The content of a stored document. Raises: FileNotFoundError when the store does not hold it."""
        return self._place(digest).read_bytes()

    def _taken(self, source: Path | bytes | Reference, *, keep: bool) -> StoredDocument:
        if isinstance(source, Reference):
            content = self.read(bytes.fromhex(source.sha256))
            return self._judged(content, source)
        if isinstance(source, bytes):
            stored = self._judged(source, source)
            if keep:
                self._keep(source, stored)
            return stored
        try:
            name = os.fspath(source)
            facts = os.stat(name)  # noqa: PTH116 - a month-end file asks for each of its rows: half of Path.stat's cost
            # The change time and the inode tell a file that was replaced by another of equal size and time.
            key = (name, facts.st_mtime_ns, facts.st_size, facts.st_ctime_ns, facts.st_ino)
            seen = self._seen.get(key)
            if seen and (not keep or os.path.exists(seen[1])):  # noqa: PTH110 - as above
                return seen[0]
            with source.open("rb") as file:
                content = file.read(self.limit + 1)
        except FileNotFoundError:
            raise InvalidSend(FIELD, "does not exist", "check the path", source) from None
        except IsADirectoryError:
            raise InvalidSend(FIELD, "is a folder", "name one file in it", source) from None
        except (OSError, ValueError):  # ValueError: a NUL or half a character in the path
            raise InvalidSend(FIELD, "cannot be read", "check the path and who may read it", source) from None
        stored = self._judged(content, source)
        place = os.fspath(self._keep(content, stored)) if keep else ""
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        self._seen[key] = (stored, place)
        return stored

    def _judged(self, content: bytes, source: Path | bytes | Reference) -> StoredDocument:
        if not content:
            raise InvalidSend(FIELD, "is empty", "write the file before it is enqueued", source)
        if len(content) > self.limit:
            raise InvalidSend(FIELD, f"is larger than {self.limit:,} bytes", "make it smaller", source)
        media_type = next((kind for magic, kind in MAGIC.items() if content.startswith(magic)), None)
        if media_type is None:
            raise InvalidSend(FIELD, "is of an unknown kind", "give a PDF, XML, PNG, JPEG or TIFF file", source)
        return StoredDocument(sha256(content).digest(), media_type, len(content))

    def _keep(self, content: bytes, stored: StoredDocument) -> Path:
        place = self._place(stored.sha256)
        if not place.exists():
            _write(place, content)
        # The names, too, must reach the disk, also those that another process has written this very moment.
        _sync_names(place.parent)
        _sync_names(self.folder)
        return place

    def _place(self, digest: bytes) -> Path:
        name = digest.hex()
        return self.folder / name[:2] / name


def _write(place: Path, content: bytes) -> None:
    """Write aside, then rename: a reader finds all of the document or none, and two writers may race."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as aside:
        try:
            aside.write(content)
            aside.flush()
            os.fsync(aside.fileno())
            Path(aside.name).replace(place)
        except BaseException:
            Path(aside.name).unlink(missing_ok=True)
            raise


def _sync_names(folder: Path) -> None:
    names = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)

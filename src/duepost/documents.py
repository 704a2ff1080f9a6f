"""How does a document get into the store, and out of it whole?

Content-addressed: `ab/abcdef…` holds the bytes whose SHA-256, in hexadecimal, is its name. Nothing in the store is ever
changed, so any number of processes may share it.
"""

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from duepost.document_kinds import FIELD, StoredDocument, judged
from duepost.errors import InvalidSend
from duepost.rules import Rules
from duepost.sends import DocumentSource, Reference
from duepost.shelf import Folder, Shelf

REMEMBERED = 4096  # files whose digest is kept; a month-end file names one for all its rows, or one for each
DIGEST = re.compile(r"[0-9a-f]{64}")
Key = TypeVar("Key")
Value = TypeVar("Value")


class DocumentDamaged(OSError):  # noqa: N818 - it says what happened, see duepost.errors
    """The store gives other bytes than were put into it."""


@dataclass(frozen=True)
class DocumentStore:
    """The documents in one folder, which is made when it does not exist, or on another shelf.

    limit: bytes of the largest document. writes: False for a store that only judges what it is given to keep.
    """

    place: Path | Shelf
    limit: int = Rules().document_limit
    writes: bool = True
    # path, time of change, size … of a file read before -> what it held and its name here, "" when it was not kept
    _seen: dict[tuple[object, ...], tuple[StoredDocument, str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    # name here -> the shelf's mark of it when it was found whole
    _whole: dict[str, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def shelf(self) -> Shelf:
        """What holds the bytes."""
        return Folder(self.place) if isinstance(self.place, Path) else self.place

    def put(self, source: DocumentSource) -> StoredDocument:
        """Keep a document; when put returns, it survives a power cut. The same content is written once.

        A file put before and not changed since is not read again. What was changed in the store is written anew.

        Raises: InvalidSend for Document when it is missing, empty, over the limit, damaged or of an unknown kind, and
        for a Reference to what the store does not hold; OSError when the store itself cannot be written.
        """
        return self._taken(source, keep=self.writes)

    def look(self, source: DocumentSource) -> StoredDocument:
        """What `put` would answer and raise, but nothing is written."""
        return self._taken(source, keep=False)

    def read(self, digest: bytes) -> bytes:
        """The content of a stored document.

        Raises: FileNotFoundError when the store does not hold it, DocumentDamaged when it holds other bytes.
        """
        content = self.shelf.read(_name(digest))
        if sha256(content).digest() != digest:
            self._whole.pop(_name(digest), None)  # a put that follows is to mend it
            raise DocumentDamaged(f"document {digest.hex()} is damaged")
        return content

    def content_of(self, source: DocumentSource) -> bytes:
        """The bytes of a source that `look` has found good. Raises: as `put`."""
        if isinstance(source, bytes):
            return source
        return self._referred(source) if isinstance(source, Reference) else self._content(source)

    def content_put(self, source: DocumentSource, stored: StoredDocument) -> bytes:
        """The bytes that `put` has found in the source, though another file may lie there by now.

        Raises: InvalidSend for Document when this store keeps none, OSError when it cannot be read.
        """
        with suppress(InvalidSend):  # the file at hand saves a look into a bucket
            content = self.content_of(source)
            if sha256(content).digest() == stored.sha256:
                return content
        if not self.writes:
            raise InvalidSend(FIELD, "has changed while it was looked at", "try again when it is whole", source)
        return self.read(stored.sha256)

    def _taken(self, source: DocumentSource, *, keep: bool) -> StoredDocument:
        if isinstance(source, bytes):
            stored = judged(source, self.limit, source)
            if keep:
                self._keep(stored, source)
            return stored
        key = (_digits(source),) if isinstance(source, Reference) else _key(source)
        referred = isinstance(source, Reference)
        seen = self._seen.get(key)
        if seen and (not (keep or referred) or (seen[1] and self._is_whole(seen[1]))):
            return seen[0]
        mark = self.shelf.mark(_name(bytes.fromhex(_digits(source)))) if isinstance(source, Reference) else None
        content = self.content_of(source)
        stored = judged(content, self.limit, source)
        name = _name(stored.sha256) if keep or referred else ""
        if referred:
            _remember(self._whole, name, mark)
        elif keep:
            self._keep(stored, content)
        _remember(self._seen, key, (stored, name))
        return stored

    def _keep(self, stored: StoredDocument, content: bytes) -> None:
        """Put it on the shelf, unless this process has found it whole and it lies there as it did."""
        name = _name(stored.sha256)
        if not self._is_whole(name):
            self.shelf.put(name, content)
            _remember(self._whole, name, self.shelf.mark(name))

    def _is_whole(self, name: str) -> bool:
        """As far as its mark tells."""
        found = self._whole.get(name)
        return found is not None and self.shelf.mark(name) == found

    def _content(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(self.limit + 1)
        except FileNotFoundError:
            raise InvalidSend(FIELD, "does not exist", "check the path", path) from None
        except (OSError, ValueError):
            raise _unreadable(path) from None

    def _referred(self, reference: Reference) -> bytes:
        try:
            return self.read(bytes.fromhex(_digits(reference)))
        except FileNotFoundError:
            raise InvalidSend(FIELD, "is not in the store", "put it there with `duepost document add`") from None
        except DocumentDamaged:
            raise InvalidSend(FIELD, "is damaged in the store", "put it there anew") from None


def _remember(memory: dict[Key, Value], key: Key, value: Value) -> None:
    if len(memory) >= REMEMBERED:
        memory.clear()
    memory[key] = value


def _digits(reference: Reference) -> str:
    digits = reference.sha256.strip().lower()
    if not DIGEST.fullmatch(digits):
        raise InvalidSend(FIELD, "is no reference", "write sha256: and 64 hexadecimal digits", reference.sha256)
    return digits


def _name(digest: bytes) -> str:
    name = digest.hex()
    return f"{name[:2]}/{name}"


def _key(path: Path) -> tuple[object, ...]:
    """What tells a file from every other, and from itself after a change."""
    try:
        name = os.fspath(path)
        facts = os.stat(name)  # noqa: PTH116 - a month-end file asks for each of its rows: half of Path.stat's cost
    except FileNotFoundError:
        raise InvalidSend(FIELD, "does not exist", "check the path", path) from None
    except (OSError, ValueError):  # ValueError: a NUL or half a character in the path
        raise _unreadable(path) from None
    if not stat.S_ISREG(facts.st_mode):  # a FIFO would keep its reader waiting
        folder = stat.S_ISDIR(facts.st_mode)
        what = ("is a folder", "name one file in it") if folder else ("is no file", "name a plain file")
        raise InvalidSend(FIELD, *what, path)
    # The change time and the inode tell a file that was replaced by another of equal size and time.
    return name, facts.st_mtime_ns, facts.st_size, facts.st_ctime_ns, facts.st_ino


def _unreadable(path: Path) -> InvalidSend:
    return InvalidSend(FIELD, "cannot be read", "check the path and who may read it", path)

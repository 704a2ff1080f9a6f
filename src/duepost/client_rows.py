"""How is a send written as JSON for the gateway, and how do its documents get there?"""

import stat
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from duepost.errors import InvalidSend
from duepost.rows import COLUMNS
from duepost.sends import DocumentSource, NewSend, Reference

INLINE_BYTES = 64 * 1024  # a document up to here travels within its send
REMEMBERED = 10_000  # documents that the gateway is known to hold
# field of NewSend -> its column, in the first spelling; the others are written by hand
NAMES = {
    field: name for name, field in reversed(COLUMNS.items()) if field not in {"document", "attachments", "account"}
}
DEFAULT_ACCOUNT = "default"  # of a NewSend that names none; a key's own account goes without saying


@dataclass
class Rows:
    """Writes sends. upload: hands one document in and tells its digest, in hexadecimal."""

    upload: Callable[[bytes], str]
    _held: dict[str, None] = field(default_factory=dict, repr=False)
    _seen: dict[str, None] = field(default_factory=dict, repr=False)
    _alone: Lock = field(default_factory=Lock, repr=False)

    def row(self, send: NewSend, run: str | None = None) -> dict[str, Any]:
        """Raises: InvalidSend for a document that cannot be read; what `upload` raises."""
        given = {name: getattr(send, field) for field, name in NAMES.items()}
        row = {name: _plain(value) for name, value in given.items() if value is not None}
        if send.account != DEFAULT_ACCOUNT:
            row["Account"] = send.account
        if run is not None:
            row["Run"] = run
        if send.document is not None:
            row["Document"] = self._document(send.document)
            if isinstance(send.document, Path):
                row.setdefault("Filename", send.document.name)
        if send.attachments:
            row["Attachments"] = [_inline("Attachments", one.source, one.filename) for one in send.attachments]
        return row

    def _document(self, source: DocumentSource) -> Any:
        if isinstance(source, Reference):
            return f"sha256:{source.sha256}"
        content = content_of("Document", source)
        digest = sha256(content).hexdigest()
        if digest not in self._held:
            # What many sends have in common travels once on its own; what one has alone spares a request.
            if len(content) <= INLINE_BYTES and self._fresh(digest):
                return {"Data": b64encode(content).decode()}
            digest = self.upload(content)
            self._remember(self._held, digest)
        return f"sha256:{digest}"

    def _fresh(self, digest: str) -> bool:
        """True the first time."""
        known = digest in self._seen
        self._remember(self._seen, digest)
        return not known

    def _remember(self, known: dict[str, None], digest: str) -> None:
        with self._alone:
            if len(known) >= REMEMBERED:
                known.clear()
            known[digest] = None


def content_of(field: str, source: object) -> bytes:
    """The bytes. Raises: InvalidSend for the field when it is neither bytes nor the path of a file that can be read."""
    if isinstance(source, bytes):
        return source
    if not isinstance(source, Path):
        raise InvalidSend(field, "names no file", "give a Path, bytes or a Reference", source)
    try:
        if not stat.S_ISREG(source.stat().st_mode):
            raise InvalidSend(field, "is no file", "name a plain file", source)
        return source.read_bytes()
    except FileNotFoundError:
        raise InvalidSend(field, "does not exist", "check the path", source) from None
    except (OSError, ValueError):
        raise InvalidSend(field, "cannot be read", "check the path and who may read it", source) from None


def _inline(field: str, source: DocumentSource, filename: str | None) -> Any:
    if isinstance(source, Reference):
        return f"sha256:{source.sha256}"
    content = b64encode(content_of(field, source)).decode()
    name = filename or (source.name if isinstance(source, Path) else None)
    return {"Data": content, **({"Filename": name} if name else {})}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, (str, int, float)) else str(value)

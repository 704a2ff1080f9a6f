"""Which documents may a caller name, and where do those go that come along?"""

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Connection, Engine

from duepost.document_kinds import StoredDocument
from duepost.documents import DocumentStore
from duepost.errors import InvalidSend
from duepost.ledger.engine import answered
from duepost.ledger.invoices import adopt, owned
from duepost.sends import Attachment, DocumentSource, Reference
from gateway.asked import Asked

REMEMBERED = 100_000  # documents known to be somebody's: none ever ceases to be


class NotTheirs(InvalidSend):
    """A document that the account has not handed in; whether another has is not to be told."""


@dataclass
class Owners:
    """Remembers whose documents are whose."""

    engine: Engine
    documents: DocumentStore
    _known: set[tuple[int, bytes]] = field(default_factory=set, repr=False)
    _alone: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def check(self, connection: Connection, account_id: int, asked: Asked) -> None:
        """Raises: NotTheirs for a document that is not the account's, in the words for one that is not there.

        A path is nobody's: what comes from outside opens no file.
        """
        send = asked.send
        if send.document is None and not send.attachments:
            return
        if isinstance(send.document, Path) or any(isinstance(one.source, Path) for one in send.attachments):
            raise NotTheirs("Document", "is no document", "upload it by POST /v1/documents and name it sha256:…")
        named = asked.references
        new = [digest for digest in named if (account_id, digest) not in self._known]
        if not new:
            return
        mine = owned(connection, account_id, new)
        self._remember(account_id, mine)
        if not mine.issuperset(new):
            raise NotTheirs("Document", "is not in the store", "upload it by POST /v1/documents first")

    def keep(self, account_id: int, content: bytes) -> StoredDocument:
        """Store a document as the account's own.

        Raises: InvalidSend for Document; OSError when the store cannot be written; TryLater.
        """
        stored = self.documents.put(content)
        if (account_id, stored.sha256) not in self._known:
            with answered(), self.engine.begin() as connection:
                adopt(connection, account_id, [stored])
            self._remember(account_id, {stored.sha256})
        return stored

    def kept(self, account_id: int, asked: Asked) -> Asked:
        """The same, the documents that came along stored and named. Raises: as keep."""
        send = asked.send

        def named(field_name: str, source: DocumentSource | None) -> DocumentSource | None:
            if not isinstance(source, bytes):
                return source
            try:
                return Reference(self.keep(account_id, source).sha256.hex())
            except InvalidSend as wrong:
                raise InvalidSend(field_name, wrong.problem, wrong.hint) from None

        enclosed = [(named("Attachments", one.source), one.filename) for one in send.attachments]
        attachments = tuple(Attachment(source, name) for source, name in enclosed if source is not None)
        return replace(asked, send=replace(send, document=named("Document", send.document), attachments=attachments))

    def _remember(self, account_id: int, digests: set[bytes]) -> None:
        with self._alone:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known.update((account_id, digest) for digest in digests)

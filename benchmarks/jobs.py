"""How do plain Celery and the bare loop read what is to be sent?"""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from benchmarks.case import ACCOUNT
from config.settings import Settings, load_settings
from duepost.documents import DocumentStore
from duepost.ledger.schema import account, document, send
from worker.accounts import adapter
from worker.providers.port import Document, Job, Provider

_SELECT = (
    select(
        send.c.id,
        send.c.channel,
        send.c.kind,
        send.c.invoice,
        account.c.name,
        send.c.to_address,
        send.c.subject,
        send.c.note,
        send.c.document_sha256,
        document.c.media_type,
        send.c.filename,
    )
    .join_from(send, account, account.c.id == send.c.account_id)
    .outerjoin(document, document.c.sha256 == send.c.document_sha256)
)
SendRow = Sequence[Any]  # the columns of _SELECT


def read_one(connection: Connection, ident: UUID) -> SendRow:
    """One send."""
    return connection.execute(_SELECT.where(send.c.id == ident)).one()


def read_many(connection: Connection, ids: Sequence[UUID]) -> Sequence[SendRow]:
    """Many at a time."""
    return connection.execute(_SELECT.where(send.c.id.in_(ids))).all()


def job_of(row: SendRow, documents: DocumentStore) -> Job:
    """The send as its adapter wants it, its document read as duepost reads it."""
    ident, channel, kind, invoice, owner, to_address, subject, note, sha256, media_type, filename = row
    content = None
    if sha256 is not None:
        content = Document(filename or "document", media_type or "application/octet-stream", documents.read(sha256))
    return Job(ident, str(ident), channel, kind, invoice, owner, to_address, subject, note, content)


@cache
def settings() -> Settings:
    """This process's settings, read once."""
    return load_settings()


@cache
def documents() -> DocumentStore:
    """This process's document store."""
    return settings().store


@cache
def provider() -> Provider:
    """This process's adapter: the very one that duepost uses."""
    return adapter(ACCOUNT, settings().providers[ACCOUNT], None)

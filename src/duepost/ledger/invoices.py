"""Which invoices does duepost hold for a billing app, and which documents are an account's own?"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from duepost.credentials import LETTERS
from duepost.document_kinds import StoredDocument
from duepost.ledger.accept import add_documents
from duepost.ledger.gateway_tables import account_document, invoice
from duepost.sends import Attachment, Kind, Reference

TOKEN_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvoice:
    """An invoice to hold: its documents, and to whom its sends go that name no address.

    given_guid, given_token: the names it has at Saphety's or Acumulus' already; None: new ones.

    document, attachments: SHA-256 and the name that the receiver sees. asked: what the caller gave, for a dialect that
    gives it back. due: when it is to be paid.
    """

    reference: str
    kind: Kind = Kind.INVOICE
    customer: str | None = None
    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    gln: str | None = None
    language: str | None = None
    document: tuple[bytes, str] | None = None
    attachments: tuple[tuple[bytes, str], ...] = ()
    asked: Mapping[str, Any] | None = field(default=None, repr=False)
    given_guid: UUID | None = None
    given_token: str | None = field(default=None, repr=False)
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice(NewInvoice):
    """One that is held, with the names that the four systems know it by. halted: nothing of it is to be sent."""

    id: int
    guid: UUID
    token: str = field(repr=False)
    halted: bool
    created_at: datetime

    @property
    def source(self) -> Reference | None:
        """Its document, as a send names it."""
        return Reference(self.document[0].hex()) if self.document else None

    @property
    def enclosed(self) -> tuple[Attachment, ...]:
        """Its further documents, as a send names them."""
        return tuple(Attachment(Reference(digest.hex()), filename) for digest, filename in self.attachments)


def add_invoice(connection: Connection, account_id: int, new: NewInvoice) -> Invoice | None:
    """Hold the invoice; None when there is one of these names. Its documents must be the account's own.

    Served by uq_held_invoice_account_id_reference, uq_held_invoice_guid and uq_held_invoice_token.
    """
    values = {
        "account_id": account_id,
        "guid": new.given_guid or uuid4(),
        "token": new.given_token or "".join(secrets.choice(LETTERS) for _ in range(TOKEN_LENGTH)),
        "reference": new.reference,
        "kind": new.kind.value,
        "customer": new.customer,
        "name": new.name,
        "email": new.email,
        "phone": new.phone,
        "gln": new.gln,
        "language": new.language,
        "document_sha256": new.document[0] if new.document else None,
        "filename": new.document[1] if new.document else None,
        "attachments": [[digest.hex(), name] for digest, name in new.attachments] or None,
        "asked": dict(new.asked) if new.asked else None,
        "due_on": new.due,
    }
    made = connection.execute(
        insert(invoice).values(values).on_conflict_do_nothing().returning(invoice.c.id)
    ).scalar_one_or_none()
    return None if made is None else invoice_by(connection, account_id, id=made)


def invoice_by(
    connection: Connection,
    account_id: int,
    *,
    id: int | None = None,  # noqa: A002 - the column's name
    guid: UUID | None = None,
    token: str | None = None,
    reference: str | None = None,
) -> Invoice | None:
    """The account's invoice of that one name. Served by pk_held_invoice, uq_held_invoice_guid,
    uq_held_invoice_token and uq_held_invoice_account_id_reference.
    """
    named = [
        column == value
        for column, value in (
            (invoice.c.id, id),
            (invoice.c.guid, guid),
            (invoice.c.token, token),
            (invoice.c.reference, reference),
        )
        if value is not None
    ]
    if len(named) != 1:
        raise ValueError("give one name of the invoice")
    row = connection.execute(_invoices().where(invoice.c.account_id == account_id, *named)).one_or_none()
    return _invoice(tuple(row)) if row else None


def locked_invoice(connection: Connection, account_id: int, invoice_id: int) -> Invoice | None:
    """The account's invoice, which nobody else changes until the transaction ends. Served by pk_held_invoice."""
    mine = (invoice.c.id == invoice_id, invoice.c.account_id == account_id)
    row = connection.execute(_invoices().where(*mine).with_for_update()).one_or_none()
    return _invoice(tuple(row)) if row else None


def update_invoice(connection: Connection, account_id: int, invoice_id: int, **values: object) -> None:
    """Change columns of the account's invoice, such as `halted` or `asked`. Served by pk_held_invoice."""
    connection.execute(
        update(invoice).where(invoice.c.id == invoice_id, invoice.c.account_id == account_id).values(**values)
    )


def free_number(connection: Connection) -> str:
    """Eight digits that were never given out, for an invoice that comes without a number of its own."""
    return str(connection.execute(select(func.nextval(func.pg_get_serial_sequence(invoice.name, "id")))).scalar_one())


def adopt(connection: Connection, account_id: int, stored: Sequence[StoredDocument]) -> None:
    """Make stored documents the account's own, so that it may name them. Served by pk_account_document."""
    add_documents(connection, stored)
    rows = [{"account_id": account_id, "sha256": digest} for digest in sorted({one.sha256 for one in stored})]
    if rows:
        connection.execute(insert(account_document).on_conflict_do_nothing(), rows)


def owned(connection: Connection, account_id: int, digests: Sequence[bytes]) -> set[bytes]:
    """Which of these documents are the account's own. Served by pk_account_document."""
    rows = connection.execute(
        select(account_document.c.sha256).where(
            account_document.c.account_id == account_id, account_document.c.sha256.in_(digests)
        )
    )
    return {bytes(row[0]) for row in rows}


def _invoices() -> Select[Any]:
    return select(
        invoice.c.reference,
        invoice.c.kind,
        invoice.c.customer,
        invoice.c.name,
        invoice.c.email,
        invoice.c.phone,
        invoice.c.gln,
        invoice.c.language,
        invoice.c.document_sha256,
        invoice.c.filename,
        invoice.c.attachments,
        invoice.c.asked,
        invoice.c.id,
        invoice.c.guid,
        invoice.c.token,
        invoice.c.halted,
        invoice.c.created_at,
        invoice.c.due_on,
    )


def _invoice(row: tuple[Any, ...]) -> Invoice:
    return Invoice(
        reference=row[0],
        kind=Kind(row[1]),
        customer=row[2],
        name=row[3],
        email=row[4],
        phone=row[5],
        gln=row[6],
        language=row[7],
        document=(bytes(row[8]), row[9]) if row[8] is not None else None,
        attachments=tuple((bytes.fromhex(digest), name) for digest, name in row[10] or ()),
        asked=row[11],
        id=row[12],
        guid=row[13],
        token=row[14],
        halted=row[15],
        created_at=row[16],
        due=row[17],
    )

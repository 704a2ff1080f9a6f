"""How does an invoice come to be held, with its documents and its customer's addresses?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from duepost.addresses import normalise
from duepost.document_kinds import with_ending
from duepost.enclosures import given_name
from duepost.errors import InvalidSend
from duepost.fields import LINE_LIMIT, NAME_LIMIT, line, required, word
from duepost.ledger.engine import answered
from duepost.ledger.invoices import TOKEN_LENGTH, Invoice, NewInvoice, add_invoice
from duepost.mail_fields import language
from duepost.sends import Attachment, Channel, Kind, Reference
from duepost.validation import KINDS
from gateway.asked import asked_of
from gateway.problems import problem_of
from gateway.service import Service

Read = TypeVar("Read")


@dataclass(frozen=True)
class ToHold:
    """An invoice as a caller gives it, by the native API's names. echo: what a dialect gives back."""

    given: Mapping[str, Any] = field(repr=False)
    echo: Mapping[str, Any] | None = field(default=None, repr=False)


def hold(service: Service, account_id: int, asked: ToHold) -> Invoice | None:
    """Store its documents and hold it; None when one of its names is taken.

    Raises: Problem that names every wrong field; OSError when the document store cannot be written; TryLater.
    """
    new = new_invoice(service, account_id, asked)
    with answered(), service.engine.begin() as connection:
        return add_invoice(connection, account_id, new)


def new_invoice(service: Service, account_id: int, asked: ToHold) -> NewInvoice:
    """The invoice, its values checked and its documents stored. Raises: as `hold`."""
    wrong: list[InvalidSend] = []

    def read(name: str, how: Callable[[Any], Read]) -> Read | None:
        try:
            return how(asked.given.get(name))
        except InvalidSend as one:
            wrong.append(InvalidSend(name, one.problem, one.hint))
            return None

    def address(name: str, channel: Channel) -> str | None:
        def checked(value: Any) -> str | None:
            text = line(name, value, LINE_LIMIT)
            return normalise(channel, text, service.door.rules)[0] if text else None

        return read(name, checked)

    new = NewInvoice(
        reference=read("InvoiceNumber", lambda value: required("InvoiceNumber", value)) or "",
        kind=read("Kind", _kind) or Kind.INVOICE,
        customer=read("CustomerNumber", lambda value: line("CustomerNumber", value, NAME_LIMIT)),
        name=read("Name", lambda value: line("Name", value, LINE_LIMIT)),
        email=address("Email", Channel.EMAIL),
        phone=address("Phone", Channel.SMS),
        gln=address("Gln", Channel.XML),
        language=read("Language", lambda value: language(line("Language", value, NAME_LIMIT))[0]),
        asked=asked.echo,
        given_guid=read("Guid", _guid),
        given_token=read("Token", _token),
    )
    try:
        documents = _documents(service, account_id, asked.given)
    except InvalidSend as one:
        wrong.append(one)
    if wrong:
        raise problem_of(wrong)
    return _with(new, *documents, service=service)


def _guid(value: object) -> UUID | None:
    text = line("Guid", value, LINE_LIMIT)
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidSend("Guid", "is no GUID", "write it like fc5e547d-8537-4e05-97d5-1159c62efd6f") from None


def _token(value: object) -> str | None:
    text = line("Token", value, LINE_LIMIT)
    if text is not None and not (len(text) == TOKEN_LENGTH and text.isascii() and text.isalnum()):
        raise InvalidSend("Token", "is no token", f"give {TOKEN_LENGTH} letters and digits")
    return text


def _kind(value: object) -> Kind:
    return word("Kind", value, KINDS, "use invoice, reminder or credit_note") if value else Kind.INVOICE


def _documents(
    service: Service, account_id: int, given: Mapping[str, Any]
) -> tuple[Reference | None, str | None, tuple[Attachment, ...]]:
    """Stored, by their names. Raises: InvalidSend for Document or Attachments."""
    row = {name: given[name] for name in ("Document", "Filename", "Attachments") if given.get(name) is not None}
    asked = asked_of(row, "")
    with answered(), service.engine.begin() as connection:
        service.owners.check(connection, account_id, asked)
    send = service.owners.kept(account_id, asked).send
    document = send.document if isinstance(send.document, Reference) else None
    return document, send.filename, tuple(send.attachments)


def _with(
    new: NewInvoice,
    document: Reference | None,
    filename: str | None,
    attachments: tuple[Attachment, ...],
    *,
    service: Service,
) -> NewInvoice:
    def named(reference: Reference, name: str | None) -> tuple[bytes, str]:
        stored = service.door.documents.look(reference)
        seen = given_name("Document", reference, name, new.reference) or "document"
        return stored.sha256, with_ending(seen, stored.media_type)

    return replace(
        new,
        document=named(document, filename) if document else None,
        attachments=tuple(named(one.source, one.filename) for one in attachments if isinstance(one.source, Reference)),
    )

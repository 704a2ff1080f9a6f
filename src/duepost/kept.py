"""How are the documents of a send kept and counted when it is taken in?"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from duepost.document_kinds import StoredDocument, role_of, with_ending
from duepost.documents import DocumentStore
from duepost.einvoice.check import check_document
from duepost.errors import InvalidSend
from duepost.fitting import too_large
from duepost.ledger.lanes import DeclaredLane
from duepost.pages import pages_of
from duepost.rules import Rules
from duepost.sends import Attachment, Channel, CheckedSend, DocumentSource, NewSend

MOST_UNITS = 32_767  # the ledger's smallint

Kept = tuple[StoredDocument | None, tuple[tuple[StoredDocument, str], ...]]


def stored(checked: CheckedSend, store: DocumentStore, lanes: Mapping[str, DeclaredLane], rules: Rules) -> Kept:
    """The send's document, and its attachments with their names, in the store.

    Raises: InvalidSend when one cannot be taken, or all of them are too much for the store or a lane.
    """
    document = store.put(checked.document) if checked.document is not None else None
    attachments = tuple(_attached(store, one) for one in checked.attachments)
    given = [*([document] if document else []), *(one for one, _ in attachments)]
    if attachments and sum(one.size for one in given) > store.limit:
        problem = f"and the document are larger than {store.limit:,} bytes"
        raise InvalidSend("Attachments", problem, "send less at once")
    problem_of_lane = too_large(checked, _travelling(checked, given), lanes, rules) if given else None
    if problem_of_lane:
        raise problem_of_lane
    return document, attachments


def pages(checked: CheckedSend, kept: Kept, store: DocumentStore) -> int:
    """Pages of all its documents as they were kept, which must be PDFs that open. Raises: InvalidSend for Document."""
    document, attached = kept
    sources = [(checked.document, document)] if checked.document is not None and document is not None else []
    given = [*sources, *((one.source, stored) for one, (stored, _) in zip(checked.attachments, attached, strict=True))]
    if not given:
        raise InvalidSend("Document", "is missing", "name the PDF to print")
    return min(sum(pages_of(store.content_put(*one)) for one in given), MOST_UNITS)


def einvoice(
    checked: CheckedSend, store: DocumentStore, rules: Rules, kept: StoredDocument | None = None
) -> tuple[str, ...]:
    """Warnings about the document as it was kept, or as it lies there when it was not yet.

    Raises: InvalidSend for Document when there is none, or none that can travel as an e-invoice.
    """
    if checked.document is None:
        raise InvalidSend("Document", "is missing", "name the XML file to send")
    content = store.content_put(checked.document, kept) if kept else store.content_of(checked.document)
    return check_document(content, checked.to_address, rules)


def filename_of(checked: CheckedSend, document: StoredDocument | None) -> str | None:
    """The name that the receiver sees; what came without a path of its own ends as its kind does."""
    return _named(checked.document, checked.filename, document) if document else checked.filename


def _travelling(checked: CheckedSend, given: Sequence[StoredDocument]) -> list[int]:
    """Bytes of the documents that go along: a mail leaves out those that `Attach` does not name."""
    roles = checked.options.attach if checked.channel is Channel.EMAIL else None
    return [one.size for one in given if roles is None or role_of(one.media_type) in roles]


def _named(source: DocumentSource | None, name: str | None, document: StoredDocument) -> str:
    given = name or "document"
    return given if isinstance(source, Path) else with_ending(given, document.media_type)


def _attached(store: DocumentStore, one: Attachment) -> tuple[StoredDocument, str]:
    try:
        document = store.put(one.source)
    except InvalidSend as unusable:
        raise InvalidSend("Attachments", unusable.problem, unusable.hint, one.source) from None
    return document, _named(one.source, one.filename, document)


def unusable(send: NewSend, store: DocumentStore, wrong: Collection[str]) -> list[InvalidSend]:
    """What is wrong with its documents, but for fields that are known to be wrong already."""
    given = [("Document", send.document)]
    if "Attachments" not in wrong:
        given += [("Attachments", one.source) for one in send.attachments or ()]
    found = []
    for field, source in given:
        if source is not None and field not in wrong:
            try:
                store.look(source)
            except InvalidSend as problem:
                found.append(InvalidSend(field, problem.problem, problem.hint, source))
    return found

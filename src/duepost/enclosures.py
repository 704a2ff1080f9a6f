"""Which documents go along with a send, and under which names?"""

import re
from collections.abc import Sequence
from pathlib import Path

from duepost.errors import InvalidSend
from duepost.fields import line
from duepost.sends import Attachment, Reference

FILENAME_LIMIT = 200  # characters
ATTACHMENTS_LIMIT = 20


def given_name(field: str, source: object, filename: object, invoice: str) -> str | None:
    """The name that the receiver sees of a document; None without a document and a name.

    Raises: InvalidSend for the field when the source is none, for Filename when the name is no plain one.
    """
    if source is not None and not (isinstance(source, bytes | Reference) or (isinstance(source, Path) and source.name)):
        raise InvalidSend(field, "names no file", "give the path of the file to deliver", source)
    name = line("Filename", filename, FILENAME_LIMIT)
    if name is None and source is not None:
        name = line("Filename", source.name if isinstance(source, Path) else _safe(invoice), FILENAME_LIMIT)
    if name is not None and ("/" in name or "\\" in name or not name.strip(".")):
        raise InvalidSend("Filename", "is no plain name", "leave folders out of it", name)
    return name


def attachments(given: object, invoice: str) -> tuple[Attachment, ...]:
    """Further documents, each with a name. Raises: InvalidSend for Attachments."""
    if not isinstance(given, Sequence) or not all(isinstance(one, Attachment) for one in given):
        raise InvalidSend("Attachments", "are no list of documents", "give each as an Attachment")
    if len(given) > ATTACHMENTS_LIMIT:
        raise InvalidSend("Attachments", f"are more than {ATTACHMENTS_LIMIT}", "put them together")
    return tuple(Attachment(one.source, _attached_name(one, invoice)) for one in given)


def _attached_name(one: Attachment, invoice: str) -> str | None:
    """Its name. Raises: InvalidSend for Attachments, for Filename is the document's."""
    try:
        return given_name("Attachments", one.source, one.filename, invoice)
    except InvalidSend as wrong:
        problem = wrong.problem if wrong.field == "Attachments" else f"hold a file whose name {wrong.problem}"
        raise InvalidSend("Attachments", problem, wrong.hint, one.filename or one.source) from None


def _safe(invoice: str) -> str:
    """A file's name made of the invoice's number."""
    return re.sub(r"[^\w.-]+", "-", invoice).strip("-.") or "document"

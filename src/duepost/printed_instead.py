"""What is left of a mail without an address that is printed instead?

A letter has a PDF and nothing else; what only a mail or an invoice system could have taken is left out, and named.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from duepost.document_kinds import StoredDocument, role_of
from duepost.errors import InvalidSend
from duepost.ledger.lanes import DeclaredLane
from duepost.mail_fields import YES, attach
from duepost.route import lanes as lanes_of
from duepost.rules import Rules
from duepost.sends import Attachment, Channel, DocumentSource, NewSend, Reference

PRINTED = "ToAddress is missing: it is printed instead"
NO_PDF = "is missing, and no PDF goes along that could be printed instead"
# field of NewSend -> as a caller writes it
LEFT_OUT = {
    "subject": "Subject",
    "note": "Note",
    "sender": "From",
    "sender_name": "FromName",
    "bcc": "Bcc",
    "confirm_read": "ConfirmRead",
    "internal_note": "InternalNote",
    "provider_documents": "ProviderDocuments",
}

Look = Callable[[DocumentSource], StoredDocument]


def is_printed_instead(send: NewSend, rules: Rules) -> bool:
    """True for a mail without an address, where the rules have it printed."""
    if rules.missing_address != "print" or not isinstance(send.channel, str):
        return False
    given = send.to_address
    blank = given is None or (isinstance(given, str) and not given.strip())
    return blank and send.channel.strip().lower() == Channel.EMAIL


def letter_of(
    send: NewSend, lanes: Callable[[], Mapping[str, DeclaredLane]], look: Look
) -> tuple[NewSend, str, InvalidSend | None]:
    """The letter, a warning that names what it is without, and what is wrong where no PDF is in it.

    lanes: what the workers have told; a lane that none of them prints by is left out. look: which kind a document is.
    """
    letter, documents = _documents(send, look)
    lane = _lane(send.lane, lanes)
    asked = [name for field, name in LEFT_OUT.items() if _asks(field, getattr(send, field))]
    without = [*asked, *(["Lane"] if lane != send.lane else []), *documents]
    nothing: dict[str, Any] = dict.fromkeys(LEFT_OUT)
    letter = replace(letter, channel=Channel.PRINT, to_address=None, lane=lane, **nothing)
    warning = f"{PRINTED}, without {', '.join(without)}." if without else f"{PRINTED}."
    wrong = InvalidSend("ToAddress", NO_PDF, "give an e-mail address, or the invoice as a PDF", send.to_address)
    return letter, warning, None if letter.document is not None else wrong


def _asks(field: str, value: object) -> bool:
    if field == "confirm_read":
        return YES.get("" if value is None else str(value).strip().lower()) is not False
    return value is not None and bool(str(value).strip())


def _lane(given: str | None, lanes: Callable[[], Mapping[str, DeclaredLane]]) -> str | None:
    """The lanes named that print; what names none at all stays, for validation to tell."""
    if given is None:
        return None
    try:
        names = lanes_of(given)
    except InvalidSend:
        return given
    known = lanes() if names else {}
    printing = [name for name in names if name in known and known[name].channel is Channel.PRINT]
    return given if len(printing) == len(names) else ",".join(printing) or None


def _documents(send: NewSend, look: Look) -> tuple[NewSend, list[str]]:
    """The send with its PDFs alone, the first of them as its document, and what else would have gone along."""
    enclosed = send.attachments
    if not isinstance(enclosed, Sequence) or not all(isinstance(one, Attachment) for one in enclosed):
        return send, []  # for validation to tell
    chosen: tuple[str, ...] | None = None
    kept: dict[str, Any] = {"attach": send.attach}
    with suppress(InvalidSend):
        chosen, kept = attach(send.attach), {"attach": None}
    given = [] if send.document is None else [Attachment(send.document, send.filename)]
    roles = [(one, _role(one.source, look)) for one in (*given, *enclosed)]
    pdfs = [one for one, role in roles if role == "pdf" and (chosen is None or role in chosen)]
    lost = [role != "pdf" and (chosen is None or role in chosen) for _, role in roles]
    names = ["Document (no PDF)"] if any(lost[: len(given)]) else []
    names += ["Attachments (no PDF)"] if any(lost[len(given) :]) else []
    if not pdfs:
        return replace(send, document=None, filename=None, attachments=(), **kept), names
    first, *others = pdfs
    return replace(send, document=first.source, filename=first.filename, attachments=tuple(others), **kept), names


def _role(source: DocumentSource, look: Look) -> str:
    """As `Attach` names it; what is no document at all counts as one, for validation to tell."""
    if not isinstance(source, bytes | Path | Reference):
        return "pdf"
    try:
        return role_of(look(source).media_type)
    except InvalidSend:
        return "pdf"

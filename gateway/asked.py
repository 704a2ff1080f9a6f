"""Which send does a JSON object ask for, when it comes from outside?

Names are those of an import file, within a Send node too. A document is named by `sha256:…` when the account has handed
it in before, or comes along as {"Filename": …, "Data": base64}; a path opens nothing here.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from duepost.errors import InvalidSend
from duepost.rows import ANY_SPELLING, RowReader
from duepost.sends import Attachment, DocumentSource, NewSend, Reference

FORM = '{"Filename": "1001.pdf", "Data": "<base64>"} or "sha256:<64 digits>"'
MOST_ATTACHMENTS = 20
MOST_NAMES = 1_000
HERE = Path("/nonexistent")
OWN = frozenset({"document", "attachments", "run", "account"})
SEND_NODE = "send"  # FarPay's form, which `RowReader` reads as if the node's names stood beside it


@dataclass(frozen=True, slots=True)
class Asked:
    """A send and the run it belongs to."""

    send: NewSend
    run: str | None = None

    @property
    def references(self) -> list[bytes]:
        """Of the documents that it names."""
        given = [self.send.document, *(one.source for one in self.send.attachments)]
        return [_digest(one.sha256) for one in given if isinstance(one, Reference)]

    @property
    def contents(self) -> bool:
        """True when documents came along."""
        return isinstance(self.send.document, bytes) or any(isinstance(a.source, bytes) for a in self.send.attachments)


class Asker:
    """Reads what the sends of one account ask for; one thread uses it, for one body."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._rows = RowReader(HERE, {"account": account})
        self._plain: set[tuple[str, ...]] = set()  # names of rows with nothing to be read here
        self._own: dict[str, str] = {}  # a name as this body writes it -> what is read here and not as in a file

    def asked(self, row: Mapping[str, Any]) -> Asked:
        """The send, its values unchecked. Raises: InvalidSend for the first wrong name."""
        shape = tuple(row)
        if shape in self._plain:
            return Asked(self._rows.send_of(row))
        own, rest = self._parted(row)
        if not own:
            send = self._rows.send_of(row)
            if self._rows.plain(row):
                self._plain.add(shape)
            return Asked(send)
        send = self._rows.send_of(rest)
        given = {self._own[name]: value for name, value in own if value is not None and value != ""}
        if len(own) > len({self._own[name] for name, _ in own}):
            raise InvalidSend("Document, Attachments, Run or Account", "is given twice", "leave one of the two out")
        if given.get("account", self._account) != self._account:
            raise InvalidSend("Account", "is not this key's", "leave it out: the key says it")
        document, filename = _document("Document", given["document"]) if "document" in given else (None, None)
        attachments = _attachments(given["attachments"]) if "attachments" in given else ()
        send = replace(send, document=document, filename=send.filename or filename, attachments=attachments)
        return Asked(send, _text("Run", given.get("run")))

    def _parted(self, row: Mapping[str, Any]) -> tuple[list[tuple[str, Any]], dict[str, Any]]:
        """What is read here, beside a Send node or within it, and the row without."""
        own: list[tuple[str, Any]] = []
        rest: dict[str, Any] = {}
        for name, value in row.items():
            if self._is_own(name):
                own.append((name, value))
            elif isinstance(value, Mapping) and name.translate(ANY_SPELLING).lower() == SEND_NODE:
                within, rest[name] = self._parted(value)
                own += within
            else:
                rest[name] = value
        return own, rest

    def _is_own(self, name: str) -> bool:
        found = self._own.get(name)
        if found is None:
            if len(self._own) > MOST_NAMES:
                raise InvalidSend("A column", "is not known", "the body writes its names in too many ways")
            plain = name.translate(ANY_SPELLING).lower()
            found = self._own[name] = plain if plain in OWN else ""
        return found != ""


def asked_of(row: Mapping[str, Any], account: str) -> Asked:
    """The send that one object asks for. Raises: as `Asker.asked`."""
    return Asker(account).asked(row)


def wrong_names(row: Mapping[str, Any], account: str) -> list[InvalidSend]:
    """Every name that is wrong by itself; for when one is."""
    found: dict[str, InvalidSend] = {}
    for name, value in row.items():
        try:
            asked_of({name: value}, account)
        except InvalidSend as wrong:
            found.setdefault(str(wrong), wrong)
    return list(found.values())


def _attachments(value: object) -> tuple[Attachment, ...]:
    given = value if isinstance(value, list) else [value]
    if len(given) > MOST_ATTACHMENTS:
        raise InvalidSend("Attachments", f"are more than {MOST_ATTACHMENTS}", "leave some out")
    return tuple(Attachment(*_document("Attachments", one)) for one in given)


def _document(field: str, value: object) -> tuple[DocumentSource, str | None]:
    if isinstance(value, str):
        scheme, colon, digits = value.strip().partition(":")
        if colon and scheme.lower() == "sha256":
            return Reference(digits), None
    if not isinstance(value, Mapping):
        raise InvalidSend(field, "is no document", f"write {FORM}")
    given = {str(name).translate(ANY_SPELLING).lower(): one for name, one in value.items()}
    data, filename = given.get("data"), given.get("filename")
    if not isinstance(data, str) or not (filename is None or isinstance(filename, str)) or len(given) > 2:
        raise InvalidSend(field, "is no document", f"write {FORM}")
    return decoded(field, data), filename


def decoded(field: str, data: str) -> bytes:
    """The bytes that base64 says; line breaks in it are passed over. Raises: InvalidSend for the field."""
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSend(field, "holds data that is no base64", "encode the file's bytes") from None


def _digest(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits.strip())
    except ValueError:
        return b""


def _text(field: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise InvalidSend(field, "is not text", "give a string", value)

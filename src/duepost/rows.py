"""Which send does a row of a file ask for?"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from duepost.errors import InvalidSend
from duepost.sends import Attachment, DocumentSource, NewSend, Reference

# column, as documented -> field of NewSend
COLUMNS = {
    "Channel": "channel",
    "Status": "status",
    "ToAddress": "to_address",
    "ScheduleSendDate": "schedule_send_date",
    "NotAfter": "not_after",
    "Note": "note",
    "InvoiceNumber": "invoice",
    "Invoice": "invoice",
    "CustomerNumber": "customer",
    "Customer": "customer",
    "Reference": "reference",
    "Subject": "subject",
    "Kind": "kind",
    "InvoiceTypeCode": "kind",
    "Document": "document",
    "Filename": "filename",
    "Account": "account",
    "Lane": "lane",
    "Priority": "priority",
    "Sequence": "sequence",
    "Bcc": "bcc",
    "From": "sender",
    "FromName": "sender_name",
    "Language": "language",
    "ConfirmRead": "confirm_read",
    "Attachments": "attachments",
    "Attach": "attach",
    "MaxSegments": "max_segments",
    "InternalNote": "internal_note",
    "ProviderDocuments": "provider_documents",
}
SPELLED = {name.lower(): name for name in COLUMNS}  # small letters -> column, as documented
ANY_SPELLING = str.maketrans("", "", "_ ")
NAME_LIKE = re.compile(r"[A-Za-z][A-Za-z_ ]{0,30}")
PATHS = frozenset({"document", "attachments"})  # fields whose text is a path
MOST_SHAPES = 100
SLIP = 0.85  # how like a column a name is that we repeat, of 1: Chanel is 0.92 of Channel, the first name Hanne 0.83


class RowReader:
    """Reads the rows of one file; names of columns may differ in case, blanks and underscores.

    A Document's path is relative to `folder`; `sha256:…` names one that the store holds. Also reads FarPay's form,
    {"InvoiceNumber": …, "Send": {"Channel": …}}: beside Send the invoice may hold names unknown here, inside it none.
    """

    def __init__(self, folder: Path, defaults: Mapping[str, str] = MappingProxyType({})) -> None:
        """defaults: fields of NewSend that a row need not give."""
        self._folder = folder
        self._defaults = {"channel": "", "invoice": "", **defaults}
        self._last_written, self._last_path = "", folder
        self._known: dict[str, str] = {}  # column as written in this file -> column as documented
        self._shapes: dict[tuple[str, ...], tuple[str, ...]] = {}  # columns of a plain row, as written -> as documented

    def send_of(self, row: Mapping[str, object]) -> NewSend:
        """What the row asks for, its values unchecked; an empty cell or null counts as not given.

        Raises: InvalidSend for an unknown column, one given twice, and a value that is neither text nor number.
        """
        shape = tuple(row)
        straight = self._shapes.get(shape)
        if straight is not None:
            return self._straight(straight, row)
        node = self._send_node(row)
        if node is None:
            cells: Iterable[tuple[str, object]] = row.items()
        else:
            invoice = ((name, value) for name, value in row.items() if _documented(name) is not None)
            cells = [*invoice, *node.items()]
        asked: dict[str, Any] = dict(self._defaults)
        columns: dict[str, str] = {}
        for name, value in cells:
            column = self._known.get(name) or self._column(name)
            field = COLUMNS[column]
            if field in columns:
                raise InvalidSend(column, "is given twice", "leave one of the two out", value)
            columns[field] = column
            if value is None or value == "":
                continue
            if field == "attachments":
                asked[field] = self._attachments(value)
                continue
            if type(value) is not str:
                value = _text(column, value)  # noqa: PLW2901 - the cell as text is the cell
            asked[field] = self._source(value) if field == "document" else value
        if node is None and not PATHS & columns.keys() and len(self._shapes) < MOST_SHAPES:
            self._shapes[shape] = tuple(columns.values())
        return NewSend(**asked)

    def plain(self, row: Mapping[str, object]) -> bool:
        """True when a row of these columns was read before, without a Send node and without documents."""
        return tuple(row) in self._shapes

    def _straight(self, columns: Sequence[str], row: Mapping[str, object]) -> NewSend:
        """A row whose columns were all looked at before: most rows of a file are like the one before."""
        asked: dict[str, Any] = dict(self._defaults)
        for column, value in zip(columns, row.values(), strict=True):
            if value is not None and value != "":
                asked[COLUMNS[column]] = value if type(value) is str else _text(column, value)
        return NewSend(**asked)

    def _attachments(self, value: object) -> tuple[Attachment, ...]:
        """A list of paths, or one text with a path on each side of a semicolon."""
        paths = value if isinstance(value, list) else _text("Attachments", value).split(";")
        if not all(isinstance(path, str) for path in paths):
            raise InvalidSend("Attachments", "holds something that is no path", 'write it like ["1001.xml"]', value)
        return tuple(Attachment(self._source(path)) for path in paths if path.strip())

    def _source(self, written: str) -> DocumentSource:
        """`sha256:` and digits name a document that the store holds, all else is a path."""
        scheme, colon, digits = written.strip().partition(":")
        return Reference(digits) if colon and scheme.lower() == "sha256" else self._path(written)

    def _path(self, written: str) -> Path:
        """Making a Path costs as much as reading the row; many files name one document for all their rows."""
        if written != self._last_written:
            self._last_written, self._last_path = written, self._folder / written.strip()
        return self._last_path

    def _column(self, name: str) -> str:
        column = _documented(name)
        if column is None:
            raise _unknown(name)
        self._known[name] = column
        return column

    def _send_node(self, row: Mapping[str, object]) -> Mapping[str, object] | None:
        found: Mapping[str, object] | None = None
        for name in row:
            if name not in self._known and name.translate(ANY_SPELLING).lower() == "send":
                node = row[name]
                if not isinstance(node, Mapping):
                    raise InvalidSend("Send", "is no object", 'write it like {"Channel": "email", …}', node)
                if found is not None:
                    raise InvalidSend("Send", "is given twice", "leave one of the two out")
                found = node
        return found


def _documented(name: str) -> str | None:
    return SPELLED.get(name.translate(ANY_SPELLING).lower())


def _unknown(name: str) -> InvalidSend:
    spelled = name.translate(ANY_SPELLING).lower()
    near = get_close_matches(spelled, SPELLED, n=1)
    hint = f"did you mean {SPELLED[near[0]]}?" if near else f"use {', '.join(COLUMNS)}"
    # A file without its first line has somebody's data for column names: only a slip of the pen is repeated.
    slip = NAME_LIKE.fullmatch(name) and get_close_matches(spelled, SPELLED, n=1, cutoff=SLIP)
    return InvalidSend(name if slip else "A column", "is not known", hint, name)


def _text(column: str, value: object) -> str:
    if isinstance(value, bool) and column == "ConfirmRead":
        return str(value)
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    raise InvalidSend(column, "is neither text nor a number", "write it as a string", value)

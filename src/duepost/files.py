"""Which rows does a file hold, and which of its lines are broken?

A file is read as a stream: memory holds one record, however long the file.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from duepost.errors import InvalidSend

RECORD_LIMIT = 1_000_000  # bytes of one row, with its quoted line breaks
BOM = b"\xef\xbb\xbf"

# Number, text with its line break, and what is wrong with it. The text of a wrong line is a stand-in that opens and
# closes quotes as the line does, so that the end of a quoted cell is found behind it.
Line = tuple[int, str, InvalidSend | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: column name as written -> value. `line` counts from 1 and is the row's first."""

    line: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that could not be read; the rows after it still can."""

    line: int
    problem: InvalidSend


def read(path: Path) -> Iterator[Row | BadRow]:
    """The rows of a .csv, .ndjson or .jsonl file in their order; blank lines do not count.

    csv: UTF-8, with or without BOM; comma or semicolon, by the first line, which names the columns; quotes as in
    RFC 4180. ndjson: UTF-8, one JSON object a line; a number with a fraction or exponent comes as the text it is
    written in, so that 1.10 stays 1.10.

    Raises: InvalidSend for File when the whole file cannot be read, on taking the first row.
    """
    rows = READERS.get(path.suffix.lower())
    if rows is None:
        raise InvalidSend("File", "has an unknown ending", f"use {', '.join(READERS)}", path)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise InvalidSend("File", "does not exist", "check the path", path) from None
    except IsADirectoryError:
        raise InvalidSend("File", "is a folder", "name one file in it", path) from None
    except (OSError, ValueError) as trouble:
        why = trouble.strerror if isinstance(trouble, OSError) else None
        raise InvalidSend("File", "cannot be opened", f"check path and rights ({why or 'no path'})", path) from None
    with file:
        yield from rows(_lines(file))


def _lines(file: BinaryIO) -> Iterator[Line]:
    number = 0
    while line := file.readline(RECORD_LIMIT + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(BOM)
        if len(line) > RECORD_LIMIT:
            quotes = line.count(b'"')
            while line and not line.endswith(b"\n"):
                line = file.readline(RECORD_LIMIT)
                quotes += line.count(b'"')
            yield number, '"\n' if quotes % 2 else "\n", _too_long()
            continue
        try:
            yield number, line.decode(), None
        except UnicodeDecodeError:
            problem = InvalidSend("Line", "is not UTF-8", "save the file as UTF-8", line)
            yield number, line.decode(errors="replace"), problem


def _too_long() -> InvalidSend:
    return InvalidSend("Line", f"begins a row over {RECORD_LIMIT:,} bytes", "look for a missing quote or line break")


def _ndjson(lines: Iterator[Line]) -> Iterator[Row | BadRow]:
    for number, text, problem in lines:
        if problem:
            yield BadRow(number, problem)
        elif text.strip():
            yield _json_row(number, text)


def _json_row(number: int, text: str) -> Row | BadRow:
    try:
        value = DECODER.decode(text)
    except _NotJson as wrong:
        problem = InvalidSend("Line", str(wrong), "mend that key or value", text)
    except json.JSONDecodeError as wrong:
        problem = InvalidSend("Line", "is no JSON", f"look at column {wrong.colno}", text)
    except ValueError:  # int() takes 4,300 digits at most
        problem = InvalidSend("Line", "holds a number with too many digits", "write it as a string", text)
    except RecursionError:
        problem = InvalidSend("Line", "is nested too deeply", "a row needs one level, or two with Send", text)
    else:
        if isinstance(value, dict):
            return Row(number, value)
        problem = InvalidSend("Line", "is no JSON object", 'write it like {"Channel": "email", …}', text)
    return BadRow(number, problem)


class _NotJson(Exception):  # noqa: N818 - it never leaves this file
    """Python's json takes it, but it is no JSON that any two readers would read alike."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _NotJson("names one key twice")
    return members


def _constant(_name: str) -> object:
    raise _NotJson("holds NaN or Infinity, which JSON has not")


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=str)


def _csv(lines: Iterator[Line]) -> Iterator[Row | BadRow]:
    delimiter, names = _header(lines)
    csv.field_size_limit(RECORD_LIMIT)  # a row's own limit; csv's is 131,072 characters and names no field
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.begin_record()
        try:
            cells = next(reader, None)
        except csv.Error:
            # What stands inside quotes is no row, whoever wrote it: go on where the quotes are closed.
            feed.leave_quotes()
            hint = "double every quote inside a quoted cell, and close each cell"
            yield feed.bad_row("has a quote or line break out of place", hint)
            continue
        if cells is None:
            return
        if feed.problem or len(cells) not in {0, len(names)}:
            problem = f"has {len(cells)} cells where the first line has {len(names)}"
            yield feed.bad_row(problem, "look for a missing or unquoted separator")
        elif cells:
            yield Row(feed.first, dict(zip(names, cells, strict=True)))


class _Feed:
    """Hands lines to csv.reader and keeps what that cannot tell about the record it is reading."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self.begin_record()

    def begin_record(self) -> None:
        self.first = self._last = self._size = 0
        self._in_quotes = (
            False  # of a record well formed: an odd number of quotes so far (RFC 4180 doubles them inside)
        )
        self.problem: InvalidSend | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, text, problem = next(self._lines)
        self.first = self.first or number
        self._last = number
        self._size += len(text)
        self._in_quotes ^= text.count('"') % 2 == 1
        self.problem = self.problem or problem
        if self._size > RECORD_LIMIT:
            self.problem = self.problem or _too_long()
            raise csv.Error
        return text

    def leave_quotes(self) -> None:
        """Pass over the lines of a cell that is too long, or whose quotes do not match."""
        for number, text, _ in self._lines if self._in_quotes else ():
            self._last = number
            if text.count('"') % 2:
                break

    def bad_row(self, problem: str, hint: str) -> BadRow:
        known = self.problem or InvalidSend("Line", problem, hint)
        if self._last > self.first:
            known = InvalidSend("Line", f"{known.problem}; left out up to line {self._last}", known.hint)
        return BadRow(self.first, known)


def _header(lines: Iterator[Line]) -> tuple[str, list[str]]:
    """The separator and the names of the columns."""
    empty = InvalidSend("File", "is empty", "give the names of the columns in its first line")
    _, text, problem = next(lines, (0, "", empty))
    if problem:
        raise problem
    delimiter = ";" if text.count(";") > text.count(",") else ","
    try:
        names = next(csv.reader((text,), delimiter=delimiter, strict=True))
    except csv.Error:
        names = []
    if not names or "" in names or len(set(names)) < len(names):
        hint = "name every column once, like Channel,ToAddress,InvoiceNumber"
        raise InvalidSend("File", "does not name its columns in the first line", hint, text)
    return delimiter, names


# file ending -> how its lines become rows
READERS: dict[str, Callable[[Iterator[Line]], Iterator[Row | BadRow]]] = {
    ".csv": _csv,
    ".ndjson": _ndjson,
    ".jsonl": _ndjson,
}

"""What becomes of a piece of a batch, each of its lines a send?"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from duepost.errors import InvalidSend, TryLater
from gateway.asked import Asked, Asker
from gateway.callers import Caller
from gateway.owning import Owners
from gateway.problems import Problem, body_of_problem, noted, problem_of
from gateway.reading import read
from gateway.taking import Answer, Taking, ToTake
from gateway.telling import told

TOGETHER = 2_000  # rows in one transaction
TOGETHER_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of a body. first: the number of the first, from 1. run: of rows that name none."""

    caller: Caller
    run: str | None
    first: int
    text: bytes = field(repr=False)
    request_id: str = ""


class Told(NamedTuple):
    """How many rows had which end, and a line for each."""

    accepted: int
    duplicates: int
    refused: int
    lines: bytes


class Row(NamedTuple):
    """One line of the body."""

    number: int
    text: bytes


@dataclass(frozen=True)
class Hand:
    """Takes pieces in; any number of threads may."""

    taking: Taking
    owners: Owners

    def take(self, piece: Piece) -> Told:
        """Take a piece in, some rows at a time. Raises: TryLater, and OSError of the document store."""
        said = [line for rows in _groups(piece) for line in self._take(piece, rows)]
        statuses = [status for status, _ in said]
        accepted, duplicates = statuses.count(202), statuses.count(200)
        return Told(accepted, duplicates, len(said) - accepted - duplicates, b"".join(line for _, line in said))

    def _take(self, piece: Piece, rows: Sequence[Row]) -> list[tuple[int, bytes]]:
        asker = Asker(piece.caller.account)
        account_id = piece.caller.account_id
        wrong: dict[int, Problem] = {}
        asked: dict[int, ToTake] = {}
        for row in rows:
            try:
                asked[row.number] = ToTake(account_id, self._asked(piece, asker, row), told)
            except Problem as refused:
                wrong[row.number] = refused
        results = dict(zip(asked, self.taking.take(list(asked.values())), strict=True))
        return [_line(piece, row.number, results.get(row.number) or wrong[row.number]) for row in rows]

    def _asked(self, piece: Piece, asker: Asker, row: Row) -> Asked:
        asked = read(row.text, piece.caller.account, asker)
        if asked.contents:
            try:
                asked = self.owners.kept(piece.caller.account_id, asked)
            except InvalidSend as wrong:
                raise problem_of([wrong]) from None
        return replace(asked, run=piece.run) if piece.run and asked.run is None else asked


def _groups(piece: Piece) -> Iterator[list[Row]]:
    group: list[Row] = []
    size = 0
    for number, text in enumerate(piece.text.split(b"\n"), piece.first):
        if not text.strip():
            continue
        group.append(Row(number, text))
        size += len(text)
        if len(group) >= TOGETHER or size >= TOGETHER_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _line(piece: Piece, number: int, result: Answer | Exception) -> tuple[int, bytes]:
    if isinstance(result, Answer):
        return result.status, b'{"line": %d, %b\n' % (number, result.body[1:])
    if isinstance(result, (TryLater, OSError)):
        raise result
    problem = noted(piece.request_id, result)
    line = {"line": number, "error": body_of_problem(problem, piece.request_id if problem.status >= 500 else "")}
    return problem.status, json.dumps(line, ensure_ascii=False).encode(errors="replace") + b"\n"

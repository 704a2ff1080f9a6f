"""POST /v1/sends/batch: how do many sends come in, in one streamed body?"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from duepost.errors import InvalidSend, TryLater
from gateway.asked import Asked, Asker
from gateway.bodies import chunks_of
from gateway.callers import Caller, Sender
from gateway.native.sends import limit_of, read, told
from gateway.native.shapes import RECEIPT_SCHEMA, SEND_EXAMPLE, SEND_SCHEMA, answers
from gateway.problems import Problem, body_of_problem, noted, problem_of
from gateway.service import Service, service_of
from gateway.taking import Answer, ToTake

router = APIRouter(tags=["sends"])

TOGETHER = 1_000  # rows in one transaction
TOGETHER_BYTES = 4_000_000
ABREAST = 2  # transactions of one batch: one is checked while PostgreSQL takes the other in
MOST_LINES = 2_000_000  # the answer to a short line has a hundred times its bytes
IN_MEMORY = 1_000_000  # bytes of the answer; the rest waits in a file
PIECE = 64 * 1024
NDJSON = "application/x-ndjson"

BODY = {"schema": {"description": "a line for each send, as for POST /v1/sends"}}
EXAMPLE = json.dumps(SEND_EXAMPLE) + "\n"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the body, counted from 1."""

    number: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Whose rows, and of which run those are that name none."""

    request: Request
    service: Service
    caller: Caller
    run: str | None


@dataclass
class Told:
    """What was answered to the rows so far, in their order."""

    out: IO[bytes]
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0

    def write(self, answers: Sequence[tuple[int, bytes]]) -> None:
        """Of further rows: the HTTP status that each would have had alone, and its line."""
        counts = Counter(status for status, _ in answers)
        self.accepted += counts.pop(202, 0)
        self.duplicates += counts.pop(200, 0)
        self.refused += counts.total()
        self.out.write(b"".join(line for _, line in answers))

    def end(self) -> None:
        """The sums."""
        sums = {"accepted": self.accepted, "duplicates": self.duplicates, "refused": self.refused}
        self.out.write(json.dumps(sums).encode() + b"\n")


@router.post(
    "/v1/sends/batch",
    summary="Enqueue many sends",
    openapi_extra={
        "requestBody": {"required": False, "content": {NDJSON: {**BODY, "example": EXAMPLE}}},
        "x-row": SEND_SCHEMA,
    },
    responses={
        **answers(RECEIPT_SCHEMA, {}, problems=(400, 413)),
        200: {"description": "A line for each row, then the sums", "content": {NDJSON: {"schema": {"type": "string"}}}},
    },
    response_class=Response,
)
async def enqueue_many(
    request: Request, caller: Sender, run: Annotated[str | None, Query(max_length=255)] = None
) -> Response:
    """NDJSON in, a line for each row out: its receipt, or what is wrong with it; the last line has the sums.

    The answer begins when the body has ended. Rows are taken a thousand at a time, so a batch that breaks off is taken
    in part; repeating all of it takes nothing twice.
    """
    batch = Batch(request, service_of(request), caller, run)
    told_so_far = Told(SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115 - what streams it closes it
    try:
        await _take_all(request, batch, told_so_far)
    except BaseException as wrong:
        told_so_far.out.close()
        if isinstance(wrong, (TryLater, OSError)):
            what = str(wrong) if isinstance(wrong, TryLater) else "the document store cannot be written"
            raise TryLater(f"{what}; repeat the whole batch: what was taken is not taken twice") from wrong
        raise
    return StreamingResponse(_pieces(told_so_far.out), media_type=NDJSON)


async def _take_all(request: Request, batch: Batch, told_so_far: Told) -> None:
    limits = (limit_of(batch.service), batch.service.settings.gateway.batch_limit_bytes)
    under_way: deque[asyncio.Task[list[tuple[int, bytes]]]] = deque()
    try:
        async for rows in _groups(_rows(request, *limits)):
            if len(under_way) == ABREAST:
                told_so_far.write(await under_way.popleft())
            under_way.append(asyncio.create_task(run_in_threadpool(_take, batch, rows)))
        while under_way:
            told_so_far.write(await under_way.popleft())
    finally:
        await asyncio.gather(*under_way, return_exceptions=True)  # what was begun is ended
    told_so_far.end()


async def _rows(request: Request, longest: int, limit: int) -> AsyncIterator[Row]:
    number, size = 0, 0
    begun: list[bytes] = []  # of the line that has not ended: put together once
    async for part in chunks_of(request, limit):
        first, *lines = part.split(b"\n")
        begun.append(first)
        if lines:
            *lines, rest = b"".join(begun), *lines
            begun, size = [rest], 0
            for line in lines:
                number += 1
                if number > MOST_LINES:
                    raise Problem(413, f"the body has more than {MOST_LINES:,} lines", headers={"Connection": "close"})
                if line.strip():
                    yield Row(number, line)
        size += len(begun[-1])
        if size > longest:
            raise Problem(413, f"line {number + 1} has more than {longest:,} bytes", headers={"Connection": "close"})
    rest = b"".join(begun)
    if rest.strip():
        yield Row(number + 1, rest)


async def _groups(rows: AsyncIterator[Row]) -> AsyncIterator[list[Row]]:
    group: list[Row] = []
    size = 0
    async for row in rows:
        group.append(row)
        size += len(row.text)
        if len(group) >= TOGETHER or size >= TOGETHER_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _take(batch: Batch, rows: Sequence[Row]) -> list[tuple[int, bytes]]:
    """Take a group in: status and line of each row. Raises: TryLater, and OSError of the document store."""
    asker = Asker(batch.caller.account)
    wrong: dict[int, Problem] = {}
    asked: dict[int, ToTake] = {}
    for row in rows:
        try:
            asked[row.number] = ToTake(batch.caller.account_id, _asked(batch, asker, row), told)
        except Problem as refused:
            wrong[row.number] = refused
    results = dict(zip(asked, batch.service.taking.take(list(asked.values())), strict=True))
    return [_line(batch, row.number, results.get(row.number) or wrong[row.number]) for row in rows]


def _line(batch: Batch, number: int, result: Answer | Exception) -> tuple[int, bytes]:
    if isinstance(result, Answer):
        return result.status, b'{"line": %d, %b\n' % (number, result.body[1:])
    if isinstance(result, (TryLater, OSError)):
        raise result
    problem = noted(batch.request, result)
    request_id = str(batch.request.scope.get("request_id", "")) if problem.status >= 500 else ""
    line = {"line": number, "error": body_of_problem(problem, request_id)}
    return problem.status, json.dumps(line, ensure_ascii=False).encode(errors="replace") + b"\n"


def _asked(batch: Batch, asker: Asker, row: Row) -> Asked:
    asked = read(row.text, batch.caller, asker)
    if asked.contents:
        try:
            asked = batch.service.owners.kept(batch.caller.account_id, asked)
        except InvalidSend as wrong:
            raise problem_of([wrong]) from None
    return replace(asked, run=batch.run) if batch.run and asked.run is None else asked


def _pieces(out: IO[bytes]) -> Iterator[bytes]:
    with out:
        out.seek(0)
        while piece := out.read(PIECE):
            yield piece

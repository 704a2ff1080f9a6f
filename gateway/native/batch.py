"""POST /v1/sends/batch: how do many sends come in, in one streamed body?"""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from duepost.errors import InvalidSend, TryLater
from gateway.asked import Asked
from gateway.bodies import chunks_of
from gateway.callers import Caller, Sender
from gateway.native.sends import limit_of, read, told
from gateway.native.shapes import RECEIPT_SCHEMA, SEND_EXAMPLE, SEND_SCHEMA, answers
from gateway.problems import Problem, body_of_problem, problem_from, problem_of
from gateway.service import Service, service_of
from gateway.taking import Answer, ToTake

router = APIRouter(tags=["sends"])

TOGETHER = 1_000  # rows in one transaction
TOGETHER_BYTES = 4_000_000
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


@dataclass
class Tally:
    """What came of the rows so far."""

    accepted: int = 0
    duplicates: int = 0
    refused: int = 0

    def count(self, status: int) -> None:
        """One more row, by the HTTP status that it would have been answered with alone."""
        self.accepted += status == 202
        self.duplicates += status == 200
        self.refused += status >= 400


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
    service = service_of(request)
    tally = Tally()
    out: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the answer that is streamed from it closes it
    try:
        async for rows in _groups(_rows(request, limit_of(service), service.settings.gateway.batch_limit_bytes)):
            await run_in_threadpool(_take, service, caller, run, rows, out, tally)
        sums = {"accepted": tally.accepted, "duplicates": tally.duplicates, "refused": tally.refused}
        out.write(json.dumps(sums).encode() + b"\n")
    except (TryLater, OSError) as away:
        out.close()
        done = tally.accepted + tally.duplicates
        message = f"{away}" if isinstance(away, TryLater) else "the document store cannot be written"
        raise TryLater(f"{message}; {done:,} rows are taken: repeat the whole batch, nothing is taken twice") from away
    except BaseException:
        out.close()
        raise
    return StreamingResponse(_pieces(out), media_type=NDJSON)


async def _rows(request: Request, longest: int, limit: int) -> AsyncIterator[Row]:
    number, rest = 0, b""
    async for part in chunks_of(request, limit):
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            number += 1
            if line.strip():
                yield Row(number, line)
        if len(rest) > longest:
            raise Problem(413, f"line {number + 1} has more than {longest:,} bytes", headers={"Connection": "close"})
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


def _take(  # noqa: PLR0917 - a thread is given its arguments in their order
    service: Service, caller: Caller, run: str | None, rows: Sequence[Row], out: IO[bytes], tally: Tally
) -> None:
    """Take a group in and write a line for each row. Raises: TryLater, and OSError of the document store."""
    wrong: dict[int, Problem] = {}
    asked: dict[int, ToTake] = {}
    for row in rows:
        try:
            asked[row.number] = ToTake(caller.account_id, _asked(service, caller, run, row), told)
        except Problem as refused:
            wrong[row.number] = refused
    results = dict(zip(asked, service.taking.take(list(asked.values())), strict=True))
    for row in rows:
        result = results.get(row.number) or wrong[row.number]
        if isinstance(result, (TryLater, OSError)):
            raise result
        if isinstance(result, Answer):
            tally.count(result.status)
            out.write(b'{"line": %d, ' % row.number + result.body[1:] + b"\n")
            continue
        problem = problem_from(result)
        tally.count(problem.status)
        line = {"line": row.number, "error": body_of_problem(problem, "")}
        out.write(json.dumps(line, ensure_ascii=False).encode(errors="replace") + b"\n")


def _asked(service: Service, caller: Caller, run: str | None, row: Row) -> Asked:
    asked = read(row.text, caller)
    if asked.contents:
        try:
            asked = service.owners.kept(caller.account_id, asked)
        except InvalidSend as wrong:
            raise problem_of([wrong]) from None
    return replace(asked, run=run) if run and asked.run is None else asked


def _pieces(out: IO[bytes]) -> Iterator[bytes]:
    with out:
        out.seek(0)
        while piece := out.read(PIECE):
            yield piece

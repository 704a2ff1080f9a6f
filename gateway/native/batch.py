"""POST /v1/sends/batch: how do many sends come in, in one streamed body?"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from duepost.errors import TryLater
from gateway.bodies import chunks_of
from gateway.callers import Sender
from gateway.hand import Piece, Told
from gateway.native.sends import limit_of
from gateway.native.shapes import RECEIPT_SCHEMA, SEND_EXAMPLE, SEND_SCHEMA, answers
from gateway.problems import Problem, id_of
from gateway.service import Service, service_of

router = APIRouter(tags=["sends"])

PIECE_BYTES = 256 * 1024  # whole lines that are taken in together, about
MOST_LINES = 2_000_000  # the answer to a short line has a hundred times its bytes
IN_MEMORY = 1_000_000  # bytes of the answer; the rest waits in a file
PART = 64 * 1024
CLOSE = {"Connection": "close"}
NDJSON = "application/x-ndjson"

BODY = {"schema": {"description": "a line for each send, as for POST /v1/sends"}}
EXAMPLE = json.dumps(SEND_EXAMPLE) + "\n"


@dataclass
class Sums:
    """What was answered to the pieces so far, in their order."""

    out: IO[bytes]
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0

    def add(self, told: Told) -> None:
        """A further piece."""
        self.accepted += told.accepted
        self.duplicates += told.duplicates
        self.refused += told.refused
        self.out.write(told.lines)

    def end(self) -> None:
        """The last line."""
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

    The answer begins when the body has ended. Some thousand rows are taken at a time, so a batch that breaks off is
    taken in part; repeating all of it takes nothing twice.
    """
    service = service_of(request)
    sums = Sums(SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115 - what streams it closes it
    limits = (limit_of(service), service.settings.gateway.batch_limit_bytes)
    pieces = (Piece(caller, run, first, text, id_of(request)) async for first, text in _whole_lines(request, *limits))
    try:
        await _take_all(service, pieces, sums)
    except BaseException as wrong:
        sums.out.close()
        if isinstance(wrong, (TryLater, OSError)):
            what = str(wrong) if isinstance(wrong, TryLater) else "the document store cannot be written"
            raise TryLater(f"{what}; repeat the whole batch: what was taken is not taken twice") from wrong
        raise
    return StreamingResponse(_pieces(sums.out), media_type=NDJSON)


async def _take_all(service: Service, pieces: AsyncIterator[Piece], sums: Sums) -> None:
    """One piece is kept back until the next comes: what is a single one needs no process of its own."""

    async def in_thread(piece: Piece) -> Told:
        return await run_in_threadpool(service.hand.take, piece)

    under_way: deque[asyncio.Task[Told]] = deque()
    take = service.crew.take if service.crew.size else in_thread
    kept_back: Piece | None = None
    alone = True
    try:
        async for piece in pieces:
            if kept_back:
                alone = False
                if len(under_way) > service.crew.size:  # one waits while the others are at work
                    sums.add(await under_way.popleft())
                under_way.append(asyncio.create_task(take(kept_back)))
            kept_back = piece
        if kept_back and alone:
            sums.add(await in_thread(kept_back))
        elif kept_back:
            under_way.append(asyncio.create_task(take(kept_back)))
        while under_way:
            sums.add(await under_way.popleft())
    finally:
        await asyncio.gather(*under_way, return_exceptions=True)  # what was begun is ended
    sums.end()


async def _whole_lines(request: Request, longest: int, limit: int) -> AsyncIterator[tuple[int, bytes]]:
    """Some hundred whole lines at a time, with the number of their first."""
    begun: list[bytes] = []  # what has come and is not given out; its first part may end within a line
    size = unended = 0  # bytes of it, and of its last line
    first = number = 1
    async for part in chunks_of(request, limit):
        begun.append(part)
        size += len(part)
        number += part.count(b"\n")
        end = part.rfind(b"\n")
        unended = len(part) - end - 1 if end >= 0 else unended + len(part)
        if number > MOST_LINES + 1:
            raise Problem(413, f"the body has more than {MOST_LINES:,} lines", headers=CLOSE)
        if unended > longest:
            raise Problem(413, f"line {number} has more than {longest:,} bytes", headers=CLOSE)
        if size - unended >= PIECE_BYTES:
            whole = b"".join(begun)
            yield first, whole[: size - unended]
            begun, size, first = [whole[size - unended :]], unended, number
    if size:
        yield first, b"".join(begun)


def _pieces(out: IO[bytes]) -> Iterator[bytes]:
    with out:
        out.seek(0)
        while part := out.read(PART):
            yield part

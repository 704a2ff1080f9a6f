"""What does a request's body hold, within limits?"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from time import monotonic
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from gateway.problems import Detail, Problem

DEPTH = 32  # levels of JSON
MOST_VALUES = 256 * 1024  # in one body: as objects they would take a hundred times their bytes; base64 has none
PIECE_SECONDS = 30.0  # for the next bytes of a body
BODY_SECONDS = 120.0  # for the whole of one that is no batch
JSON_LIMIT = 256 * 1024  # bytes of a body without documents
BRACKET_OR_STRING = re.compile(rb'[][{}]|"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)


class TwiceNamed(ValueError):  # noqa: N818 - it says what happened
    """An object has a name twice: readers would not agree which counts."""


async def body_of(request: Request, limit: int = JSON_LIMIT) -> bytes:
    """The whole body. Raises: Problem 413 past `limit` bytes, 400 when the caller went away or takes too long."""
    _refuse_announced(request, limit)
    until = monotonic() + BODY_SECONDS
    seconds = PIECE_SECONDS
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds) as patience:
            while True:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise Problem(400, "the body broke off")
                size += len(message.get("body", b""))
                if size > limit:
                    raise too_large(limit)
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
                seconds = min(PIECE_SECONDS, until - monotonic())
                patience.reschedule(asyncio.get_running_loop().time() + seconds)
    except TimeoutError:
        raise _too_slow(PIECE_SECONDS if seconds == PIECE_SECONDS else BODY_SECONDS) from None


async def chunks_of(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes in. Raises: as body_of."""
    _refuse_announced(request, limit)
    size = 0
    stream = request.stream()
    try:
        while True:
            async with asyncio.timeout(PIECE_SECONDS):
                part = await anext(stream, None)
            if part is None:
                return
            size += len(part)
            if size > limit:
                raise too_large(limit)
            if part:
                yield part
    except ClientDisconnect:
        raise Problem(400, "the body broke off") from None
    except TimeoutError:
        raise _too_slow(PIECE_SECONDS) from None


def _refuse_announced(request: Request, limit: int) -> None:
    said = request.headers.get("content-length", "")
    if said.isdecimal() and len(said) < 20 and int(said) > limit:
        raise too_large(limit)


def _too_slow(seconds: float) -> Problem:
    return Problem(400, f"no more of the body has come within {seconds:g} seconds", headers={"Connection": "close"})


def too_large(limit: int) -> Problem:
    """A body past the limit."""
    return Problem(413, f"the body has more than {limit:,} bytes", headers={"Connection": "close"})


def json_of(body: bytes, decoder: json.JSONDecoder | None = None) -> Any:
    """What the JSON text says; decoder: of `decoder_of`, for numbers that are no floats.

    Raises: Problem 400 for what is no JSON, is nested too deeply, holds too many things or names one twice.
    """
    try:
        brackets = body.count(b"[") + body.count(b"{")
        if brackets + body.count(b",") > MOST_VALUES:
            raise _wrong(f"holds more than {MOST_VALUES:,} values")
        if brackets > DEPTH and depth_of(body) > DEPTH:
            raise _wrong(f"is nested deeper than {DEPTH} levels")
        return (decoder or DECODER).decode(body.decode())
    except TwiceNamed as twice:
        raise _wrong(str(twice)) from None
    except UnicodeDecodeError:
        raise _wrong("is not UTF-8") from None
    except (ValueError, RecursionError):
        raise _wrong("is no JSON") from None


def object_of(body: bytes) -> dict[str, Any]:
    """The JSON object; an empty body is an empty one. Raises: as json_of."""
    said = json_of(body) if body.strip() else {}
    if not isinstance(said, dict):
        raise _wrong("is no JSON object")
    return said


def depth_of(body: bytes) -> int:
    """How deeply the text is nested, brackets within strings left out; no more is counted than is allowed."""
    deepest = level = 0
    # Documents are strings of millions of characters: they are passed over at once, not byte by byte.
    for found in BRACKET_OR_STRING.finditer(body):
        first = body[found.start()]
        if first in b"[{":
            level += 1
            deepest = max(deepest, level)
            if deepest > DEPTH:
                break
        elif first in b"]}":
            level -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise TwiceNamed("names a field twice")
    return made


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def decoder_of(number: Callable[[str], Any]) -> json.JSONDecoder:
    """Makes of the digits of each number that is not whole what `number` makes of them."""
    return json.JSONDecoder(object_pairs_hook=_object, parse_float=number, parse_constant=_no_number)


DECODER = decoder_of(float)


def _wrong(how: str) -> Problem:
    return Problem(400, f"the body {how}", [Detail(f"the body {how}", [], 'send JSON like {"Channel": "email", …}')])

"""In which pieces does an answer leave, and where does it never end?"""

from collections.abc import Iterable, Iterator
from itertools import chain, repeat

from sandbox.http_behaviour import Answer, Trickle

PIECE_BYTES = 65536
WITHOUT_END = {"content-length": str(10**12)}


def huge(size_bytes: int) -> Iterator[bytes]:
    """A 200 whose body is that many spaces."""
    yield Answer(200, headers={"content-length": str(size_bytes)}).head
    for start in range(0, size_bytes, PIECE_BYTES):
        yield b" " * min(PIECE_BYTES, size_bytes - start)


def trickled(answer: Answer, how: Trickle) -> Iterable[bytes]:
    """The answer's bytes one by one from the given part on; an endless one goes on there for ever."""
    if how.endless and how.part == "headers":
        return chain(_singly(answer.head[:-2] + b"more: "), repeat(b"x"))
    if how.endless:
        head = Answer(answer.status, headers={**answer.headers, **WITHOUT_END}).head
        return chain([head], _singly(answer.body), repeat(b" "))  # spaces: the JSON before them stays JSON
    at_once = answer.head if how.part == "body" else b""
    return chain([at_once] if at_once else [], _singly((answer.head + answer.body)[len(at_once) :]))


def _singly(text: bytes) -> Iterator[bytes]:
    return (bytes([byte]) for byte in text)

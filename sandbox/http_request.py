"""Where does one HTTP/1.1 request end in a stream of bytes, and what does it say?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

HEAD_LIMIT = 64 * 1024  # bytes


@dataclass(frozen=True)
class Request:
    """One request; the names of headers are in lower case, of a repeated one the last counts."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def last(self) -> bool:
        """The client wants the connection closed after the answer."""
        return self.headers.get("connection", "").lower() == "close"

    @property
    def key(self) -> str | None:
        """Which send it is about: its Idempotency-Key; of a GET, the last part of its path."""
        if self.method == "GET":
            return unquote(self.path.partition("?")[0].rpartition("/")[2]) or None
        return self.headers.get("idempotency-key") or None


def read_head(buffer: bytearray) -> Request | None:
    """Take a whole head off the buffer; None while it is not whole.

    Raises: ValueError when it is no HTTP.
    """
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > HEAD_LIMIT:
            raise ValueError("the head does not end")
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    method, path, _version = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    del buffer[: end + 4]
    return Request(method, path, headers)


def read_body(head: Request, buffer: bytearray) -> Request | None:
    """Take the body that belongs to the head off the buffer; None while it is not whole.

    Raises: ValueError when its length or its chunks are no HTTP.
    """
    if head.headers.get("transfer-encoding", "").lower() == "chunked":
        return _read_chunked(head, buffer)
    length = _size(head.headers.get("content-length", "0"), 10)
    if len(buffer) < length:
        return None
    body = bytes(buffer[:length])
    del buffer[:length]
    return replace(head, body=body)


def _read_chunked(head: Request, buffer: bytearray) -> Request | None:
    chunks: list[bytes] = []
    at = 0
    while (line_end := buffer.find(b"\r\n", at)) >= 0:
        size = _size(buffer[at:line_end].partition(b";")[0].decode("latin-1"), 16)
        at = line_end + 2 + size + 2  # the chunk and the line break behind it
        if size == 0:
            return _read_trailer(head, buffer, line_end, b"".join(chunks))
        chunks.append(bytes(buffer[line_end + 2 : at - 2]))
    return None


def _read_trailer(head: Request, buffer: bytearray, last_chunk: int, body: bytes) -> Request | None:
    # The last chunk's own line break may already be the first half of the empty line that ends the trailer.
    end = buffer.find(b"\r\n\r\n", last_chunk)
    if end < 0:
        return None
    del buffer[: end + 4]
    return replace(head, body=body)


def _size(digits: str, radix: int) -> int:
    size = int(digits, radix)
    if size < 0:
        raise ValueError("a size is not negative")
    return size

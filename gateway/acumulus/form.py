"""Where in a request is the XML? In a form's field `xmlstring`, sent in any of the ways that clients do."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.acumulus.words import Refusal, remark

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MOST_FIELDS = 20
FIELD = b"xmlstring"


def fields_of(content_type: str, body: bytes) -> dict[bytes, bytes]:
    """The form's fields, of equal names the first; a file is a field too. Raises: Refusal for what is no form."""
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data":
        return _multipart(options.get(b"boundary", b""), body)
    return _urlencoded(body)


def unescaped(body: bytes) -> bytes | None:
    """The XML of clients that forget to encode it: what stands after `xmlstring=`. None for other bodies."""
    start = FIELD + b"="
    return body[len(start) :] if body.startswith(start + b"<") else None


def _urlencoded(body: bytes) -> dict[bytes, bytes]:
    """Byte by byte: the XML's own declaration says which characters they are."""
    try:
        pairs = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        if unescaped(body) is None:
            raise Refusal(remark("DPFORM")) from None
        return {FIELD: b""}
    return {name.encode("latin-1"): value.encode("latin-1") for name, value in reversed(pairs)}


def _multipart(boundary: bytes, body: bytes) -> dict[bytes, bytes]:
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise Refusal(remark("DPFORM")) from None
    if not boundary or not parts.ended:
        raise Refusal(remark("DPFORM"))
    return dict(reversed(parts.found))


class _Parts:
    """Gathers what the parser tells."""

    def __init__(self) -> None:
        self.found: list[tuple[bytes, bytes]] = []
        self.ended = False
        self._name = self._header = self._value = b""
        self._data: list[bytes] = []

    def callbacks(self) -> "MultipartCallbacks":
        """By the names that python-multipart gives them."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.found) >= MOST_FIELDS:
            raise FormParserError("too many parts")
        self._name, self._data = b"", []

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._name = parse_options_header(self._value)[1].get(b"name", b"")
        self._header = self._value = b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._data.append(data[start:end])

    def _part_end(self) -> None:
        self.found.append((self._name, b"".join(self._data)))

    def _end(self) -> None:
        self.ended = True

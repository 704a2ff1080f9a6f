"""Is a picture whole, as far as its own bookkeeping tells?"""

import struct
from collections.abc import Mapping

PADDING = b"\0\r\n\t "  # what programs write behind a JPEG's end
OFFSETS, LENGTHS = (273, 324), (279, 325)  # TIFF 6.0: of strips, of tiles
SIZES = {3: ("H", 2), 4: ("I", 4)}  # TIFF's type of a whole number -> struct's letter, bytes

Entries = Mapping[int, tuple[int, int, int]]  # tag -> type, how many, where its value begins


def jpeg_ends(content: bytes) -> bool:
    """True when it ends as a JPEG does, JIS/ITU T.81's EOI."""
    return content.rstrip(PADDING).endswith(b"\xff\xd9")


def tiff_is_whole(content: bytes) -> bool:
    """True when its first page's directory, and the strips or tiles which that names, lie within it."""
    order = "<" if content.startswith(b"II") else ">"
    try:
        (place,) = struct.unpack_from(f"{order}I", content, 4)
        (count,) = struct.unpack_from(f"{order}H", content, place)
        struct.unpack_from(f"{order}I", content, place + 2 + 12 * count)  # where the next page is
        entries = {}
        for entry in range(place + 2, place + 2 + 12 * count, 12):
            tag, kind, many = struct.unpack_from(f"{order}HHI", content, entry)
            entries[tag] = kind, many, entry + 8
        return (
            count > 0
            and place >= 8
            and all(_end(content, order, entries, *tags) <= len(content) for tags in zip(OFFSETS, LENGTHS, strict=True))
        )
    except struct.error:  # a value that lies behind the end
        return False


def _end(content: bytes, order: str, entries: Entries, offsets: int, lengths: int) -> int:
    """Where the last of its pieces ends; 0 when it does not tell. Raises: struct.error."""
    starts, sizes = (_numbers(content, order, entries.get(tag)) for tag in (offsets, lengths))
    return max((start + size for start, size in zip(starts, sizes, strict=False)), default=0)


def _numbers(content: bytes, order: str, entry: tuple[int, int, int] | None) -> tuple[int, ...]:
    kind, many, place = entry or (0, 0, 0)
    if kind not in SIZES:
        return ()
    letter, size = SIZES[kind]
    if many * size > 4:  # what does not fit is elsewhere
        (place,) = struct.unpack_from(f"{order}I", content, place)
    if place + many * size > len(content):
        raise struct.error
    return struct.unpack_from(f"{order}{many}{letter}", content, place)

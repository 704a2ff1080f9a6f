"""What does the mark of an envelope look like, on its first page?

A QR code that says `run;sequence;pages`, as rectangles in the page's own content: an enveloping machine reads where one
letter begins and how many sheets belong to it. Version and mask are fixed: finding the best mask costs four times the
rest (6.3 ms against 1.5).
"""

from collections.abc import Iterator
from dataclasses import dataclass

MODULE = 1.1  # points; 29 of them and the quiet zone are 14 mm
QUIET = 4  # modules of white around it, ISO/IEC 18004
VERSION, MASK = 3, 2
LONGEST = 53  # bytes that version 3-L holds


@dataclass(frozen=True, slots=True)
class Mark:
    """Where it is put: millimetres from the page's left and lower edge."""

    left_mm: float = 3
    bottom_mm: float = 24

    def content(self, text: str, left: float, bottom: float) -> bytes:
        """PDF operators that draw it on a page whose lower left corner is there (points).

        Raises: ValueError when the text is longer than 53 bytes.
        """
        if len(text.encode()) > LONGEST:
            raise ValueError("the text of a mark has at most 53 bytes")
        matrix = _matrix(text)
        side = (len(matrix) + 2 * QUIET) * MODULE
        x, y = left + self.left_mm * 72 / 25.4, bottom + self.bottom_mm * 72 / 25.4
        boxes = " ".join(_boxes(matrix, x + QUIET * MODULE, y + side - QUIET * MODULE))
        return f"q 1 g {x:.2f} {y:.2f} {side:.2f} {side:.2f} re f 0 g {boxes} f Q\n".encode()


def _matrix(text: str) -> tuple[bytearray, ...]:
    from segno import make  # noqa: PLC0415 - an extra

    code = make(text, micro=False, version=VERSION, error="l", mask=MASK, boost_error=False)
    matrix: tuple[bytearray, ...] = code.matrix
    return matrix


def _boxes(matrix: tuple[bytearray, ...], left: float, top: float) -> Iterator[str]:
    """Each run of dark modules in a row is one rectangle."""
    for number, row in enumerate(matrix, 1):
        start = None
        for place, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = place
            elif not dark and start is not None:
                width = (place - start) * MODULE
                yield f"{left + start * MODULE:.2f} {top - number * MODULE:.2f} {width:.2f} {MODULE:.2f} re"
                start = None

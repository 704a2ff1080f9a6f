"""With which letters is an invoice written, and has the font all of them?

Bitstream Vera comes with reportlab and may be embedded and passed on: Western European letters, the Polish barred l and
the euro sign. Another TrueType font, such as DejaVu Sans, writes Greek, Cyrillic and the rest of Latin.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from unicodedata import normalize

from duepost.errors import ConfigError, InvalidSend

VERA = (Path("Vera.ttf"), Path("VeraBd.ttf"))  # names that reportlab finds among its own files
INVISIBLE = {0xAD: None, 0x200B: None, 0xFEFF: None}  # soft hyphen and spaces of no width: no font need have them


@dataclass(frozen=True)
class Font:
    """A regular and a bold face, known to reportlab under these names. letters: code points that both have."""

    regular: str
    bold: str
    letters: frozenset[int]

    def text(self, field: str, given: str) -> str:
        """The text, its accents one with their letters. Raises: InvalidSend when the font lacks one of its characters.

        An empty box in a name is found by the customer; this is found by the caller.
        """
        text = normalize("NFC", given).translate(INVISIBLE)
        if any(ord(letter) not in self.letters and letter != "\n" for letter in text):
            raise InvalidSend(field, "has a character that the font lacks", "give render a font that has it", given)
        return text


@cache
def font(regular: Path | None, bold: Path | None) -> Font:
    """The font of these files, None for Vera; a bold face that is not given is the regular one.

    Raises: ConfigError when reportlab is missing or a file is no TrueType font.
    """
    try:
        from reportlab.pdfbase.pdfmetrics import registerFont  # noqa: PLC0415 - an extra
        from reportlab.pdfbase.ttfonts import TTFError, TTFont  # noqa: PLC0415 - as above
    except ImportError:
        raise ConfigError("An invoice", "needs reportlab, which is not here", "install duepost[pdf]") from None
    files = VERA if regular is None else (regular, bold or regular)
    faces: list[Any] = []
    for file in files:
        # Two files never share a name: reportlab knows its fonts by it in the whole process.
        name = f"duepost-{file.stem}" if regular is None else f"duepost-{_digest(file)}"
        try:
            face = TTFont(name, str(file))
        except TTFError:
            raise ConfigError(
                "The invoice's font", "is no TrueType font that can be embedded", "give another"
            ) from None
        registerFont(face)
        faces.append(face)
    letters = frozenset.intersection(*(frozenset(face.face.charToGlyph) for face in faces))
    return Font(faces[0].fontName, faces[1].fontName, letters)


def _digest(file: Path) -> str:
    try:
        return sha256(file.read_bytes()).hexdigest()[:16]
    except OSError:
        raise ConfigError("The invoice's font", "cannot be read", "check its path") from None

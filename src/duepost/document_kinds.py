"""Is this a document at all, of which kind, and is it whole?

By its bytes, never by its name; what is damaged is told when it is enqueued, not at night.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from lxml import etree

from duepost.errors import InvalidSend
from duepost.sends import DocumentSource

FIELD = "Document"
DEEPEST = 100  # elements within one another, of an XML document
PDF_END_WITHIN = 1024  # bytes; ISO 32000's note 3 of 7.5.5, as readers have it
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in the store. sha256: the 32 bytes that name it. size: bytes."""

    sha256: bytes
    media_type: str
    size: int


def judged(content: bytes, limit: int, source: DocumentSource) -> StoredDocument:
    """The document that these bytes are. limit: bytes of the largest.

    Raises: InvalidSend for Document when they are none, too many, of an unknown kind or damaged.
    """
    if not content:
        raise InvalidSend(FIELD, "is empty", "write the file before it is enqueued", source)
    if len(content) > limit:
        raise InvalidSend(FIELD, f"is larger than {limit:,} bytes", "make it smaller", source)
    media_type = next((kind for magic, kind in MAGIC if content.startswith(magic)), None)
    if media_type is None:
        raise InvalidSend(FIELD, "is of an unknown kind", "give a PDF, XML, PNG, JPEG or TIFF file", source)
    problem = WHOLE[media_type](content) if media_type in WHOLE else None
    if problem:
        raise InvalidSend(FIELD, *problem, source)
    return StoredDocument(sha256(content).digest(), media_type, len(content))


Problem = tuple[str, str]  # what is wrong, and the mend
CUT = "make it anew: its end is missing"


def _pdf(content: bytes) -> Problem | None:
    return None if b"%%EOF" in content[-PDF_END_WITHIN:] else ("is a PDF that breaks off", CUT)


def _png(content: bytes) -> Problem | None:
    return None if b"IEND\xaeB`\x82" in content[-PDF_END_WITHIN:] else ("is a PNG picture that breaks off", CUT)


def _jpeg(content: bytes) -> Problem | None:
    return None if b"\xff\xd9" in content[-PDF_END_WITHIN:] else ("is a JPEG picture that breaks off", CUT)


def _xml(content: bytes) -> Problem | None:
    parser: Any = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    depth = 0
    try:
        parser.feed(content)
        for event, element in parser.read_events():
            depth += 1 if event == "start" else -1
            if depth > DEEPEST:
                return f"is nested deeper than {DEEPEST} elements", "flatten it"
            if event == "end" and depth:
                element.clear()
        root = parser.close()
    except etree.XMLSyntaxError as wrong:
        told: Any = wrong.error_log
        line = wrong.lineno or (told.last_error.line if told else 1)
        return f"is no well-formed XML (line {line})", "mend it, or make it anew"
    if root.getroottree().docinfo.doctype:
        return "has a DOCTYPE", "leave it out: an invoice needs none, and it can hide an attack"
    return None


# first bytes -> media type
MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"<?xml", "application/xml"),
    (BOM + b"<?xml", "application/xml"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
# media type -> what is wrong with a document of it, None when nothing is
WHOLE: dict[str, Callable[[bytes], Problem | None]] = {
    "application/pdf": _pdf,
    "application/xml": _xml,
    "image/png": _png,
    "image/jpeg": _jpeg,
}


def ending(media_type: str) -> str:
    """Of a file's name, such as `.pdf`."""
    return ENDINGS.get(media_type, "")


ENDINGS = {
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
}

"""Is this a document at all, of which kind, and is it whole?

By its bytes, never by its name; what is damaged is told when it is enqueued, not at night.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from lxml import etree

from duepost.document_pictures import jpeg_ends, tiff_is_whole
from duepost.errors import InvalidSend
from duepost.pages import opens
from duepost.sends import DocumentSource

FIELD = "Document"
DEEPEST = 100  # elements within one another, of an XML document
PDF_END_WITHIN = 1024  # bytes; ISO 32000's note 3 of 7.5.5, as readers have it
STARTXREF = re.compile(rb"startxref\s+([0-9]{1,10})\s")
TABLE = re.compile(rb"\s*(?:xref\s|[0-9]+\s+[0-9]+\s+obj\b)")  # a table, or an object that is one, ISO 32000 7.5.8
BOM = b"\xef\xbb\xbf"
# XML may leave its declaration out: its first element, after blanks and comments, without the name's prefix.
ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--(?:(?!--).)*-->\s*)*<(?:[^\W\d][\w.-]*:)?([^\W\d][\w.-]*)[\s/>]", re.DOTALL
)


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
    if media_type is None and (root := ROOT.match(content)) and root[1].lower() != b"html":
        media_type = "application/xml"
    if media_type is None:
        raise InvalidSend(FIELD, "is of an unknown kind", "give a PDF, XML, PNG, JPEG or TIFF file", source)
    problem = WHOLE[media_type](content) if media_type in WHOLE else None
    if problem:
        raise InvalidSend(FIELD, *problem, source)
    return StoredDocument(sha256(content).digest(), media_type, len(content))


Problem = tuple[str, str]  # what is wrong, and the mend
CUT = "make it anew: its end is missing"


def _pdf(content: bytes) -> Problem | None:
    """Whether its end names a table of its objects; where that says otherwise, whether it opens at all."""
    if b"%%EOF" not in content[-PDF_END_WITHIN:]:
        return "is a PDF that breaks off", CUT
    end = STARTXREF.match(content, max(content.rfind(b"startxref"), 0))
    if end and TABLE.match(content, int(end[1])):
        return None
    # Some programs count their bytes wrongly, and every reader mends it.
    return None if opens(content) else ("is a PDF that is damaged", "make it anew")


def _png(content: bytes) -> Problem | None:
    return None if b"IEND\xaeB`\x82" in content[-PDF_END_WITHIN:] else ("is a PNG picture that breaks off", CUT)


def _jpeg(content: bytes) -> Problem | None:
    return None if jpeg_ends(content) else ("is a JPEG picture that breaks off", CUT)


def _tiff(content: bytes) -> Problem | None:
    return None if tiff_is_whole(content) else ("is a TIFF picture that breaks off", "make it anew: a part is missing")


class _Refused(Exception):  # noqa: N818 - it says what happened, see duepost.errors
    """Ends the parsing of an XML document; its argument is the Problem."""


class _Walk:
    """Follows an XML document and keeps nothing of it: as a tree, ten megabytes of `<a/>` would take 860 of memory."""

    def __init__(self) -> None:
        self._depth = 0

    def start(self, name: str, attributes: object) -> None:  # noqa: ARG002 - lxml calls it so
        self._depth += 1
        if self._depth > DEEPEST:
            raise _Refused(f"is nested deeper than {DEEPEST} elements", "flatten it")

    def end(self, name: str) -> None:  # noqa: ARG002 - as start
        self._depth -= 1

    def doctype(self, *declared: object) -> None:  # noqa: ARG002 - as start
        raise _Refused("has a DOCTYPE", "leave it out: an invoice needs none, and it can hide an attack")

    def close(self) -> None:
        """Nothing is kept."""


def _xml(content: bytes) -> Problem | None:
    make: Any = etree.XMLParser  # its stubs know no target
    parser = make(target=_Walk(), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        parser.feed(content)
        parser.close()
    except _Refused as refused:
        what, mend = refused.args
        return what, mend
    except etree.XMLSyntaxError as wrong:
        return f"is no well-formed XML (line {wrong.lineno or 1})", "mend it, or make it anew"
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
    "image/tiff": _tiff,
}


def role_of(media_type: str) -> str:
    """What `Attach` calls a document of it."""
    return ROLES.get(media_type, "other")


def with_ending(name: str, media_type: str) -> str:
    """The name of a file as its kind ends, such as `1001.pdf`; one that has an ending of its kind keeps it."""
    endings = ENDINGS.get(media_type, ("",))
    return name if name.lower().endswith(endings) else f"{name}{endings[0]}"


# media type -> endings of a file's name, the usual one first
ENDINGS = {
    "application/pdf": (".pdf",),
    "application/xml": (".xml",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/tiff": (".tif", ".tiff"),
}
# media type -> what `Attach` calls it; every other is `other`
ROLES = {"application/pdf": "pdf", "application/xml": "xml", "text/xml": "xml"}

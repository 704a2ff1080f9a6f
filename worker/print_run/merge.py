"""How do a run's documents become one PDF, the same bytes each time?"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pikepdf

from worker.print_run.mark import Mark

log = logging.getLogger(__name__)

TOLD_EACH = 500  # documents


@dataclass(frozen=True, slots=True)
class Letter:
    """One envelope: its number in the run, and the PDFs in it."""

    sequence: int
    documents: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """The run's PDF, and the pages of each envelope, blank ones included."""

    content: bytes
    pages: dict[int, int]


def merge(run: str, letters: Iterable[Letter], mark: Mark | None, *, duplex: bool) -> Merged:
    """One PDF with the letters in their order, each with its mark on its first page.

    duplex: a letter of an odd number of pages gets a blank one, so that the next begins on a sheet of its own.

    Raises: pikepdf.PdfError when a document cannot be opened.
    """
    pages: dict[int, int] = {}
    with pikepdf.new() as whole:
        for letter in letters:
            first = len(whole.pages)
            for content in letter.documents:
                with pikepdf.open(BytesIO(content)) as document:
                    whole.pages.extend(document.pages)
            if duplex and (len(whole.pages) - first) % 2:
                last: Any = whole.pages[-1].mediabox
                whole.add_blank_page(page_size=(float(last[2]) - float(last[0]), float(last[3]) - float(last[1])))
            count = len(whole.pages) - first
            pages[letter.sequence] = count
            if mark is not None and count:
                _draw(whole.pages[first], mark, f"{run};{letter.sequence};{count}")
            if len(pages) % TOLD_EACH == 0:
                log.info("print run %s: %d letters are merged", run, len(pages))
        out = BytesIO()
        # The documents' streams go as they came: packing them anew takes ten times as long and saves a tenth.
        whole.save(out, deterministic_id=True, compress_streams=False)
    return Merged(out.getvalue(), pages)


def _draw(page: pikepdf.Page, mark: Mark, text: str) -> None:
    box: Any = page.mediabox
    # What the page leaves behind of its own state must not move the mark.
    page.contents_add(b"q\n", prepend=True)
    page.contents_add(b"\nQ\n" + mark.content(text, float(box[0]), float(box[1])))

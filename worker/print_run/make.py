"""How do the files of a run come about, the same bytes however often?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import pikepdf

from duepost.documents import DocumentStore
from duepost.ledger.print_runs import Enveloped, PrintRun
from worker.print_run.manifest import manifest
from worker.print_run.mark import Mark
from worker.print_run.merge import Letter, merge

# What pikepdf raises for a document that is broken inside: its own, and what its C++ and our look at a page turn into.
BROKEN = (pikepdf.PdfError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


class Unprintable(Exception):  # noqa: N818 - it says what happened, see duepost.errors
    """A document cannot be merged."""


@dataclass(frozen=True, slots=True)
class Made:
    """The files of one run."""

    pdf: bytes = field(repr=False)
    manifest: bytes = field(repr=False)
    pages: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the files of runs. mark: None prints none. duplex: each letter begins on a sheet of its own."""

    documents: DocumentStore
    mark: Mark | None
    duplex: bool

    def make(self, run: PrintRun, letters: Sequence[Enveloped]) -> Made:
        """The PDF and its manifest.

        Raises: OSError when the store does not give a document, Unprintable when one cannot be merged.
        """
        try:
            merged = merge(run.name, self._read(letters), self.mark, duplex=self.duplex)
        except BROKEN as trouble:
            raise Unprintable(type(trouble).__name__) from trouble
        told = manifest(run.name, letters, merged.pages)
        return Made(merged.content, told, sum(merged.pages.values()), sha256(merged.content).digest())

    def _read(self, letters: Sequence[Enveloped]) -> Iterator[Letter]:
        for one in letters:
            yield Letter(one.sequence, (self.documents.read(one.document_sha256),))

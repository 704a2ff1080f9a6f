"""Which letters keep a run from being made, and is it they or the store?"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from duepost.documents import DocumentDamaged, DocumentStore
from duepost.ledger.print_runs import Enveloped, PrintRun
from worker.print_run.make import Maker, Unprintable

FEW = 10  # letters of a run that may be ejected, however small it is
SHARE = 4  # beyond that a quarter of it: what spoils more is no letter's own fault


def faults(maker: Maker, run: PrintRun, letters: Sequence[Enveloped], beside: Iterable[bytes]) -> Mapping[int, str]:
    """Sequence -> cause of the letters that cannot be printed; none when that is the store's fault, or may be.

    The store has to give another document, of the run or of those `beside` it, after it has failed to give one; then
    it is asked for that one again.

    Raises: OSError when the store cannot be reached.
    """
    found = _sifted(maker, run, letters)
    if found and not _gives(maker.documents, _good(letters, found), beside):
        return {}
    found = _sifted(maker, run, [one for one in letters if one.sequence in found])
    ejected_before = run.sends - len(letters)
    return found if ejected_before + len(found) <= max(FEW, run.sends // SHARE) else {}


def _sifted(maker: Maker, run: PrintRun, letters: Iterable[Enveloped]) -> dict[int, str]:
    causes = ((one.sequence, _cause(maker, run, one)) for one in letters)
    return {sequence: cause for sequence, cause in causes if cause}


def _cause(maker: Maker, run: PrintRun, letter: Enveloped) -> str | None:
    """Made alone, a letter shows what it does to its run."""
    try:
        maker.make(run, [letter])
    except FileNotFoundError:
        return "DOCUMENT_LOST"
    except DocumentDamaged:
        return "DOCUMENT_DAMAGED"
    except Unprintable:
        return "UNPRINTABLE"
    return None


def _good(letters: Sequence[Enveloped], found: Mapping[int, str]) -> Iterable[bytes]:
    return (one.document_sha256 for one in letters if found.get(one.sequence) in {None, "UNPRINTABLE"})


def _gives(store: DocumentStore, *digests: Iterable[bytes]) -> bool:
    for several in digests:
        for one in several:
            with suppress(FileNotFoundError, DocumentDamaged):
                store.read(one)
                return True
    return False

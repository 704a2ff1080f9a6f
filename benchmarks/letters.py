"""How long does a print run of 1,000 two-page letters take to make, beside a plain merge without marks?"""

import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pikepdf

from benchmarks.report import Figure, ratio
from sandbox.invoice_pdf import Customer, draw_up, render
from worker.print_run.mark import Mark
from worker.print_run.merge import Letter, merge

LETTERS = 1_000
DIFFERENT = 40  # documents; each is merged anew each time it comes
ROUNDS = 3  # the fastest counts
MOST_SECONDS = 4.0
BUYER = Customer("1", "Kunde ApS", "Anna Holm", "Vestergade 1", "1456 København K", "Denmark")


def measure(say: Callable[[str], None], folder: Path) -> list[Figure]:  # noqa: ARG001 - the bench's own form
    """Seconds, in memory, on one core."""
    say(f"{DIFFERENT} invoices are drawn")
    drawn = [render(draw_up(number, BUYER, 1)) for number in range(1, DIFFERENT + 1)]
    letters = [drawn[place % DIFFERENT] for place in range(LETTERS)]
    seconds: dict[str, float] = {}
    digests = set()
    for _ in range(ROUNDS):
        say("a plain merge")
        _timed(seconds, "plain", lambda: _plain(letters))
        say("a print run")
        made = _timed(seconds, "run", lambda: _run(letters))
        digests.add(sha256(made).digest())
    assert len(digests) == 1, "a run's bytes are the same each time"
    return [
        Figure(f"{LETTERS:,} two-page letters with marks", seconds["run"], "s", at_most=MOST_SECONDS),
        Figure("merged plainly by pikepdf, without marks", seconds["plain"], "s"),
        ratio("with marks / plain", seconds["run"] / seconds["plain"], at_most=1.0),
    ]


def _timed(seconds: dict[str, float], name: str, work: Callable[[], bytes]) -> bytes:
    began = time.perf_counter()
    made = work()
    took = time.perf_counter() - began
    seconds[name] = min(took, seconds.get(name, took))
    return made


def _run(letters: Sequence[bytes]) -> bytes:
    numbered = (Letter(number, (content,)) for number, content in enumerate(letters, 1))
    return merge("P000001", numbered, Mark(), duplex=False).content


def _plain(letters: Sequence[bytes]) -> bytes:
    out = BytesIO()
    with pikepdf.new() as whole:
        for content in letters:
            with pikepdf.open(BytesIO(content)) as letter:
                whole.pages.extend(letter.pages)
        whole.save(out)
    return out.getvalue()

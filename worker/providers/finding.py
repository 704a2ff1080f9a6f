"""How does what a provider says get its form: a row of a table of verdicts, its raw answer, its own name?"""

from duepost.verdicts import Finding as Finding  # noqa: PLC0414 - others take it from here

ANSWER_LIMIT = 1000  # characters, by the port
REFERENCE_LIMIT = 100  # characters


def raw(answer: str) -> str:
    """An answer as the ledger takes it: no NUL, no half a character, and at most 1,000 characters, by the port."""
    return answer.replace("\0", "").encode("utf-8", "replace").decode()[:ANSWER_LIMIT]


def printable(word: str) -> str:
    """A provider's own word as a reason's value: JSONB takes neither NUL nor half a character."""
    return "".join(letter if letter.isprintable() else "?" for letter in word)[:ANSWER_LIMIT]


def reference(name: str) -> str | None:
    """The provider's own name for the delivery; None when it is empty, too long or cannot be printed."""
    return name if 0 < len(name) <= REFERENCE_LIMIT and name.isprintable() else None

"""What is a place to which files are handed over, and what may go wrong there?

A file is written aside and renamed: whoever reads the place finds all of it or none.
"""

import re
from typing import Protocol

NAME_LIMIT = 200  # characters; file systems allow 255 bytes
UNWRITABLE = "FOLDER_UNWRITABLE"


class DropFailed(OSError):  # noqa: N818 - it says what happened
    """The file is surely not there, unless `begun`: then it may be. `code`: the reason's. `alarm`: only an operator
    can mend it.
    """

    def __init__(self, code: str, text: str, *, begun: bool = False, alarm: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.begun = begun
        self.alarm = alarm


class Drop(Protocol):
    """A folder, here or on another machine. Several threads use it at once."""

    def put(self, name: str, content: bytes) -> None:
        """The file stands there under its name, on the disk as far as can be told. Raises: DropFailed."""

    def exists(self, name: str) -> bool:
        """Is it there? Raises: DropFailed."""

    def lies_aside(self, name: str) -> bool:
        """Was it begun and surely not renamed? Raises: DropFailed."""

    def close(self) -> None:
        """Let go of every connection."""


def aside(name: str) -> str:
    """Under which name it is written: hidden, and no reader's `*.xml`."""
    return f".{name}.part"


def safe_name(*parts: str, suffix: str) -> str:
    """A file's name of these parts, in characters that every file system takes; the last part is kept whole.

    suffix: with its dot.
    """
    cleaned = [re.sub(r"[^A-Za-z0-9._-]+", "-", part).strip(".-") or "x" for part in parts]
    last = cleaned[-1] + suffix
    first = "_".join(cleaned[:-1])[: NAME_LIMIT - len(last) - 1]
    return f"{first}_{last}" if first else last

"""Who says the SMTP client it is?"""

from base64 import b64decode
from collections.abc import Generator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Login:
    """The one user whom the mail counterpart lets in."""

    user: str
    password: str = field(repr=False)


def plain(initial: bytes) -> Generator[bytes, bytes, Login]:
    """AUTH PLAIN (RFC 4616): yields challenges, is sent the client's lines, returns who it says it is.

    Raises: ValueError when a line is not what the mechanism asks for.
    """
    answer = initial or (yield b"")
    _, user, password = _decoded(answer).split("\0")
    return Login(user, password)


def login(initial: bytes) -> Generator[bytes, bytes, Login]:
    """AUTH LOGIN, as `plain`; the challenges are "Username:" and "Password:" in base64."""
    user = initial or (yield b"VXNlcm5hbWU6")
    password = yield b"UGFzc3dvcmQ6"
    return Login(_decoded(user), _decoded(password))


# Name after AUTH -> its conversation.
MECHANISMS = {b"PLAIN": plain, b"LOGIN": login}


def _decoded(line: bytes) -> str:
    return b64decode(line, validate=True).decode()

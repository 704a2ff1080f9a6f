"""How is a key made, and how is it known again by who holds no more than its digest?"""

import hmac
import re
import secrets
import string
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import scrypt, sha256

LETTERS = string.ascii_letters + string.digits
OURS = re.compile(r"(dp_(?:live|test)_[A-Za-z0-9]{8})_[A-Za-z0-9]{40}")
SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}  # 16 MB and some 50 ms; OWASP's floor for an interactive login
LONGEST_SECRET = 1024  # characters of what may be hashed


class Scope(StrEnum):
    """What a key may do: enqueue and upload, ask, act on sends, manage keys."""

    SEND = "send"
    READ = "read"
    OPERATE = "operate"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Verifier:
    """What is kept of a secret. salt: of scrypt, for what people choose; None: SHA-256, for 238 random bits."""

    digest: bytes = field(repr=False)
    salt: bytes | None = field(default=None, repr=False)

    def opens(self, secret: str) -> bool:
        """Whether it is that secret; takes the same time for every wrong one of its length."""
        return hmac.compare_digest(self.digest, _digest(secret, self.salt))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as its owner sees it, once. lookup: its beginning, which is no secret and finds it again."""

    lookup: str
    secret: str = field(repr=False)

    @property
    def verifier(self) -> Verifier:
        """What to keep of it."""
        return Verifier(_digest(self.secret, None))


def new_key(kind: str) -> NewKey:
    """A fresh key, `dp_live_` or `dp_test_`, eight letters that name it, `_`, forty that open."""
    lookup = f"dp_{kind}_{_letters(8)}"
    return NewKey(lookup, f"{lookup}_{_letters(40)}")


def lookup_of(key: str) -> str | None:
    """What finds a key of ours; None for something else."""
    found = OURS.fullmatch(key)
    return found[1] if found else None


def login_lookup(system: str, user: str, secret: str) -> str:
    """What finds a login of one of the four systems. FarPay's has no user: its key finds itself, by a digest."""
    if user:
        return f"{system}:{user}"
    return f"{system}#{sha256(secret.encode(errors='replace')).hexdigest()[:24]}"


def verifier_of(secret: str) -> Verifier:
    """What to keep of a secret that people may have chosen."""
    salt = secrets.token_bytes(16)
    return Verifier(_digest(secret, salt), salt)


def _digest(secret: str, salt: bytes | None) -> bytes:
    said = secret.encode(errors="surrogatepass")
    return sha256(said).digest() if salt is None else scrypt(said, salt=salt, **SCRYPT)


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))

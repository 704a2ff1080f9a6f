"""Who calls, for which account, and may they?"""

import logging
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from duepost.credentials import LONGEST_SECRET, Scope, login_lookup, lookup_of
from duepost.ledger.engine import answered
from duepost.ledger.keys import Key, key_by, used
from gateway.problems import Detail, Problem

log = logging.getLogger(__name__)

KNOWN_SECONDS = 5.0  # so long a key that was revoked may still open
USED_SECONDS = 60.0
MOST_KNOWN = 10_000
WRONG_TRIES = 10  # with one login, in a minute; then it is not looked at: each try costs some 50 ms
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="duepost"'}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. account: whose sends are meant, and nobody else's. kind: live or test; name: of the billing app."""

    key_id: int
    account_id: int
    account: str
    zone: str
    scopes: frozenset[Scope]
    kind: str
    name: str
    lookup: str

    @property
    def actor(self) -> str:
        """As transitions name who did it."""
        return f"{self.name} ({self.lookup})"


@dataclass
class Keyring:
    """Knows callers by their keys; remembers each for some seconds, under a digest of what was shown."""

    engine: Engine
    clock: Callable[[], float] = monotonic
    _known: dict[bytes, tuple[float, Caller]] = field(default_factory=dict, repr=False)
    _wrong: dict[str, tuple[int, float]] = field(default_factory=dict, repr=False)
    _used: dict[int, float] = field(default_factory=dict, repr=False)
    _alone: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def remembered(self, secret: str, system: str = "", user: str = "") -> Caller | None:
        """The caller who showed this within the last seconds; asks nobody."""
        found = self._known.get(_shown(secret, system, user))
        return found[1] if found and found[0] > self.clock() else None

    def caller_of_key(self, secret: str) -> Caller | None:
        """Whose key of ours that is; None when it opens nothing. Raises: TryLater while the ledger is away."""
        return self.remembered(secret) or self._asked(secret, lookup_of(secret), "", "")

    def caller_of_login(self, system: str, user: str, secret: str) -> Caller | None:
        """Whose login of that system it is, or whose key of ours stands in its password's place. Raises: as above."""
        found = self.remembered(secret, system, user)
        if found:
            return found
        ours = lookup_of(secret)
        if ours:
            return self.caller_of_key(secret)
        return self._asked(secret, login_lookup(system, user, secret), system, user)

    def caller_of_id(self, key_id: int, lookup: str) -> Caller | None:
        """Who a token of ours names; None when that key opens no more. Asks each time. Raises: as above."""
        with answered(), self.engine.connect() as connection:
            key = key_by(connection, lookup)
        if key is None or key.id != key_id:
            return None
        self._note_used(key.id)
        return _caller(key)

    def _asked(self, secret: str, lookup: str | None, system: str, user: str) -> Caller | None:
        if lookup is None or len(secret) > LONGEST_SECRET or not _findable(lookup):
            return None
        if self._too_often(lookup) and _shown(secret, system, user) not in self._known:
            return None  # what opened before is still looked at: others' guesses lock nobody out
        with answered(), self.engine.connect() as connection:
            key = key_by(connection, lookup)
        if key is None:
            return None
        if not key.verifier.opens(secret):
            self._note_wrong(lookup, key.id)
            return None
        caller = _caller(key)
        with self._alone:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[_shown(secret, system, user)] = (self.clock() + KNOWN_SECONDS, caller)
        self._note_used(key.id)
        return caller

    def _note_used(self, key_id: int) -> None:
        now = self.clock()
        with self._alone:
            if self._used.get(key_id, -USED_SECONDS) + USED_SECONDS > now:
                return
            self._used[key_id] = now
        with answered(), self.engine.begin() as connection:
            used(connection, [key_id])

    def _too_often(self, lookup: str) -> bool:
        count, since = self._wrong.get(lookup, (0, 0.0))
        return count >= WRONG_TRIES and since + USED_SECONDS > self.clock()

    def _note_wrong(self, lookup: str, key_id: int) -> None:
        now = self.clock()
        with self._alone:
            count, since = self._wrong.get(lookup, (0, now))
            fresh = since + USED_SECONDS <= now
            if len(self._wrong) >= MOST_KNOWN:
                self._wrong.clear()
            self._wrong[lookup] = (1, now) if fresh else (count + 1, since)
        log.warning("a wrong secret for key %d", key_id)  # a login's user may be an e-mail address


def secret_of(request: Request) -> str | None:
    """The key that the request shows."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and rest.strip():
        return rest.strip()
    return request.headers.get("x-api-key") or None


def caller_with(scope: Scope) -> Callable[[Request], "Caller"]:
    """A plain endpoint's dependency: the caller, who may do that and not too often. Raises: Problem (401, 403, 429)."""

    def known(request: Request) -> Caller:
        return allowed(request, scope, _keyring(request).caller_of_key(_shown_key(request)))

    return known


def caller_at_once(scope: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """As caller_with, for async endpoints: the ledger is asked in a thread, and only for a key not seen of late."""

    async def known(request: Request) -> Caller:
        secret = _shown_key(request)
        keyring = _keyring(request)
        found = keyring.remembered(secret) or await run_in_threadpool(keyring.caller_of_key, secret)
        return allowed(request, scope, found)

    return known


def _shown_key(request: Request) -> str:
    secret = secret_of(request)
    if secret is None:
        hint = "send the header `Authorization: Bearer dp_live_…`, or X-API-KEY"
        raise Problem(401, "no key was sent", [Detail("no key was sent", [], hint)], headers=CHALLENGE)
    return secret


def allowed(request: Request, scope: Scope, caller: Caller | None) -> Caller:
    """The caller, who may do that and not too often. Raises: Problem (401, 403, 429)."""
    if caller is None:
        raise Problem(401, "this key opens nothing here", headers=CHALLENGE)
    request.app.state.service.limits.take(caller.key_id)
    if scope not in caller.scopes:
        raise Problem(403, f"this key may not {scope}: it is for {', '.join(sorted(caller.scopes))}")
    return caller


def _keyring(request: Request) -> Keyring:
    keyring: Keyring = request.app.state.service.keyring
    return keyring


def _caller(key: Key) -> Caller:
    return Caller(key.id, key.account_id, key.account, key.zone, key.scopes, key.kind, key.name, key.lookup)


def _findable(lookup: str) -> bool:
    """False for what PostgreSQL or UTF-8 cannot hold, so that no login has it."""
    return "\0" not in lookup and lookup.encode(errors="ignore").decode() == lookup


def _shown(secret: str, system: str, user: str) -> bytes:
    return sha256(f"{system}\0{user}\0{secret}".encode(errors="surrogatepass")).digest()


Sender = Annotated[Caller, Depends(caller_at_once(Scope.SEND))]
Reader = Annotated[Caller, Depends(caller_with(Scope.READ))]
Operator = Annotated[Caller, Depends(caller_with(Scope.OPERATE))]
Administrator = Annotated[Caller, Depends(caller_with(Scope.ADMIN))]

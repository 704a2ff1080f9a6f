"""Who may call the gateway, for which account, and what may they do?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, literal, select, update

from duepost.credentials import LONGEST_SECRET, NewKey, Scope, Verifier, login_lookup, new_key, verifier_of
from duepost.errors import InvalidSend, Refused
from duepost.fields import NAME_LIMIT, required
from duepost.ledger.accounts import account_named, add_account
from duepost.ledger.gateway_tables import SYSTEMS, api_key
from duepost.ledger.notes import note
from duepost.ledger.schema import account

AT_ONCE = 2  # keys of one app that open: the old one and the new one, while the app changes over
TEST_SUFFIX = ":test"


@dataclass(frozen=True, slots=True)
class Key:
    """A key or a login. Times are aware; account: the one it opens, of a test key that which delivers nothing."""

    id: int
    lookup: str
    account_id: int
    account: str
    zone: str
    name: str
    kind: str
    system: str | None
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str
    used_at: datetime | None
    revoked_at: datetime | None
    verifier: Verifier = field(repr=False)

    @property
    def shown(self) -> str:
        """What it is called by: a revoked one has made room for another of that name."""
        return self.lookup.removesuffix(_revoked(self.id))


def key_by(connection: Connection, lookup: str) -> Key | None:
    """The key or login that opens, by what finds it. Served by uq_api_key_lookup."""
    row = connection.execute(_keys().where(api_key.c.lookup == lookup, api_key.c.revoked_at.is_(None))).one_or_none()
    return _key(tuple(row)) if row else None


def keys_of(connection: Connection, account_name: str | None = None) -> list[Key]:
    """All keys, revoked ones too, or one account's with its test keys. A table of few rows."""
    statement = _keys().order_by(api_key.c.id)
    if account_name is not None:
        statement = statement.where(account.c.name.in_([account_name, account_name + TEST_SUFFIX]))
    return [_key(tuple(row)) for row in connection.execute(statement)]


def add_key(
    connection: Connection, account_name: str, *, name: str, scopes: Iterable[Scope], kind: str, actor: str
) -> NewKey:
    """Make a key for a billing app; its secret is told here and never again.

    A test key is of the account NAME:test, made if need be, whose sends are accepted as 1000 NA and never leave.

    Raises: Refused when the app has two that open; InvalidSend for an account that is not there.
    """
    made = new_key(kind)
    owner = _owner(connection, account_name, kind)
    _add(connection, owner, made.lookup, made.verifier, name=name, scopes=scopes, kind=kind, actor=actor)
    return made


def add_login(
    connection: Connection,
    account_name: str,
    *,
    system: str,
    user: str,
    secret: str,
    scopes: Iterable[Scope],
    actor: str,
    kind: str = "live",
) -> str:
    """Take over the login that a billing app has at one of the four systems; returns what finds it.

    Raises: Refused when it is there already; InvalidSend for an account that is not there, and for a secret that would
    open nothing.
    """
    if system not in SYSTEMS:
        raise InvalidSend("system", "is not known", f"write one of {', '.join(SYSTEMS)}", system)
    if len(secret) > LONGEST_SECRET:
        raise InvalidSend("secret", "is too long", f"at most {LONGEST_SECRET:,} characters open anything")
    lookup = login_lookup(system, user, secret)
    if key_by(connection, lookup):
        raise Refused(f"this login of {system} is there already: revoke it first")
    owner = _owner(connection, account_name, kind)
    name = f"{system} {user}".strip()[:NAME_LIMIT]
    verifier = verifier_of(secret)
    _add(connection, owner, lookup, verifier, name=name, scopes=scopes, kind=kind, actor=actor, system=system)
    return lookup


def revoke(connection: Connection, lookup: str, *, account_id: int | None = None, reason: str, actor: str) -> bool:
    """Let a key open no more; False when none of that name opens (or, with account_id, none of that account's).

    Served by uq_api_key_lookup. Its row makes room for another of that name.
    """
    ended = connection.execute(
        update(api_key)
        .where(
            api_key.c.lookup == lookup,
            api_key.c.revoked_at.is_(None),
            literal(value=True) if account_id is None else api_key.c.account_id == account_id,
        )
        .values(revoked_at=func.now(), lookup=api_key.c.lookup + func.concat(_revoked(""), api_key.c.id))
        .returning(api_key.c.id)
    ).one_or_none()
    if ended:
        note(connection, "revoke", f"key {lookup}", reason=reason, actor=actor)
    return ended is not None


def used(connection: Connection, key_ids: Sequence[int]) -> None:
    """Write down that these keys were used now. Served by pk_api_key."""
    connection.execute(update(api_key).where(api_key.c.id.in_(key_ids)).values(used_at=func.now()))


def _revoked(key_id: int | str) -> str:
    return f" revoked {key_id}"


def _owner(connection: Connection, account_name: str, kind: str) -> int:
    owner = account_named(connection, account_name)
    if kind == "live":
        return owner.id
    name = owner.name + TEST_SUFFIX
    add_account(connection, name, owner.zone)
    connection.execute(update(account).where(account.c.name == name).values(delivers=False))
    return account_named(connection, name).id


def _add(
    connection: Connection,
    account_id: int,
    lookup: str,
    verifier: Verifier,
    *,
    name: str,
    scopes: Iterable[Scope],
    kind: str,
    actor: str,
    system: str | None = None,
) -> None:
    given = required("name", name)
    # Whoever makes another key of this account waits here, so that two of them count each other.
    connection.execute(select(account.c.id).where(account.c.id == account_id).with_for_update())
    opening = connection.execute(
        select(func.count()).where(
            api_key.c.account_id == account_id,
            api_key.c.name == given,
            api_key.c.revoked_at.is_(None),
            api_key.c.system.is_(None),
        )
    ).scalar_one()
    if system is None and opening >= AT_ONCE:
        raise Refused(f"{given} has {AT_ONCE} keys that open already: revoke the older one first")
    values = {
        "account_id": account_id,
        "lookup": lookup,
        "digest": verifier.digest,
        "salt": verifier.salt,
        "system": system,
        "kind": kind,
        "name": given,
        "scopes": sorted(scopes),
        "created_by": actor,
    }
    connection.execute(insert(api_key).values(values))
    note(connection, "key", f"key {lookup}", reason=f"made for {given}", actor=actor)


def _keys() -> Select[tuple[object, ...]]:
    return select(
        api_key.c.id,
        api_key.c.lookup,
        api_key.c.account_id,
        account.c.name,
        account.c.zone,
        api_key.c.name,
        api_key.c.kind,
        api_key.c.system,
        api_key.c.scopes,
        api_key.c.created_at,
        api_key.c.created_by,
        api_key.c.used_at,
        api_key.c.revoked_at,
        api_key.c.digest,
        api_key.c.salt,
    ).join(account, account.c.id == api_key.c.account_id)


def _key(row: Sequence[Any]) -> Key:
    *facts, digest, salt = row
    facts[8] = frozenset(Scope(one) for one in facts[8])
    return Key(*[*facts, Verifier(digest, salt)])

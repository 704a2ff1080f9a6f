"""What was answered under an Idempotency-Key?

The answer is kept in the transaction of what it tells, so either both are there or neither. While that transaction
runs, the key is locked: a twin in any process of the gateway is told so at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import BigInteger, Connection, Integer, Text, delete, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert

from duepost.ledger.gateway_tables import idempotency

KEPT = timedelta(hours=24)
LONGEST_KEY = 255  # characters
FORGOTTEN = 10_000  # rows in one transaction


@dataclass(frozen=True, slots=True)
class Repeat:
    """A call that can be repeated. scope: which call; request: SHA-256 of the body."""

    account_id: int
    scope: str
    key: str
    request: bytes = field(repr=False)

    @property
    def lock(self) -> int:
        """The number of its advisory lock, 64 bits with a sign."""
        digest = sha256(f"{self.account_id}\0{self.scope}\0{self.key}".encode(errors="surrogatepass")).digest()
        return int.from_bytes(digest[:8], signed=True)


@dataclass(frozen=True, slots=True)
class Kept:
    """The first answer: HTTP status and body, and what it answered."""

    status: int
    answer: bytes = field(repr=False)
    request: bytes = field(repr=False)


BUSY = "busy"  # another transaction is at it


def claim(connection: Connection, repeats: Sequence[Repeat], kept_for: timedelta = KEPT) -> list[Kept | str | None]:
    """For each: the first answer, BUSY while another is at it, None when it is new and now this transaction's.

    Two equal ones in one call are both told None. kept_for: how old a first answer may be, a day at most.
    Served by pk_idempotency; locks end with the transaction.
    """
    if not repeats:
        return []
    numbers = func.unnest(literal([one.lock for one in repeats], ARRAY(BigInteger)))
    locks = numbers.table_valued("number", name="lock").render_derived()
    rows = connection.execute(select(locks.c.number, func.pg_try_advisory_xact_lock(locks.c.number)))
    free = {number for number, locked in rows if locked}
    # A statement of its own, after the locks: it sees what whoever held one before has committed.
    asked = (
        func.unnest(
            literal([one.account_id for one in repeats], ARRAY(Integer)),
            literal([one.scope for one in repeats], ARRAY(Text)),
            literal([one.key for one in repeats], ARRAY(Text)),
        )
        .table_valued("account_id", "scope", "key", name="asked")
        .render_derived()
    )
    columns = (idempotency.c.account_id, idempotency.c.scope, idempotency.c.key)
    found = connection.execute(
        select(*columns, idempotency.c.status, idempotency.c.answer, idempotency.c.request).where(
            tuple_(*columns).in_(select(asked.c.account_id, asked.c.scope, asked.c.key)),
            idempotency.c.created_at > func.now() - kept_for,
        )
    )
    kept = {tuple(row[:3]): Kept(*row[3:]) for row in found}
    return [kept.get((one.account_id, one.scope, one.key)) if one.lock in free else BUSY for one in repeats]


def keep(connection: Connection, answers: Sequence[tuple[Repeat, int, bytes]]) -> None:
    """Keep the answers to calls that `claim` found new, in the same transaction. Served by pk_idempotency."""
    rows = [
        {
            "account_id": one.account_id,
            "scope": one.scope,
            "key": one.key,
            "request": one.request,
            "status": status,
            "answer": answer,
        }
        for one, status, answer in answers
    ]
    if not rows:
        return
    statement = insert(idempotency)
    again = {name: statement.excluded[name] for name in ("request", "status", "answer")}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "scope", "key"],  # one older than a day
            set_={**again, "created_at": func.now()},
        ),
        rows,
    )


def forget(connection: Connection) -> int:
    """Remove up to 10,000 answers that are older than a day; returns how many. Served by ix_idempotency_created_at."""
    old = (
        select(idempotency.c.account_id, idempotency.c.scope, idempotency.c.key)
        .where(idempotency.c.created_at <= func.now() - KEPT)
        .limit(FORGOTTEN)
        .with_for_update(skip_locked=True)
    )
    columns = (idempotency.c.account_id, idempotency.c.scope, idempotency.c.key)
    return connection.execute(delete(idempotency).where(tuple_(*columns).in_(old))).rowcount

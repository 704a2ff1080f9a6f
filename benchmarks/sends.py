"""Which sends does a bench work on, and when are they done?"""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine, Interval, LargeBinary, bindparam, text

from duepost.documents import DocumentStore
from duepost.ledger.accept import add_documents
from duepost.ledger.accounts import account_named, run_named
from duepost.ledger.look import counts
from duepost.statuses import Status

ACCOUNT = "default"
DOCUMENT_BYTES = 50_000
POLL_SECONDS = 0.05
LIMIT_SECONDS = 240.0

# The rows that the import door would write, made where they are needed: a million in half a minute.
_FILL = text(
    """
    WITH made AS (
        INSERT INTO send (id, account_id, run_id, channel, kind, invoice, customer, to_address, note, document_sha256,
                          filename, sequence, business_key, source)
        SELECT uuidv7(), :account, :run, 'email', 'invoice', 'INV-' || number, 'C-' || number,
               'kunde' || number || '@firma.test', 'Thank you for your order.', :document,
               'Invoice-' || number || '.pdf', 0, gen_random_uuid(), 'bench'
        FROM generate_series(1, :count) number
        RETURNING id
    )
    INSERT INTO state (send_id, status, due_at, lane, priority)
    SELECT id, 100, now() + :due_in, 'email', 1 FROM made
    """
).bindparams(bindparam("document", type_=LargeBinary), bindparam("due_in", type_=Interval))


class NotDone(RuntimeError):  # noqa: N818 - it says what happened
    """The sends were not all sent, or not in time."""


def pdf() -> bytes:
    """50 kB that pass for a PDF and compress as badly as one."""
    end = b"xref\nstartxref\n%05d\n%%%%EOF\n"
    made = b"%PDF-1.7\n" + os.urandom(DOCUMENT_BYTES - 9 - len(end % 0))
    return made + end % len(made)


def fill(
    engine: Engine, count: int, *, documents: DocumentStore | None = None, due_in: timedelta = timedelta(0)
) -> None:
    """Put sends into the ledger, due so much later; with a store each has the same 50 kB document."""
    with engine.begin() as connection:
        account = account_named(connection, ACCOUNT).id
        run = run_named(connection, account, "bench")
        digest = None
        if documents is not None:
            stored = documents.put(pdf())
            add_documents(connection, [stored])
            digest = stored.sha256
        # The rows are right by their making; a million look-ups of foreign keys would take longer than the rows.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            _FILL,
            {"account": account, "run": run, "document": digest, "count": count, "due_in": due_in},
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE send, state, document"))


def empty(engine: Engine) -> None:
    """Forget every send and all that happened to it."""
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE send CASCADE"))


def send_ids(connection: Connection) -> list[UUID]:
    """Every send, in the order they came in."""
    return list(connection.execute(text("SELECT id FROM send ORDER BY id")).scalars())


def seconds_until_done(engine: Engine, start: Callable[[], None]) -> float:
    """Start the work and wait until no send is due any more; seconds from just before the start.

    Raises: NotDone when it takes too long.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        started = time.perf_counter()
        start()
        while connection.execute(text("SELECT EXISTS (SELECT FROM state WHERE due_at IS NOT NULL)")).scalar_one():
            if time.perf_counter() - started > LIMIT_SECONDS:
                raise NotDone(f"after {LIMIT_SECONDS:.0f} s: {counts(connection)}")
            time.sleep(POLL_SECONDS)
        return time.perf_counter() - started


def require_sent(engine: Engine, count: int) -> None:
    """Check that so many sends are there and all have status 200. Raises: NotDone."""
    with engine.connect() as connection:
        found = counts(connection)
    if found != {Status.SENT: count}:
        raise NotDone(f"not everything was sent: {found}")

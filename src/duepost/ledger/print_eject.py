"""How does a letter leave a print run, so that the others can be printed?"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, and_, delete, exists, select, update

from duepost.ledger.change import change, picked, run_change
from duepost.ledger.print_runs import name_of
from duepost.ledger.print_tables import envelope, print_run
from duepost.ledger.schema import send, state
from duepost.statuses import Status

SAMPLE = 20  # documents


def eject(connection: Connection, number: int, causes: Mapping[int, str], *, actor: str) -> list[UUID]:
    """300 EJECTED for the sends in these envelopes, sequence -> cause, and the run goes without them; their ids.

    The other envelopes keep their numbers. Nothing is ejected once the run was offered or asked for again: the letter
    may have been printed. Served by pk_print_run, pk_envelope and pk_state.
    """
    unmade = (
        update(print_run)
        .where(print_run.c.id == number, print_run.c.offered_at.is_(None), print_run.c.handed_at.is_(None))
        .where(print_run.c.again == 0)
        .values(pages=None, sha256=None, made_at=None)
    )
    if not connection.execute(unmade).rowcount:
        return []
    ejected: list[UUID] = []
    for sequence, cause in causes.items():
        its = and_(envelope.c.run_id == number, envelope.c.sequence == sequence)
        fit = picked(
            state.c.send_id.in_(select(envelope.c.send_id).where(its)),
            state.c.status == int(Status.READY_TO_PRINT),
            wait=True,
        ).cte("fit")
        values: dict[str, str | int] = {"run": name_of(number), "sequence": sequence, "cause": cause}
        changed, told = change(fit, {"status": int(Status.ERROR)}, code="EJECTED", values=values, actor=actor)
        if gone := run_change(connection, changed, told):
            connection.execute(delete(envelope).where(its))
            ejected += gone
    return ejected


def documents_beside(connection: Connection, number: int) -> list[bytes]:
    """Digests of the documents of the newest sends that are not in the run, 20 at most. Served by pk_send."""
    inside = exists().where(envelope.c.send_id == send.c.id, envelope.c.run_id == number)
    newest = (
        select(send.c.document_sha256)
        .where(send.c.document_sha256.is_not(None), ~inside)
        .order_by(send.c.id.desc())
        .limit(SAMPLE)
    )
    return list(dict.fromkeys(connection.execute(newest).scalars()))

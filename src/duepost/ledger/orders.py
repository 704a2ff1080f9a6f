"""What is in an order?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Uuid, case, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from duepost.ledger.schema import account, document, run, send, state
from duepost.statuses import Status


@dataclass(frozen=True, slots=True)
class Leased:
    """A send as its order's worker reads it.

    `first_due` is its schedule, or its acceptance when that was later, or now when a person has let it go. `not_after`:
    when the release gives a retry up; None at the first attempt.
    """

    id: UUID
    account: str
    run: str | None
    channel: str
    kind: str
    invoice: str
    to_address: str | None = field(repr=False)
    subject: str | None = field(repr=False)
    note: str | None = field(repr=False)
    document_sha256: bytes | None
    media_type: str | None
    filename: str | None
    first_due: datetime
    not_after: datetime | None = None


def read_order(connection: Connection, lease: int, ids: Sequence[UUID]) -> list[Leased]:
    """Those sends of an order that still are the order's. Served by pk_state and pk_send."""
    rows = connection.execute(
        select(
            send.c.id,
            account.c.name,
            run.c.name,
            send.c.channel,
            send.c.kind,
            send.c.invoice,
            send.c.to_address,
            send.c.subject,
            send.c.note,
            send.c.document_sha256,
            document.c.media_type,
            send.c.filename,
            # A person's word lifts the limit; also when the first attempt after it lost its worker.
            case(
                (state.c.not_after.is_(None), func.now()),
                else_=func.greatest(send.c.scheduled_at, send.c.accepted_at),
            ),
            case((state.c.status == int(Status.ERROR_SENDING_EMAIL), state.c.not_after)),
        )
        .join_from(state, send, send.c.id == state.c.send_id)
        .join(account, account.c.id == send.c.account_id)
        .outerjoin(run, run.c.id == send.c.run_id)
        .outerjoin(document, document.c.sha256 == send.c.document_sha256)
        .where(
            state.c.send_id == func.any(literal(list(ids), ARRAY(Uuid))),
            state.c.lease == lease,
            state.c.begun_at.is_(None),
        )
    )
    return [Leased(*tuple(row)) for row in rows]

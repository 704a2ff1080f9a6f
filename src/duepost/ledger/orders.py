"""What is in an order?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Uuid, case, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from duepost.ledger.schema import account, attachment, document, run, send, state
from duepost.options import NONE, Options
from duepost.statuses import Status

OPTIONS = 14  # the place of the options in the row that is read


@dataclass(frozen=True, slots=True)
class Attached:
    """One of a send's further documents."""

    filename: str
    media_type: str
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Leased:
    """A send as its order's worker reads it.

    `zone`: the account's. `first_due`: its schedule, or its acceptance when that was later, or now when a person has
    let it go. `not_after`: when the release gives a retry up; None at the first attempt.
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
    options: Options = field(default=NONE, repr=False)
    units: int = 1
    customer: str | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)
    zone: str = "UTC"
    attachments: tuple[Attached, ...] = ()


def read_order(connection: Connection, lease: int, ids: Sequence[UUID]) -> list[Leased]:
    """Those sends of an order that still are the order's. Served by pk_state, pk_send and pk_attachment."""
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
            case((or_(state.c.status == int(Status.ERROR_SENDING_EMAIL), state.c.in_doubt), state.c.not_after)),
            send.c.options,
            send.c.units,
            send.c.customer,
            send.c.reference,
            account.c.zone,
            exists().where(attachment.c.send_id == send.c.id),
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
    found = [tuple[Any, ...](row) for row in rows]
    further = _attached(connection, [row[0] for row in found if row[-1]])
    return [
        replace(Leased(*row[:-1]), options=Options.from_json(row[OPTIONS]), attachments=tuple(further[row[0]]))
        for row in found
    ]


def _attached(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[Attached]]:
    further: dict[UUID, list[Attached]] = defaultdict(list)
    if ids:
        rows = connection.execute(
            select(attachment.c.send_id, attachment.c.filename, document.c.media_type, document.c.sha256)
            .join(document, document.c.sha256 == attachment.c.sha256)
            .where(attachment.c.send_id.in_(ids))
            .order_by(attachment.c.send_id, attachment.c.place)
        )
        for send_id, *attached in rows:
            further[send_id].append(Attached(*attached))
    return further

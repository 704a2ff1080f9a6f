"""How does a receipt get into the ledger, and what does it change there?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from duepost.ledger.change import change, picked, run_change
from duepost.ledger.history_tables import transition
from duepost.ledger.receipt_table import receipt
from duepost.ledger.schema import send, state
from duepost.receipts import (
    CODE_LIMIT,
    PROOFS,
    PROVED,
    NewReceipt,
    Source,
    Word,
    end_of,
    printable,
    reason_of,
    same_receiver,
)
from duepost.statuses import Status

PLAUSIBLE = range(1990, 2200)  # years; what the world says of time is anybody's word
ACTOR = "receipt"  # with the source behind it: who changed a status


class Effect(StrEnum):
    """What came of a receipt."""

    CHANGED = "changed"  # the send's status
    KEPT = "kept"  # no status follows from it
    EARLY = "early"  # a provider has the send just now: it is read again afterwards
    REPEATED = "known already"
    NO_SEND = "no such send"
    STRANGER = "not the send's receiver"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it; the send's status before and after, None of an unknown send."""

    effect: Effect
    before: Status | None = None
    after: Status | None = None


class _Kept(NamedTuple):
    """A receipt of the ledger; `when` it happened, never later than it came."""

    when: datetime
    word: Word
    status: Status | None
    source: Source
    reason: str | None
    code: str | None


def take_receipt(connection: Connection, told: NewReceipt) -> Taken:
    """Keep it, once, and let the send's status follow; the caller commits, best after each.

    One that names no send of ours, or another receiver than the send's, is not kept. Served by pk_send, pk_state,
    ix_transition_send_id and uq_receipt_send_id_source_digest.
    """
    stands = connection.execute(_standing(told.send_id)).one_or_none()
    if stands is None:
        return Taken(Effect.NO_SEND)
    before = Status(stands.status)
    if told.recipients is not None and not _named(stands, told.recipients):
        return Taken(Effect.STRANGER, before, before)
    fresh = connection.execute(
        insert(receipt)
        .values(
            send_id=told.send_id,
            at=told.at if told.at and told.at.year in PLAUSIBLE else None,
            source=told.source.value,
            word=told.word.value,
            status=None if told.status is None else int(told.status),
            reason=told.reason,
            code=printable(told.code, CODE_LIMIT) if told.code else None,
            raw=printable(told.raw),
            digest=told.digest,
            early=stands.in_hand,
        )
        .on_conflict_do_nothing(index_elements=["send_id", "source", "digest"])
        .returning(receipt.c.id)
    ).one_or_none()
    if fresh is None:
        return Taken(Effect.REPEATED, before, before)
    if stands.in_hand:
        return Taken(Effect.EARLY, before, before)
    after = _follow(connection, told.send_id, stands)
    return Taken(Effect.KEPT if after == before else Effect.CHANGED, before, after)


def early(connection: Connection, limit: int = 1000) -> Sequence[UUID]:
    """Sends whose receipts came while a provider had them, which it has no longer. Served by ix_receipt_early."""
    found = (
        select(receipt.c.send_id)
        .distinct()
        .join(state, state.c.send_id == receipt.c.send_id)
        .where(receipt.c.early, state.c.begun_at.is_(None))
        .limit(limit)
    )
    return connection.execute(found).scalars().all()


def read_early(connection: Connection, send_id: UUID) -> Taken:
    """Let the send's status follow from what came too early; the caller commits. Served by ix_receipt_early."""
    stands = connection.execute(_standing(send_id)).one()
    before = Status(stands.status)
    if stands.in_hand:
        return Taken(Effect.EARLY, before, before)
    connection.execute(update(receipt).where(receipt.c.send_id == send_id, receipt.c.early).values(early=False))
    after = _follow(connection, send_id, stands)
    return Taken(Effect.KEPT if after == before else Effect.CHANGED, before, after)


def _standing(send_id: UUID) -> Select[Any]:
    """The send, kept from change until the caller's transaction ends."""
    return (
        select(
            send.c.to_address,
            send.c.options["shown_to"].astext.label("shown_to"),
            state.c.status,
            state.c.in_doubt,
            state.c.begun_at.is_not(None).label("in_hand"),
        )
        .join_from(send, state, state.c.send_id == send.c.id)
        .where(send.c.id == send_id)
        .with_for_update(of=state)
    )


def _named(stands: Row[Any], recipients: Sequence[str]) -> bool:
    """Whether one of these is the send's receiver, or stands in its mail's To: a complaint may know no more."""
    ours = [stands.to_address or "", *(stands.shown_to or "").split(", ")]
    return any(same_receiver(our, one) for our in ours if our for one in recipients)


def _follow(connection: Connection, send_id: UUID, stands: Row[Any]) -> Status:
    """Where the send stands now: only one that was sent, or may have been, follows its receipts."""
    before = Status(stands.status)
    if not (before is Status.SENT or stands.in_doubt or _changed_by_receipt(connection, send_id)):
        return before
    kept = _kept(connection, send_id)
    if stands.in_doubt and not any(one.word in PROOFS for one in kept):
        return before
    after, place = end_of(kept)
    if after == before:
        return before
    proof = next((one for one in reversed(kept) if one.word in PROOFS), kept[-1])
    decider = proof if place is None else kept[place]
    facts = {"word": decider.word.value, "cause": decider.reason, "code": decider.code}
    same = picked(state.c.send_id == send_id, state.c.status == int(before), state.c.begun_at.is_(None), wait=True)
    changed, told = change(
        same.cte("same"),
        {"status": int(after), "due_at": None, "in_doubt": False, "losses": 0},
        code=PROVED if place is None else reason_of(decider.word, decider.source),
        values={name: value for name, value in facts.items() if value is not None},
        actor=f"{ACTOR} {decider.source.value}",
    )
    run_change(connection, changed, told)
    return after


def _changed_by_receipt(connection: Connection, send_id: UUID) -> bool:
    """Whether a receipt gave it its status. A statement of its own: one that waits for a lock sees no later rows."""
    newest = select(transition.c.actor).where(transition.c.send_id == send_id).order_by(transition.c.id.desc()).limit(1)
    return (connection.execute(newest).scalar() or "").startswith(f"{ACTOR} ")


def _kept(connection: Connection, send_id: UUID) -> list[_Kept]:
    """In the order in which they came."""
    rows = connection.execute(
        select(
            func.least(receipt.c.at, receipt.c.received_at),  # NULL counts for nothing
            receipt.c.word,
            receipt.c.status,
            receipt.c.source,
            receipt.c.reason,
            receipt.c.code,
        )
        .where(receipt.c.send_id == send_id)
        .order_by(receipt.c.id)
    )
    known = set(Word)
    return [
        _Kept(when, Word(word), None if status is None else Status(status), Source(source), reason, code)
        for when, word, status, source, reason, code in rows
        if word in known
    ]

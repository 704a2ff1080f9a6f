"""Is every accepted send accounted for, on both sides?

The ledger says what was accepted and where it stands; each counterpart's own ledger says what it really holds. A send
is explained when the two agree, and what a counterpart holds when a send of ours explains it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection, case, func, select

from duepost.ledger.history_tables import transition
from duepost.ledger.schema import send, state
from duepost.options import Options
from duepost.sends import Channel
from duepost.statuses import Status
from sandbox.fates import FATES
from sandbox.held import Held
from sandbox.month_end import Expected
from sandbox.systems import SYSTEMS

UNKNOWN = "OUTCOME_UNKNOWN"
# a receipt or an answer says so afterwards, of what the counterpart took
AFTERWARDS = {"sms", "xml", "farpay", "saphety"}


@dataclass(frozen=True)
class Accepted:
    """One send as the ledger has it.

    channel: or the invoice system that it left through. to_address: of a letter, the lines of its postal address.
    sha256: of its document, of an SMS its text, in hex. unknown: nobody knew what became of it. reference: what an
    invoice system knows it by.
    """

    channel: str
    status: Status
    to_address: str | None
    sha256: str | None
    unknown: bool = False
    reference: str | None = None
    invoice: str | None = None


@dataclass(frozen=True)
class Account:
    """How many sends of each channel have each status, how many a counterpart holds, and what nobody can explain.

    unknown: of how many nobody knows whether they were taken. asked: of how many the provider was asked, and knew.
    """

    accepted: int
    by_status: Mapping[Status, Mapping[str, int]]
    unknown: int
    asked: int
    held: Mapping[str, int]
    unexplained: list[str]

    @property
    def line(self) -> str:
        """The sentence that the demo ends with."""
        return f"reconciled: {self.accepted} accepted, {len(self.unexplained)} unexplained"


def accepted_sends(connection: Connection) -> dict[UUID, Accepted]:
    """Every send of the ledger by its id."""
    unknown = set(connection.execute(select(transition.c.send_id).where(transition.c.reason_code == UNKNOWN)).scalars())
    rows = connection.execute(
        select(
            send.c.id,
            send.c.channel,
            state.c.status,
            send.c.to_address,
            send.c.document_sha256,
            state.c.lane,
            func.coalesce(send.c.reference, send.c.invoice),
            send.c.invoice,
            send.c.options,
            case((send.c.channel == Channel.SMS.value, send.c.note)),
        ).join_from(state, send, send.c.id == state.c.send_id)
    )
    return {
        row[0]: Accepted(
            row[5] if row[5] in SYSTEMS else row[1],
            Status(row[2]),
            Options.from_json(row[8]).postal if row[1] == Channel.PRINT else row[3],
            sha256(row[9].encode()).hexdigest() if row[9] is not None else row[4].hex() if row[4] else None,
            row[0] in unknown,
            row[6],
            row[7],
        )
        for row in rows
    }


def reconcile(sends: Mapping[UUID, Accepted], held: Collection[Held], expected: Expected) -> Account:
    """Hold every send against everything that the counterparts hold, and against what had to come of it."""
    held = _named(sends, held)
    copies = Counter(one.send for one in held)
    strangers = copies.pop(None, 0)
    unexplained = [f"the counterparts hold {strangers} things that name no send"] if strangers else []
    for send_id, one in sends.items():
        trouble = _trouble(one, copies[send_id])
        if trouble:
            unexplained.append(f"send {send_id}: {trouble}")
    unexplained += _strange(sends, held)
    holds = Counter(one.channel for one in held)
    by_status = Counter(one.status for one in sends.values())
    unexplained += [
        f"{channel}: the counterpart holds {holds[channel]}, {expected.held.get(channel, 0)} were expected"
        for channel in FATES
        if holds[channel] != expected.held.get(channel, 0)
    ]
    unexplained += [
        f"{by_status[status]} sends are {int(status)} {status.label}, {expected.by_status.get(status, 0)} were expected"
        for status in sorted(by_status.keys() | expected.by_status.keys())
        if by_status[status] != expected.by_status.get(status, 0)
    ]
    each = Counter((one.status, one.channel) for one in sends.values())
    table = {status: {channel: each[status, channel] for channel in FATES} for status in sorted(by_status)}
    doubted = Counter(one.status is Status.ERROR for one in sends.values() if one.unknown)
    return Account(len(sends), table, doubted[True], doubted[False], holds, unexplained)


def _named(sends: Mapping[UUID, Accepted], held: Iterable[Held]) -> list[Held]:
    """What bears no id of ours is a send's by its system and the reference there."""
    known = {(one.channel, one.reference): send_id for send_id, one in sends.items() if one.channel in SYSTEMS}
    return [
        one if one.reference is None else replace(one, send=known.get((one.channel, one.reference))) for one in held
    ]


def _strange(sends: Mapping[UUID, Accepted], held: Iterable[Held]) -> list[str]:
    """What is held and is not what was asked for."""
    strange = []
    for one in held:
        if one.send is None:
            continue
        asked = sends.get(one.send)
        if asked is None:
            strange.append(f"{one.channel} for {one.send}: no such send")
        elif asked.channel != one.channel:
            strange.append(f"send {one.send}: left by {one.channel}, not by {asked.channel}")
        elif one.receiver is not None and one.receiver != (asked.to_address or "").removeprefix("0088:"):
            strange.append(f"send {one.send}: went to somebody else")
        elif one.sha256 is not None and one.sha256 != (asked.sha256 or ""):
            strange.append(f"send {one.send}: left with another {'text' if one.channel == 'sms' else 'document'}")
        elif one.invoice is not None and one.invoice != asked.invoice:
            strange.append(f"send {one.send}: the paper is invoice {one.invoice or 'of no number'}")
    return strange


def _trouble(one: Accepted, copies: int) -> str | None:
    if one.status.waiting or one.status.held:
        return f"still {int(one.status)} {one.status.label}"
    if copies > 1:
        return f"went out {copies} times"
    if one.status is Status.SENT and not copies:
        return "200 Sent, but the counterpart never took it"
    if one.status is not Status.SENT and copies and not one.unknown and one.channel not in AFTERWARDS:
        return f"{int(one.status)} {one.status.label}, but the counterpart took it"
    return None

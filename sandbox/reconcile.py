"""Is every accepted send accounted for, on both sides?

The ledger says what was accepted and where it stands; the mail server's own ledger says what it really took. A send is
explained when the two agree, and a message when a send of ours explains it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select

from duepost.ledger.schema import send, state, transition
from duepost.statuses import Status
from sandbox.mail_ledger import Taken
from sandbox.month_end import Expected

UNKNOWN = "OUTCOME_UNKNOWN"


@dataclass(frozen=True)
class Account:
    """How many sends have each status, how many messages the mail server holds, and what nobody can explain."""

    accepted: int
    by_status: dict[Status, int]
    unknown: int
    messages: int
    unexplained: list[str]

    @property
    def line(self) -> str:
        """The sentence that the demo ends with."""
        return f"reconciled: {self.accepted} accepted, {len(self.unexplained)} unexplained"


def reconcile(connection: Connection, taken: Iterable[Taken], expected: Expected) -> Account:
    """Hold every send of the ledger against every message the mail server took, and against what had to come of it."""
    rows = connection.execute(
        select(state.c.send_id, state.c.status, send.c.to_address).join_from(state, send, send.c.id == state.c.send_id)
    ).all()
    statuses = {row[0]: Status(row[1]) for row in rows}
    addresses = {row[0]: row[2] for row in rows}
    unknown = set(connection.execute(select(transition.c.send_id).where(transition.c.reason_code == UNKNOWN)).scalars())
    messages = list(taken)
    copies = Counter(send_of(message) for message in messages)
    unexplained = [f"the mail server holds {copies[None]} messages that no send explains"] if copies[None] else []
    for send_id, status in statuses.items():
        trouble = _trouble(status, copies[send_id], known=send_id not in unknown)
        if trouble:
            unexplained.append(f"send {send_id}: {trouble}")
    unexplained += [
        f"send {found}: went to somebody else"
        for message in messages
        if (found := send_of(message)) in addresses and message.recipient != addresses[found]
    ]
    if len(messages) != expected.messages:
        unexplained.append(f"the mail server holds {len(messages)} messages, {expected.messages} were expected")
    by_status = Counter(statuses.values())
    unexplained += [
        f"{by_status[status]} sends are {int(status)} {status.label}, {expected.by_status.get(status, 0)} were expected"
        for status in sorted(by_status.keys() | expected.by_status.keys())
        if by_status[status] != expected.by_status.get(status, 0)
    ]
    strangers = [f"message for {found}: no such send" for found in copies if found and found not in statuses]
    return Account(
        accepted=len(statuses),
        by_status=dict(sorted(by_status.items())),
        unknown=len(unknown),
        messages=len(messages),
        unexplained=unexplained + strangers,
    )


def send_of(message: Taken) -> UUID | None:
    """The send that a message belongs to, by its Message-ID `<send id@…>`."""
    try:
        return UUID((message.message_id or "").strip("<>").partition("@")[0])
    except ValueError:
        return None


def _trouble(status: Status, copies: int, *, known: bool) -> str | None:
    if status.waiting:
        return f"still {int(status)} {status.label}"
    if copies > 1:
        return f"went out {copies} times"
    if status is Status.SENT and not copies:
        return "200 Sent, but the mail server never took it"
    if status is not Status.SENT and copies and known:
        return f"{int(status)} {status.label}, but the mail server took it"
    return None

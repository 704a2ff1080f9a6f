"""How is a send sent once more, because somebody wants it?"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, exists, func, insert, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from duepost import addresses
from duepost.fields import SEQUENCE_LIMIT
from duepost.ledger.accept import ATTACHMENT_COLUMNS, SEND_COLUMNS, nudge
from duepost.ledger.gateway_tables import invoice
from duepost.ledger.history_tables import transition
from duepost.ledger.identifiers import new_id
from duepost.ledger.ours import of_account
from duepost.ledger.schema import account, attachment, send, state
from duepost.ledger.sequences import next_sequence
from duepost.options import Options
from duepost.quiet import next_allowed
from duepost.rules import A_DAY, Rules
from duepost.sends import Channel
from duepost.statuses import HELD, WAITING, Status
from duepost.validation import key_of

SOURCE = "resend"
UNKNOWN = "there is no such send"
NOT_ENDED = "it has not ended yet: cancel it first, or let it leave"
IN_DOUBT = "nobody knows yet whether it was delivered: settle it first"
HALTED = "its invoice was halted: let it go by FarPay's PATCH or operation Queue"
NO_ADDRESS = "it has no address: name one"
OFTEN = "it was sent again as often as can be counted"


@dataclass(frozen=True, slots=True)
class Resent:
    """id: of the new send; None when there is none, and `why_not` says why in half a sentence."""

    id: UUID | None
    why_not: str | None = None


def resend(
    connection: Connection,
    account_id: int,
    send_id: UUID,
    *,
    reason: str,
    actor: str,
    rules: Rules,
    to_address: str | None = None,
) -> Resent:
    """A new send of the same documents and words, due now (outside quiet hours), linked by its options' resend_of.

    to_address: as a caller writes it; None for the same. Only what has ended is sent again, nothing in doubt, and
    nothing of an invoice that is halted. Who wanted it and why stands in the new send's first transition, RESENT. Two
    that ask at the same moment get one each. Served by pk_send, pk_state, ix_send_invoice, pk_attachment,
    uq_send_business_key and uq_held_invoice_account_id_reference.

    Raises: InvalidSend for ToAddress.
    """
    found = connection.execute(_whole(account_id, send_id)).mappings().one_or_none()
    if found is None:
        return Resent(None, UNKNOWN)
    why_not = _why_not(found)
    if why_not:
        return Resent(None, why_not)
    channel = Channel(found["channel"])
    address, options = _to(channel, found, to_address, rules)
    if channel is not Channel.PRINT and not address:
        return Resent(None, NO_ADDRESS)
    made = {
        **{name: found[name] for name in SEND_COLUMNS},
        "id": new_id(),
        "run_id": None,  # a run is what was handed over together
        "to_address": address,
        "scheduled_wall": None,
        "scheduled_zone": None,
        "scheduled_at": None,
        "source": SOURCE,
        "options": replace(options, resend_of=str(send_id)).to_json(),
    }
    if not _insert(connection, found["account"], made):
        return Resent(None, OFTEN)
    _copy_attachments(connection, send_id, made["id"])
    due_at = _due_at(channel, found, address, rules)
    stands = Status.QUEUE if found["delivers"] else Status.NA
    connection.execute(
        insert(state).values(
            send_id=made["id"],
            status=int(stands),
            due_at=due_at if stands.waiting else None,
            lane=options.route[0] if options.route else found["lane"],
            priority=found["priority"],
            not_after=due_at + rules.late_after.get(channel, A_DAY),
        )
    )
    connection.execute(
        insert(transition).values(
            send_id=made["id"],
            from_status=int(stands),
            to_status=int(stands),
            reason_code="RESENT",
            reason_values={"of": str(send_id), "why": reason},
            actor=actor,
        )
    )
    nudge(connection)
    return Resent(made["id"])


def _why_not(found: RowMapping) -> str | None:
    if Status(found["status"]) in WAITING | HELD:
        return NOT_ENDED
    if found["in_doubt"]:
        return IN_DOUBT
    return HALTED if found["halted"] else None


def _whole(account_id: int, send_id: UUID) -> Any:
    columns = [send.c[name] for name in SEND_COLUMNS]
    standing = [state.c.status, state.c.in_doubt, state.c.lane, state.c.priority]
    whose = [account.c.name.label("account"), account.c.zone, account.c.delivers, func.now().label("now")]
    halted = exists().where(
        invoice.c.account_id == send.c.account_id, invoice.c.reference == send.c.invoice, invoice.c.halted
    )
    return (
        select(*columns, *standing, *whose, halted.label("halted"))
        .join_from(send, state, state.c.send_id == send.c.id)
        .join(account, account.c.id == send.c.account_id)
        .where(send.c.id == send_id, of_account(account_id))
        .with_for_update(of=state, read=True)  # a retry of it is not under way at the same time
    )


def _to(channel: Channel, found: RowMapping, given: str | None, rules: Rules) -> tuple[str | None, Options]:
    """Where it goes, and what it asks for: a mail to another address shows that one in its To, a Bcc what it showed."""
    options = Options.from_json(found["options"])
    if given is None:
        return found["to_address"] or None, options
    if channel is Channel.PRINT:
        return found["to_address"], replace(options, postal=addresses.postal(given))
    address, _ = addresses.normalise(channel, given, rules)
    return address, options if options.copy else replace(options, shown_to=None)


def _insert(connection: Connection, account_name: str, made: dict[str, Any]) -> bool:
    """With the next sequence that is free; False when there is none left."""
    made["sequence"] = next_sequence(
        connection, made["account_id"], made["invoice"], made["channel"], made["kind"], made["to_address"]
    )
    while made["sequence"] <= SEQUENCE_LIMIT:
        made["business_key"] = key_of(
            account_name, made["invoice"], made["channel"], made["to_address"], made["kind"], made["sequence"]
        )
        fresh = upsert(send).values(made).on_conflict_do_nothing(index_elements=["business_key"]).returning(send.c.id)
        if connection.execute(fresh).one_or_none() is not None:
            return True
        made["sequence"] += 1  # somebody else has just taken it
    return False


def _copy_attachments(connection: Connection, send_id: UUID, new: UUID) -> None:
    copied = select(literal(new), *(attachment.c[name] for name in ATTACHMENT_COLUMNS[1:]))
    connection.execute(
        insert(attachment).from_select(list(ATTACHMENT_COLUMNS), copied.where(attachment.c.send_id == send_id))
    )


def _due_at(channel: Channel, found: RowMapping, address: str | None, rules: Rules) -> datetime:
    now: datetime = found["now"]
    quiet = rules.quiet_hours.get(channel)
    return (quiet and next_allowed(address, now, found["zone"], quiet)) or now

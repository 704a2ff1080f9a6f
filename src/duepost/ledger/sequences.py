"""Which number does a wanted further sending of the same invoice get?"""

from hashlib import sha256

from sqlalchemy import Connection, func, select

from duepost.ledger.schema import send


def alone(connection: Connection, account_id: int, invoice: str) -> None:
    """Wait until nobody else counts this invoice's sendings; nobody does until the transaction ends."""
    digest = sha256(f"sequence\0{account_id}\0{invoice}".encode()).digest()
    connection.execute(select(func.pg_advisory_xact_lock(int.from_bytes(digest[:8], signed=True))))


def next_sequence(  # noqa: PLR0917 - what the business key is made of, in its order
    connection: Connection, account_id: int, invoice: str, channel: str, kind: str, to_address: str | None
) -> int:
    """One more than the last sending's; 0 for the first. to_address: normalised. Served by ix_send_invoice."""
    last = connection.execute(
        select(func.max(send.c.sequence)).where(
            send.c.invoice == invoice,
            send.c.account_id == account_id,
            send.c.channel == channel,
            send.c.kind == kind,
            send.c.to_address.is_not_distinct_from(to_address),
        )
    ).scalar_one()
    return 0 if last is None else int(last) + 1

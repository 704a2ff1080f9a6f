"""Which sequence does a wanted further sending of an invoice get?"""

from hashlib import sha256

from sqlalchemy import Connection, func, select

from duepost.ledger.ours import of_account
from duepost.ledger.schema import send


def next_sequence(  # noqa: PLR0917 - the business key's own order
    connection: Connection, account_id: int, invoice: str, channel: str, kind: str, to_address: str | None
) -> int:
    """The first one after all that were used; 0 for the first sending. to_address: as the ledger writes it.

    Whoever else asks for this invoice waits until this transaction has ended, so that no two are told the same.
    Served by ix_send_invoice.
    """
    number = int.from_bytes(sha256(f"sequence\0{account_id}\0{invoice}".encode()).digest()[:8], signed=True)
    connection.execute(select(func.pg_advisory_xact_lock(number)))
    last: int | None = connection.execute(
        select(func.max(send.c.sequence)).where(
            send.c.invoice == invoice,
            of_account(account_id),
            send.c.channel == channel,
            send.c.kind == kind,
            send.c.to_address.is_not_distinct_from(to_address),
        )
    ).scalar_one()
    return 0 if last is None else last + 1

"""How does a billing app enqueue an invoice in its own transaction?

duepost's tables stand in the app's own database, so one commit keeps both the invoice and its send. Once, beforehand:
`duepost migrate` and `duepost account add default --zone Europe/Copenhagen`.
"""

from decimal import Decimal
from pathlib import Path

from sqlalchemy import Column, Engine, MetaData, Numeric, Table, Text, insert

from duepost import NewSend, Receipt, enqueue

# The billing app's own table.
invoices = Table("invoice", MetaData(), Column("number", Text, primary_key=True), Column("total", Numeric(12, 2)))


def bill(engine: Engine, number: str, total: Decimal, email: str, pdf: Path) -> Receipt:
    """Write an invoice and queue its e-mail. Raises: InvalidSend, and then neither is kept."""
    send = NewSend(channel="email", invoice=number, to_address=email, subject=f"Invoice {number}", document=pdf)
    with engine.begin() as connection:
        connection.execute(insert(invoices).values(number=number, total=total))
        return enqueue(connection, send)  # nothing leaves before the commit; DUEPOST_DOCUMENTS says where PDFs are kept

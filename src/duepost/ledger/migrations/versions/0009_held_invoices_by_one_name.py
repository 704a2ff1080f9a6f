"""Invoices that are held lie in `held_invoice`, also where an early 0007 named the table `invoice`.

Elsewhere it changes nothing; a table `invoice` of somebody else's has no such columns and stays as it is. Where it does
rename, it is a contract: nobody of version 0008 may run.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OURS = sa.text("""
    SELECT to_regclass('held_invoice') IS NULL AND (
        SELECT count(*) = 3 FROM pg_attribute
        WHERE attrelid = to_regclass('invoice') AND attname IN ('guid', 'token', 'halted') AND NOT attisdropped)
""")
# commands that name the table, and what was named after it, anew
RENAMES = sa.text("""
    SELECT format(
        'ALTER TABLE invoice RENAME CONSTRAINT %I TO %I', conname, replace(conname, 'invoice', 'held_invoice'))
    FROM pg_constraint WHERE conrelid = to_regclass('invoice')
    UNION ALL
    SELECT format('ALTER INDEX %I RENAME TO %I', relname, replace(relname, 'invoice', 'held_invoice'))
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = to_regclass('invoice') AND relname LIKE 'ix\\_%'
    UNION ALL
    SELECT format('ALTER SEQUENCE %s RENAME TO held_invoice_id_seq', pg_get_serial_sequence('invoice', 'id'))
    UNION ALL
    SELECT 'ALTER TABLE invoice RENAME TO held_invoice'
""")


def upgrade() -> None:
    connection = op.get_bind()
    if connection.execute(OURS).scalar_one():
        for command in connection.execute(RENAMES).scalars().all():
            connection.exec_driver_sql(command)

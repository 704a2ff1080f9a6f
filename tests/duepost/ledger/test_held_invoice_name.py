"""Does a ledger that keeps held invoices in a table `invoice` become as every other, and no other table change?"""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from duepost.ledger import migrate
from duepost.ledger.accounts import add_account
from duepost.ledger.metadata import metadata
from tests.duepost.ledger.test_migrations import CATALOGS, catalog

CONSTRAINTS = "SELECT conname FROM pg_constraint WHERE conrelid = 'held_invoice'::regclass"
INDEXES = "SELECT indexname FROM pg_indexes WHERE tablename = 'held_invoice' AND indexname LIKE 'ix%'"
HELD = """
    INSERT INTO {} (account_id, guid, token, reference, kind)
    SELECT id, gen_random_uuid(), repeat('t', 32), '1001', 'invoice' FROM account"""


@pytest.fixture
def early(empty_url: str) -> Iterator[Engine]:
    """A ledger of version 0008, as the first 0007 made it."""
    migrate.upgrade(empty_url, "0008")
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        for name in connection.execute(text(CONSTRAINTS)).scalars().all():
            old = name.replace("held_invoice", "invoice")
            connection.execute(text(f"ALTER TABLE held_invoice RENAME CONSTRAINT {name} TO {old}"))
        for name in connection.execute(text(INDEXES)).scalars().all():
            connection.execute(text(f"ALTER INDEX {name} RENAME TO {name.replace('held_invoice', 'invoice')}"))
        connection.execute(text("ALTER SEQUENCE held_invoice_id_seq RENAME TO invoice_id_seq"))
        connection.execute(text("ALTER TABLE held_invoice RENAME TO invoice"))
        add_account(connection, "acme", "Europe/Copenhagen")
        connection.execute(text(HELD.format("invoice")))
    yield engine
    engine.dispose()


@pytest.mark.every_postgres
def test_the_table_gets_its_name_and_keeps_its_invoices(early: Engine, empty_url: str, engine: Engine) -> None:
    migrate.upgrade(empty_url)
    for part in CATALOGS:
        assert catalog(early, part) == catalog(engine, part)
    with early.begin() as connection:
        assert connection.execute(text("SELECT reference FROM held_invoice")).scalar_one() == "1001"
        connection.execute(text(HELD.format("held_invoice").replace("'1001'", "'1002'").replace("'t'", "'u'")))


def test_a_billing_apps_own_invoices_stay_where_they_are(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE invoice (id int PRIMARY KEY, token text)"))
    migrate.upgrade(empty_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE invoice"))
        tables = {name for (name, *_) in connection.execute(text("SELECT tablename FROM pg_tables"))}
    engine.dispose()
    assert tables >= set(metadata.tables)

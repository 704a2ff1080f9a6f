"""Where does Alembic find the ledger and its metadata?"""

from alembic import context

from duepost.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()

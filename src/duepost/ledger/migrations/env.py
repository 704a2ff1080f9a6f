"""Where does Alembic find the ledger and its metadata?"""

from alembic import context

from duepost.ledger import schema  # noqa: F401 - whose import fills the metadata
from duepost.ledger.metadata import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()

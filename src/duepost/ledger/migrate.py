"""How do the tables come to be as the code wants them?"""

from datetime import timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, create_engine, func, literal, select

from duepost.errors import Refused
from duepost.ledger.doubt import catch_up
from duepost.ledger.fence import seal

FOLDER = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 0x64756570_6F737401  # "duepost", 1: two upgrades at once wait for each other
PATIENCE = timedelta(seconds=5)  # with a table that somebody holds; whoever wants it next waits behind us


def config_for(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the ledger, on the connection given."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(
    database_url: str, revision: str = "head", *, environment: str | None = None, patience: timedelta = PATIENCE
) -> None:
    """Bring the ledger at `database_url` (`postgresql+psycopg://…`) to the newest form; safe to repeat.

    With `environment` a ledger without a seal is sealed for it. Processes of the version before go on meanwhile: a
    migration only expands. What they leave of unknown outcome is taken over, at each call. A table is waited for with
    `patience`; then all is as it was before.

    Raises: Refused when a newer duepost has changed it; SQLAlchemy's OperationalError when it cannot be reached, or
    when somebody holds a table.
    """
    engine = create_engine(database_url)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})")
            milliseconds = str(int(patience.total_seconds() * 1000))
            connection.execute(select(func.set_config("lock_timeout", milliseconds, literal(value=True))))
            command.upgrade(config_for(connection), revision)
            if environment is not None:
                seal(connection, environment)
        if revision == "head":  # else it may have no column for it; apart, so that no table is held meanwhile
            with engine.begin() as connection:
                connection.execute(select(func.set_config("lock_timeout", milliseconds, literal(value=True))))
                catch_up(connection)
    except CommandError:
        raise Refused("the ledger has the form of a newer duepost: install that version") from None
    finally:
        engine.dispose()

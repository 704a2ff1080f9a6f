"""What do all tables of the ledger share?"""

from collections.abc import Iterable

from sqlalchemy import DateTime, MetaData

Instant = DateTime(timezone=True)


def in_(column: str, values: Iterable[str | int]) -> str:
    """The condition that the column has one of these values."""
    words = ", ".join(f"'{value}'" if isinstance(value, str) else str(int(value)) for value in values)
    return f"{column} IN ({words})"


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

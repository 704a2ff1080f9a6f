"""Whose sends are these, and which batch do they belong to?"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from duepost.errors import InvalidSend
from duepost.fields import required
from duepost.ledger.schema import account, run


@dataclass(frozen=True, slots=True)
class Account:
    """One customer of this duepost; `now` is the database's clock (aware) when it was read.

    delivers: False for an account that tries things out; its sends are kept as 1000 NA.
    """

    id: int
    name: str
    zone: str
    now: datetime
    delivers: bool = True


def add_account(connection: Connection, name: str, zone: str) -> None:
    """Create the account, or give an existing one another zone (for schedules to come).

    Raises: InvalidSend when the zone is no IANA name, or the account's name none that a send could give.
    """
    if required("Account", name) != name:
        raise InvalidSend("Account", "begins or ends with a blank", "leave it out", name)
    if zone not in available_timezones():
        raise InvalidSend("zone", "is no IANA time zone", "give a name such as Europe/Copenhagen", zone)
    statement = insert(account).values(name=name, zone=zone)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[account.c.name], set_={"zone": statement.excluded.zone})
    )


def account_named(connection: Connection, name: str) -> Account:
    """The account and the database's time. Served by uq_account_name.

    Raises: InvalidSend when there is none.
    """
    row = connection.execute(
        select(account.c.id, account.c.name, account.c.zone, func.now(), account.c.delivers).where(
            account.c.name == name
        )
    ).one_or_none()
    if row is None:
        raise InvalidSend(
            "Account", "is unknown", "create it with `duepost account add NAME --zone Europe/Copenhagen`", name
        )
    return Account(*row)


def accounts(connection: Connection) -> list[Account]:
    """Every account, by name."""
    rows = connection.execute(
        select(account.c.id, account.c.name, account.c.zone, func.now(), account.c.delivers).order_by(account.c.name)
    )
    return [Account(*row) for row in rows]


def run_named(connection: Connection, account_id: int, name: str) -> int:
    """The id of the account's run of that name, made if need be. Served by uq_run_account_id_name."""
    connection.execute(
        insert(run)
        .values(account_id=account_id, name=name)
        .on_conflict_do_nothing(index_elements=["account_id", "name"])
    )
    found = connection.execute(select(run.c.id).where(run.c.account_id == account_id, run.c.name == name))
    return int(found.scalar_one())

"""Whose is it? The one place where what a caller asks and does is held to the caller's account."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select

from duepost.ledger.schema import send


def of_account(account_id: int) -> ColumnElement[bool]:
    """The condition on `send` that every statement for a caller has: another account's sends are as unknown ids."""
    return send.c.account_id == account_id


def mine(connection: Connection, account_id: int, ids: Sequence[UUID]) -> list[UUID]:
    """Those of the ids that are sends of the account, in the order given, each once. Served by pk_send."""
    if not ids:
        return []
    found = set(connection.execute(select(send.c.id).where(send.c.id.in_(ids), of_account(account_id))).scalars())
    return [one for one in dict.fromkeys(ids) if one in found]

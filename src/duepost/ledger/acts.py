"""What may an account's own people and programs do to its sends? Another account's ids are left alone, as unknown."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from duepost.ledger import by_hand, doubt, retrying
from duepost.ledger.doubt import Chosen, Finding
from duepost.ledger.ours import mine


def cancel(connection: Connection, account_id: int, ids: Sequence[UUID], *, reason: str, actor: str) -> list[UUID]:
    """9999 NotSent for what surely has not left; returns the ids that were changed. See by_hand.cancel."""
    return by_hand.cancel(connection, mine(connection, account_id, ids), reason=reason, actor=actor)


def hold(connection: Connection, account_id: int, ids: Sequence[UUID], *, reason: str, actor: str) -> list[UUID]:
    """110 HELD for what waits; returns the ids that were changed. See by_hand.hold."""
    return by_hand.hold(connection, mine(connection, account_id, ids), reason=reason, actor=actor)


def let_go(connection: Connection, account_id: int, ids: Sequence[UUID], *, reason: str, actor: str) -> list[UUID]:
    """100 for what is held as 110; returns the ids that were changed. See by_hand.let_go."""
    return by_hand.let_go(connection, mine(connection, account_id, ids), reason=reason, actor=actor)


def retry_now(connection: Connection, account_id: int, ids: Sequence[UUID], *, reason: str, actor: str) -> list[UUID]:
    """100, due now, for what surely was not accepted; returns the ids that were changed. See retrying.retry_now."""
    return retrying.retry_now(connection, mine(connection, account_id, ids), reason=reason, actor=actor)


def settle(
    connection: Connection, account_id: int, ids: Sequence[UUID], finding: Finding, *, reason: str, actor: str
) -> list[UUID]:
    """Write what was found out about sends of unknown outcome; returns the ids that were settled. See doubt.settle."""
    chosen = Chosen(mine(connection, account_id, ids))
    return doubt.settle(connection, chosen, finding, reason=reason, actor=actor)

"""What of receipts that came while a provider had the send?"""

import logging

from sqlalchemy import Engine

from duepost.ledger.fence import require
from duepost.ledger.receipts import early, read_early

log = logging.getLogger(__name__)


def read_early_receipts(engine: Engine, environment: str) -> int:
    """Read them again where the provider has answered; returns how many sends changed their status.

    Raises: Refused when the ledger is not ours; what AWAY names when it is away.
    """
    changed = 0
    with engine.connect() as connection:
        require(connection, environment)
        waiting = early(connection)
        connection.commit()
        for send_id in waiting:  # each in a transaction of its own: two that hold several sends could deadlock
            taken = read_early(connection, send_id)
            connection.commit()
            changed += taken.before != taken.after
    if changed:
        log.info("%s sends changed their status by receipts that had come early", changed)
    return changed

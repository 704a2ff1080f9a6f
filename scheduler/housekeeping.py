"""What may be forgotten?"""

from sqlalchemy import Engine

from duepost.ledger.idempotency import FORGOTTEN, forget

MOST_ROUNDS = 10  # a minute: a hundred thousand answers


def forget_answers(engine: Engine) -> int:
    """Remove what was answered under Idempotency-Keys more than a day ago; returns how many."""
    removed = 0
    for _ in range(MOST_ROUNDS):
        with engine.begin() as connection:
            gone = forget(connection)
        removed += gone
        if gone < FORGOTTEN:
            break
    return removed

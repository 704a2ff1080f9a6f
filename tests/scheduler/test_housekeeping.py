"""Is forgotten what is old, and nothing else?"""

from sqlalchemy import Engine, text

from duepost.ledger.accounts import account_named, add_account
from duepost.ledger.idempotency import Repeat, claim, keep
from scheduler.housekeeping import forget_answers


def test_answers_of_more_than_a_day_ago_are_forgotten(engine: Engine) -> None:
    with engine.begin() as connection:
        add_account(connection, "acme", "UTC")
        account = account_named(connection, "acme").id
        old, new = (Repeat(account, "POST /v1/sends", key, bytes(32)) for key in ("old", "new"))
        keep(connection, [(old, 202, b"{}"), (new, 202, b"{}")])
        connection.execute(text("UPDATE idempotency SET created_at = now() - interval '25 hours' WHERE key = 'old'"))
    assert forget_answers(engine) == 1
    with engine.begin() as connection:
        kept = claim(connection, [old, new])
    assert kept[0] is None
    assert kept[1] is not None

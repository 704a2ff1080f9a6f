"""How is a call done once, however often it comes under one key?"""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep

from sqlalchemy import Connection

from duepost import crash
from duepost.ledger.engine import answered
from duepost.ledger.idempotency import KEPT, Kept, Repeat, claim, keep
from gateway.problems import Problem
from gateway.service import Service
from gateway.taking import Answer, replayed, twin

PATIENCE_SECONDS = 10.0  # for a twin that is under way
LOOK_SECONDS = 0.05


def once(
    service: Service,
    repeat: Repeat | None,
    work: Callable[[Connection], Answer],
    *,
    kept_for: timedelta = KEPT,
    same_body: bool = False,
    patience: float = PATIENCE_SECONDS,
) -> Answer:
    """What `work` answers, and every repeat after it: kept in work's own transaction, so either both are there or none.

    While a twin is under way this waits for it, in a thread, without a connection. What `work` raises is not kept.
    same_body: a key that comes again with another body is refused. patience: seconds.

    Raises: Problem 409 when the twin does not end, 422 for another body; TryLater; what `work` raises.
    """
    until = monotonic() + patience
    while True:
        with answered(), service.engine.begin() as connection:
            first = claim(connection, [repeat], kept_for)[0] if repeat else None
            answer = work(connection) if first is None else None
            if repeat and answer:
                keep(connection, [(repeat, answer.status, answer.body)])
        if answer:
            crash.reached("accepted")
            return answer
        if repeat and isinstance(first, Kept):
            again = replayed(first, repeat) if same_body else Answer(first.status, first.answer, replayed=True)
            if isinstance(again, Problem):
                raise again
            return again
        if monotonic() >= until:
            raise twin()
        sleep(LOOK_SECONDS)


def key_of(given: str | None, longest: int) -> str | None:
    """An Idempotency-Key of any characters, as UTF-8 where it is; None for none. Raises: Problem 400 when too long."""
    if not given:
        return None
    try:
        key = given.encode("latin-1").decode()
    except UnicodeError:
        key = given
    if len(key) > longest:
        raise Problem(400, f"Idempotency-Key has more than {longest} characters")
    return key

"""Which sends does a print run close over, and what may still happen to them?"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, func, select

from duepost.ledger.accounts import account_named, run_named
from duepost.ledger.by_hand import cancel
from duepost.ledger.print_confirm import confirm, hand_over_again
from duepost.ledger.print_runs import (
    close,
    envelopes,
    gathered,
    in_runs,
    name_of,
    note_step,
    number_of,
    run_of,
    unfinished,
)
from duepost.statuses import Status
from tests.duepost.ledger.conftest import account_id, at_once, reasons_of, state_of
from tests.duepost.ledger.gathered import ADDRESS, LANE, gather

HOUR = timedelta(hours=1)


def now(connection: Connection) -> datetime:
    found: datetime = connection.execute(select(func.now())).scalar_one()
    return found


def close_now(connection: Connection, account: str = "default") -> int | None:
    return close(connection, account_named(connection, account).id, LANE, now(connection))


def closed(connection: Connection) -> tuple[int, list[UUID]]:
    ids = gather(connection)
    number = close_now(connection)
    assert number is not None
    return number, ids


def test_a_run_holds_what_had_gathered_by_the_cut_off_in_order_of_acceptance(connection: Connection) -> None:
    early = gather(connection, ago=2 * HOUR)
    late = gather(connection)
    number = close(connection, account_id(connection), LANE, now(connection) - HOUR)
    assert number is not None
    assert [(one.sequence, one.send_id) for one in envelopes(connection, number)] == [(1, early[0]), (2, early[1])]
    assert [one.address for one in envelopes(connection, number)] == [ADDRESS, ADDRESS]
    assert set(in_runs(connection, [*early, *late])) == set(early)


def test_each_send_tells_its_run_and_envelope(connection: Connection) -> None:
    _, ids = closed(connection)
    assert reasons_of(connection, ids[1]) == [(Status.READY_TO_PRINT, "GATHERED"), (Status.READY_TO_PRINT, "PRINT_RUN")]


def test_what_is_in_a_run_gathers_for_no_other(connection: Connection) -> None:
    closed(connection)
    assert close_now(connection) is None
    assert gathered(connection, [LANE]) == []


def test_nothing_gathered_makes_no_run(connection: Connection) -> None:
    account_id(connection)
    assert close_now(connection) is None


def test_accounts_have_runs_of_their_own(connection: Connection) -> None:
    gather(connection)
    gather(connection, account="other")
    assert [one.account for one in gathered(connection, [LANE])] == ["default", "other"]
    close_now(connection, "other")
    assert [one.account for one in gathered(connection, [LANE])] == ["default"]


def test_a_month_end_run_that_is_paused_stays_out(connection: Connection) -> None:
    owner = account_id(connection)
    gather(connection, run_id=run_named(connection, owner, "2026-11"))
    assert close(connection, owner, LANE, now(connection), paused_runs=["2026-11"]) is None
    assert close(connection, owner, LANE, now(connection), paused_runs=["2026-12"]) is not None


def test_cancel_is_possible_until_the_run_is_closed_and_refused_afterwards(connection: Connection) -> None:
    ids = gather(connection)
    assert cancel(connection, ids[:1], reason="credited", actor="anna") == ids[:1]
    number = close_now(connection)
    assert number is not None
    assert cancel(connection, ids, reason="credited", actor="anna") == []
    assert [one.send_id for one in envelopes(connection, number)] == ids[1:]


@pytest.mark.parametrize("_round", range(5))
def test_cancel_and_close_at_once_never_both_win(engine: Engine, _round: int) -> None:
    with engine.begin() as connection:
        ids = gather(connection)
    jobs: list[Any] = [partial(cancel, ids=ids, reason="credited", actor="anna"), lambda one: [close_now(one)]]
    cancelled, _ = at_once(engine, jobs)
    with engine.connect() as connection:
        printed = in_runs(connection, ids)
    assert set(printed) | set(cancelled) == set(ids)
    assert not set(printed) & set(cancelled)


def test_two_that_close_at_once_make_one_run(engine: Engine) -> None:
    with engine.begin() as connection:
        gather(connection)
    numbers = at_once(engine, [close_now, close_now])
    assert [one is None for one in numbers].count(True) == 1


def test_confirming_makes_200_once(connection: Connection) -> None:
    number, ids = closed(connection)
    note_step(connection, number, handed_at=func.now())
    assert confirm(connection, number, actor="anna", why="seen") == ids
    assert confirm(connection, number, actor="anna", why="seen") == []
    assert {state_of(connection, one)["status"] for one in ids} == {200}
    assert reasons_of(connection, ids[0])[-1] == (Status.SENT, "PRINTED")
    assert unfinished(connection, [LANE]) == []


def test_what_was_not_handed_over_cannot_be_confirmed(connection: Connection) -> None:
    number, _ = closed(connection)
    assert confirm(connection, number, actor="anna", why="seen") is None


def test_a_run_can_be_handed_over_again_until_it_is_confirmed(connection: Connection) -> None:
    number, _ = closed(connection)
    note_step(connection, number, offered_at=func.now(), handed_at=func.now())
    assert hand_over_again(connection, number, actor="anna", why="wet paper")
    run = run_of(connection, number)
    assert run is not None
    assert (run.handed_at, run.offered_at, run.again) == (None, None, 1)
    note_step(connection, number, handed_at=func.now())
    confirm(connection, number, actor="anna")
    assert not hand_over_again(connection, number, actor="anna", why="wet paper")


@pytest.mark.parametrize(("text", "number"), [("P000012", 12), ("p12", 12), ("12", 12), ("X", None), ("", None)])
def test_a_run_is_named_by_its_number(text: str, number: int | None) -> None:
    assert number_of(text) == number
    assert name_of(12) == "P000012"

"""Does nothing of what is paused leave, and does it come back in its own time without having been in the way?"""

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, event

from duepost.ledger import look
from duepost.ledger.begin import begin as begin_as
from duepost.ledger.by_hand import cancel
from duepost.ledger.pauses import (
    SET_ASIDE,
    Pause,
    Scope,
    add_pause,
    bring_back,
    end_pause,
    known,
    names_of,
    pauses,
    set_aside,
)
from duepost.ledger.release import Released, release, release_suspect, seconds_to_next
from duepost.ledger.unknown import UnknownPolicy, settle_lost
from duepost.statuses import Status
from tests.duepost.ledger.conftest import (
    ENVIRONMENT,
    LANE,
    MINUTE,
    NOW,
    begin,
    queue_up,
    set_state,
    state_of,
    to_begin,
)

pytestmark = pytest.mark.every_postgres

# scope -> the name under which the usual send is paused
NAMES = {
    Scope.ALL: "",
    Scope.ACCOUNT: "default",
    Scope.CHANNEL: "email",
    Scope.PROVIDER: "smtp",
    Scope.RUN: "2026-11",
}
# scope -> a name that is not the usual send's
OTHERS = {Scope.ACCOUNT: "acme", Scope.CHANNEL: "sms", Scope.PROVIDER: "gateway", Scope.RUN: "2026-12"}


def paused(connection: Connection, scope: Scope, name: str) -> bool:
    return add_pause(connection, scope, name, reason="moving", actor="mette")


def resumed(connection: Connection, scope: Scope, name: str) -> bool:
    return end_pause(connection, scope, name, reason="moved", actor="jens")


def pass_of(
    connection: Connection, limit: int = 10, *, accounts: Sequence[str] = (), runs: Sequence[str] = ()
) -> Released:
    """One look of the release, which sets aside what is paused."""
    found = release(connection, LANE, limit, MINUTE, paused_accounts=accounts, paused_runs=runs)
    set_aside(connection, found.paused)
    return found


def audit(connection: Connection) -> list[tuple[str, str, str, str]]:
    rows = connection.exec_driver_sql("SELECT actor, action, subject, reason FROM audit ORDER BY id")
    return [(row[0], row[1], row[2], row[3]) for row in rows]


@pytest.mark.parametrize("scope", Scope)
def test_a_pause_stands_with_who_when_and_why(connection: Connection, scope: Scope) -> None:
    assert paused(connection, scope, NAMES[scope])
    now = connection.exec_driver_sql("SELECT now()").scalar_one()
    assert pauses(connection) == [Pause(scope, NAMES[scope], "moving", "mette", now)]


def test_a_second_pause_keeps_the_first_reason(connection: Connection) -> None:
    paused(connection, Scope.PROVIDER, "smtp")
    assert not add_pause(connection, Scope.PROVIDER, "smtp", reason="CREDENTIALS_REFUSED", actor="worker@test")
    [found] = pauses(connection)
    assert (found.reason, found.actor) == ("moving", "mette")


def test_pause_and_resume_are_written_down_once_each(connection: Connection) -> None:
    for _ in range(2):
        paused(connection, Scope.PROVIDER, "smtp")
    for _ in range(2):
        resumed(connection, Scope.PROVIDER, "smtp")
    assert audit(connection) == [
        ("mette", "pause", "provider smtp", "moving"),
        ("jens", "resume", "provider smtp", "moved"),
    ]


def test_a_pause_is_ended_once(connection: Connection) -> None:
    paused(connection, Scope.ALL, "")
    assert [resumed(connection, Scope.ALL, ""), resumed(connection, Scope.ALL, "")] == [True, False]
    assert pauses(connection) == []
    assert audit(connection)[-1][2] == "all"


def test_names_are_told_by_scope(connection: Connection) -> None:
    paused(connection, Scope.ACCOUNT, "acme")
    paused(connection, Scope.RUN, "2026-11")
    assert names_of(pauses(connection), Scope.ACCOUNT) == ["acme"]


@pytest.mark.parametrize("scope", Scope)
def test_what_is_paused_between_release_and_call_is_not_begun(connection: Connection, scope: Scope) -> None:
    [send_id] = queue_up(connection, run="2026-11")
    asked = [to_begin(send_id, release(connection, LANE, 1, MINUTE).lease, run="2026-11")]
    paused(connection, scope, NAMES[scope])
    assert begin(connection, asked) == {}
    resumed(connection, scope, NAMES[scope])
    assert set(begin(connection, asked)) == {send_id}


@pytest.mark.parametrize("scope", OTHERS)
def test_a_pause_of_another_name_stops_nothing(connection: Connection, scope: Scope) -> None:
    [send_id] = queue_up(connection, run="2026-11")
    paused(connection, scope, OTHERS[scope])
    lease = release(connection, LANE, 1, MINUTE).lease
    assert set(begin(connection, [to_begin(send_id, lease, run="2026-11")])) == {send_id}


def test_a_pause_of_a_run_stops_no_send_without_a_run(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    paused(connection, Scope.RUN, "2026-11")
    found = pass_of(connection, runs=["2026-11"])
    assert found.ids == [send_id]
    assert set(begin_as(connection, [to_begin(send_id, found.lease)], ENVIRONMENT)) == {send_id}


@pytest.mark.parametrize("scope", [Scope.ACCOUNT, Scope.RUN])
def test_sends_of_a_paused_account_or_run_are_set_aside_and_the_others_leave(
    connection: Connection, scope: Scope
) -> None:
    ours = queue_up(connection, 3, account="acme", run="2026-11")
    others = queue_up(connection, 2)
    accounts, runs = (["acme"], []) if scope is Scope.ACCOUNT else ([], ["2026-11"])
    found = pass_of(connection, accounts=accounts, runs=runs)
    assert (found.ids, found.paused) == (others, ours)
    assert [state_of(connection, one)["due_at"] for one in ours] == [SET_ASIDE] * 3
    assert {state_of(connection, one)["lease"] for one in ours} == {None}


def test_twenty_thousand_sends_of_a_paused_run_are_set_aside_once_and_no_more_looked_at(
    connection: Connection,
) -> None:
    queue_up(connection, 20_000, due_in=-MINUTE, run="2026-11")
    others = queue_up(connection, 3)
    looked: list[int] = []
    released: list[UUID] = []
    while True:
        found = pass_of(connection, 5_000, runs=["2026-11"])
        looked.append(len(found.paused))
        released += found.ids
        if found.seen < 5_000:
            break
    assert (looked, released) == ([5_000] * 4 + [0], others)
    assert pass_of(connection, 5_000, runs=["2026-11"]).seen == 0


def test_what_was_set_aside_is_not_due_while_the_pause_lasts(connection: Connection) -> None:
    queue_up(connection, account="acme")
    pass_of(connection, accounts=["acme"])
    assert bring_back(connection, ["acme"], []) == 0
    assert pass_of(connection).seen == 0
    wait = seconds_to_next(connection, [LANE])
    assert wait is not None
    assert wait > 365 * 86_400


def test_what_was_set_aside_comes_back_with_its_own_due_time(connection: Connection) -> None:
    [send_id] = queue_up(connection, due_in=-5 * MINUTE, account="acme")
    due_at = state_of(connection, send_id)["due_at"]
    pass_of(connection, accounts=["acme"])
    assert bring_back(connection, [], []) == 1
    found = state_of(connection, send_id)
    assert (found["due_at"], found["paused_due_at"]) == (due_at, None)
    assert pass_of(connection).ids == [send_id]


def test_a_send_for_later_is_not_early_after_a_pause(connection: Connection) -> None:
    [now] = queue_up(connection, account="acme")
    [later] = queue_up(connection, due_in=60 * MINUTE, account="acme")
    due_at = state_of(connection, later)["due_at"]
    pass_of(connection, accounts=["acme"])
    bring_back(connection, [], [])
    assert pass_of(connection).ids == [now]
    assert state_of(connection, later)["due_at"] == due_at


def test_what_another_pause_still_holds_stays_aside(connection: Connection) -> None:
    queue_up(connection, account="acme", run="2026-11")
    [run_only] = queue_up(connection, run="2026-11")
    pass_of(connection, accounts=["acme"], runs=["2026-11"])
    assert bring_back(connection, ["acme"], []) == 1
    assert pass_of(connection, accounts=["acme"]).ids == [run_only]


def test_a_late_send_of_a_paused_run_is_set_aside_and_late_only_afterwards(connection: Connection) -> None:
    [send_id] = queue_up(connection, run="2026-11", late_in=-MINUTE)
    found = pass_of(connection, runs=["2026-11"])
    assert (found.paused, found.late) == ([send_id], [])
    bring_back(connection, [], [])
    assert pass_of(connection).late == [send_id]


def test_a_send_that_lost_its_worker_obeys_the_pause_of_its_account(connection: Connection) -> None:
    [send_id] = queue_up(connection, account="acme")
    lease = release(connection, LANE, 1, MINUTE).lease
    begin(connection, [to_begin(send_id, lease, NOW, account="acme")])
    settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
    suspect = release_suspect(connection, LANE, MINUTE, paused_accounts=["acme"])
    assert (suspect.ids, suspect.paused) == ([], [send_id])


def test_an_old_order_begins_nothing_of_what_was_set_aside_also_after_the_pause(connection: Connection) -> None:
    [send_id] = queue_up(connection, account="acme")
    old = to_begin(send_id, release(connection, LANE, 1, NOW).lease, account="acme")
    assert pass_of(connection, accounts=["acme"]).paused == [send_id]
    assert begin(connection, [old]) == {}
    assert bring_back(connection, [], []) == 1
    assert begin(connection, [old]) == {}
    assert pass_of(connection).ids == [send_id]


def test_a_suspect_that_was_set_aside_does_not_keep_other_suspects_waiting(connection: Connection) -> None:
    [ours], [other] = queue_up(connection, account="acme"), queue_up(connection, due_in=-MINUTE)
    release(connection, LANE, 2, NOW)
    set_state(connection, ours, losses=1)
    set_aside(connection, [ours])
    set_state(connection, other, losses=1)
    assert release_suspect(connection, LANE, MINUTE, paused_accounts=["acme"]).ids == [other]


def test_what_was_begun_since_the_look_is_not_set_aside(connection: Connection) -> None:
    [send_id] = queue_up(connection, account="acme")
    lease = release(connection, LANE, 1, MINUTE).lease
    begin(connection, [to_begin(send_id, lease, account="acme")])
    before = state_of(connection, send_id)
    set_aside(connection, [send_id])
    assert state_of(connection, send_id) == before


def test_a_send_set_aside_can_be_cancelled_and_stays_so(connection: Connection) -> None:
    [send_id] = queue_up(connection, account="acme")
    pass_of(connection, accounts=["acme"])
    assert cancel(connection, [send_id], reason="credited", actor="mette") == [send_id]
    assert bring_back(connection, [], []) == 0
    assert state_of(connection, send_id)["status"] == Status.NOT_SENT


def test_a_person_sees_the_sends_own_due_time_and_that_it_is_set_aside(connection: Connection) -> None:
    [send_id] = queue_up(connection, account="acme")
    before = look.standing(connection, send_id)
    pass_of(connection, accounts=["acme"])
    found = look.standing(connection, send_id)
    assert before is not None
    assert found is not None
    assert (before.set_aside, found.set_aside, found.due_at) == (False, True, before.due_at)


def test_whose_sends_they_are_is_asked_only_while_an_account_or_run_is_paused(
    engine: Engine, connection: Connection
) -> None:
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, sql, *_: seen.append(sql))
    release(connection, LANE, 1, MINUTE)
    assert not [sql for sql in seen if "JOIN account" in sql]


def test_what_can_be_paused_is_known_by_name(connection: Connection) -> None:
    queue_up(connection, account="acme", run="2026-11")
    good = [(Scope.ACCOUNT, "acme"), (Scope.RUN, "2026-11"), (Scope.CHANNEL, "sms"), (Scope.PROVIDER, "any")]
    bad = [(Scope.ACCOUNT, "acne"), (Scope.RUN, "2026-12"), (Scope.CHANNEL, "fax")]
    assert [known(connection, *one) for one in (*good, (Scope.ALL, ""))] == [True] * 5
    assert [known(connection, *one) for one in bad] == [False] * 3


def test_a_lane_is_not_blocked_by_the_limit_being_full_of_paused_sends(connection: Connection) -> None:
    queue_up(connection, 5, due_in=-MINUTE, run="2026-11")
    [other] = queue_up(connection)
    assert pass_of(connection, 5, runs=["2026-11"]).ids == []
    assert pass_of(connection, 5, runs=["2026-11"]).ids == [other]


def test_what_is_in_a_providers_hands_is_not_set_aside(connection: Connection) -> None:
    [send_id] = queue_up(connection, account="acme")
    lease = release(connection, LANE, 1, MINUTE).lease
    begin(connection, [to_begin(send_id, lease, NOW, account="acme")])
    assert pass_of(connection, accounts=["acme"]).seen == 0
    assert state_of(connection, send_id)["begun_at"] is not None

"""Do processes of version 0001 and of this one work on the same ledger, and does neither undo what the other did?"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine

from duepost.ledger import look, migrate
from duepost.ledger.accept import Accepted, accept_one, copy_in
from duepost.ledger.begin import Begun
from duepost.ledger.by_hand import cancel
from duepost.ledger.doubt import Chosen, catch_up, doubtful
from duepost.ledger.identifiers import new_id
from duepost.ledger.orders import read_order
from duepost.ledger.pauses import bring_back, set_aside
from duepost.ledger.record import ToRecord, record, record_late
from duepost.ledger.release import give_back, lanes_waiting, release, seconds_to_next
from duepost.ledger.unknown import UnknownPolicy, settle_lost
from duepost.reasons import Reason
from duepost.statuses import Status
from tests.duepost.ledger import version_0001 as old
from tests.duepost.ledger.conftest import (
    LANE,
    MINUTE,
    NOW,
    accepted,
    begin,
    outcome_of,
    queue_up,
    reasons_of,
    rows_in,
    state_of,
    to_begin,
)

pytestmark = pytest.mark.every_postgres

YEAR = timedelta(days=365)
TROUBLE = Reason("TRY_LATER")
UNKNOWN = Reason("OUTCOME_UNKNOWN", values={"cause": "TIMED_OUT"})


@dataclass(frozen=True)
class Version:
    """What the processes of a version do to a send, in the order of its life."""

    accept: Callable[[Connection, Accepted], object]
    copy: Callable[[Connection, list[Accepted]], object]
    release: Callable[[Connection], tuple[int, list[UUID]]]
    read: Callable[[Connection, int, list[UUID]], list[UUID]]
    begin: Callable[[Connection, UUID, int, timedelta], Begun | None]
    record: Callable[[Connection, ToRecord], set[UUID]]


def _release(connection: Connection) -> tuple[int, list[UUID]]:
    found = release(connection, LANE, 10, MINUTE, most_attempts=20)
    assert (found.late, found.paused) == ([], [])
    return found.lease, found.ids


# name -> what its processes do
VERSIONS = {
    "0001": Version(
        accept=old.accept_one,
        copy=old.copy_in,
        release=lambda connection: old.release(connection, LANE, 10, MINUTE),
        read=old.read_order,
        begin=old.begin,
        record=old.record,
    ),
    "this": Version(
        accept=accept_one,
        copy=copy_in,
        release=_release,
        read=lambda connection, lease, ids: [one.id for one in read_order(connection, lease, ids)],
        begin=lambda connection, send_id, lease, time: begin(connection, [to_begin(send_id, lease, time)]).get(send_id),
        record=lambda connection, outcome: record(connection, [outcome]),
    ),
}


def in_hand(connection: Connection, version: str, *, lease_time: timedelta = MINUTE) -> tuple[int, Begun]:
    """A send that a process of that version has released and begun, and the lease of its release."""
    [send_id] = queue_up(connection)
    lease, _ = VERSIONS[version].release(connection)
    begun = VERSIONS[version].begin(connection, send_id, lease, lease_time)
    assert begun is not None
    return lease, begun


@pytest.mark.parametrize(("accepts", "releases", "delivers"), [*product(VERSIONS, repeat=3)])
def test_a_send_arrives_whichever_version_takes_which_step(
    connection: Connection, accepts: str, releases: str, delivers: str
) -> None:
    send = accepted(connection)
    VERSIONS[accepts].accept(connection, send)
    lease, ids = VERSIONS[releases].release(connection)
    assert ids == VERSIONS[delivers].read(connection, lease, ids) == [send.id]
    begun = VERSIONS[delivers].begin(connection, send.id, lease, MINUTE)
    assert begun is not None
    assert (begun.number, begun.status) == (1, Status.QUEUE)
    assert VERSIONS[delivers].record(connection, outcome_of(begun)) == {send.id}
    assert reasons_of(connection, send.id) == [(Status.SENT, "ACCEPTED")]
    assert [one.verdict for one in look.attempts(connection, send.id)] == ["accepted"]
    found = state_of(connection, send.id)
    assert (found["due_at"], found["lease"], found["begun_at"]) == (None, None, None)
    assert (found["not_after"], found["in_doubt"], found["losses"], found["paused_due_at"]) == (None, False, 0, None)


@pytest.mark.parametrize(("accepts", "releases"), [*product(VERSIONS, repeat=2)])
def test_a_file_of_sends_that_one_version_took_in_is_released_by_the_other(
    connection: Connection, accepts: str, releases: str
) -> None:
    first = accepted(connection)
    batch = [first, *(replace(first, id=new_id(), business_key=uuid4()) for _ in range(2))]
    VERSIONS[accepts].copy(connection, batch)
    assert VERSIONS[releases].release(connection)[1] == [one.id for one in batch]


def test_what_old_code_accepted_is_never_late(connection: Connection) -> None:
    send = accepted(connection, due_in=-YEAR)
    old.accept_one(connection, send)
    assert state_of(connection, send.id)["not_after"] is None
    assert VERSIONS["this"].release(connection)[1] == [send.id]


@pytest.mark.parametrize(("before", "after"), [*product(VERSIONS, repeat=2)])
def test_what_one_version_is_to_try_again_the_other_tries_again(
    connection: Connection, before: str, after: str
) -> None:
    _, begun = in_hand(connection, before)
    wait = outcome_of(
        begun, to_status=Status.ERROR_SENDING_EMAIL, wait=NOW, reason=TROUBLE, answer=None, verdict="transient"
    )
    assert VERSIONS[before].record(connection, wait) == {begun.id}
    lease, ids = VERSIONS[after].release(connection)
    assert ids == [begun.id]
    again = VERSIONS[after].begin(connection, begun.id, lease, MINUTE)
    assert again is not None
    assert (again.number, again.status) == (2, Status.ERROR_SENDING_EMAIL)


@pytest.mark.parametrize(("holds", "comes"), [*product(VERSIONS, repeat=2)])
def test_an_order_that_comes_again_finds_nothing_of_what_is_in_hand(
    connection: Connection, holds: str, comes: str
) -> None:
    lease, begun = in_hand(connection, holds)
    assert VERSIONS[comes].read(connection, lease, [begun.id]) == []
    assert VERSIONS[comes].begin(connection, begun.id, lease, MINUTE) is None
    assert VERSIONS[holds].record(connection, outcome_of(begun)) == {begun.id}


@pytest.mark.parametrize(("holds", "releases"), [*product(VERSIONS, repeat=2)])
def test_no_release_takes_what_is_in_hand_not_even_after_its_lease(
    connection: Connection, holds: str, releases: str
) -> None:
    in_hand(connection, holds, lease_time=NOW)
    assert VERSIONS[releases].release(connection)[1] == []


@pytest.mark.parametrize("gives", VERSIONS)
@pytest.mark.parametrize("holds", VERSIONS)
def test_nobody_gives_back_what_is_in_hand(connection: Connection, holds: str, gives: str) -> None:
    lease, begun = in_hand(connection, holds)
    if gives == "this":
        given = give_back(connection, lease, [begun.id])
    else:
        given = old.say(connection, "give_back", lease=lease, id=begun.id).rowcount
    assert given == 0


def test_what_old_code_gives_back_leaves_with_the_next_release(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    lease, _ = VERSIONS["this"].release(connection)
    assert old.say(connection, "give_back", lease=lease, id=send_id).rowcount == 1
    assert VERSIONS["this"].release(connection)[1] == [send_id]


def test_an_old_record_does_nothing_to_what_a_new_worker_began(connection: Connection) -> None:
    lease, begun = in_hand(connection, "this")
    assert begun.token < 0
    assert old.record(connection, outcome_of(begun, lease=lease)) == set()
    assert rows_in(connection, "transition") == 0
    assert record(connection, [outcome_of(begun)]) == {begun.id}


def test_what_an_old_worker_lost_is_settled_by_the_new_policy(connection: Connection) -> None:
    _, begun = in_hand(connection, "0001", lease_time=NOW)
    assert settle_lost(connection, LANE, "smtp", UnknownPolicy.RESOLVE) == [begun.id]
    found = state_of(connection, begun.id)
    assert (found["status"], found["in_doubt"], found["losses"]) == (Status.ERROR_SENDING_EMAIL, True, 1)
    assert old.record(connection, outcome_of(begun)) == set()
    assert record_late(connection, [outcome_of(begun)]) == {begun.id}


@pytest.mark.parametrize(("policy", "status"), [("hold", Status.ERROR), ("resend", Status.ERROR_SENDING_EMAIL)])
def test_what_an_old_release_called_unknown_is_in_doubt_after_the_next_migrate(
    connection: Connection, policy: str, status: Status
) -> None:
    _, begun = in_hand(connection, "this", lease_time=NOW)
    assert old.settle_lost(connection, LANE, "smtp", policy) == [begun.id]
    assert (catch_up(connection), catch_up(connection)) == (1, 0)
    found = state_of(connection, begun.id)
    assert (found["status"], found["in_doubt"]) == (status, True)
    assert record_late(connection, [outcome_of(begun)]) == {begun.id}


def test_what_an_old_worker_called_unknown_a_person_finds_and_cannot_cancel(connection: Connection) -> None:
    _, begun = in_hand(connection, "0001")
    old.record(connection, outcome_of(begun, to_status=Status.ERROR, reason=UNKNOWN, verdict="unknown"))
    catch_up(connection)
    assert [one.id for one in doubtful(connection, Chosen())] == [begun.id]
    assert cancel(connection, [begun.id], reason="credited", actor="mette") == []


def test_only_what_is_of_unknown_outcome_now_is_caught_up(connection: Connection) -> None:
    for status, reason in ((Status.ERROR, Reason("GAVE_UP")), (Status.SENT, Reason("ACCEPTED"))):
        _, begun = in_hand(connection, "0001")
        old.record(connection, outcome_of(begun, to_status=status, reason=reason))
    in_hand(connection, "0001")
    queue_up(connection)
    assert catch_up(connection) == 0


def test_a_repeated_migrate_takes_over_what_the_last_old_process_left_in_doubt(
    engine: Engine, database_url: str
) -> None:
    with engine.begin() as connection:
        in_hand(connection, "0001", lease_time=NOW)
        old.settle_lost(connection, LANE, "smtp", "hold")
    migrate.upgrade(database_url)
    with engine.connect() as connection:
        assert len(doubtful(connection, Chosen())) == 1


def test_what_old_code_sends_after_all_is_no_more_of_unknown_outcome(connection: Connection) -> None:
    _, lost = in_hand(connection, "this", lease_time=NOW)
    settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
    lease, _ = VERSIONS["0001"].release(connection)
    begun = old.begin(connection, lost.id, lease, MINUTE)
    assert begun is not None
    assert old.record(connection, outcome_of(begun)) == {lost.id}
    assert doubtful(connection, Chosen()) == []
    assert record_late(connection, [outcome_of(lost)]) == set()
    assert reasons_of(connection, lost.id)[-1] == (Status.SENT, "ACCEPTED")


def set_aside_one(connection: Connection) -> tuple[int, UUID, datetime]:
    """A send of a paused account whose order is still under way; the order's lease, and the send's own due time."""
    [send_id] = queue_up(connection, account="acme")
    lease = release(connection, LANE, 1, NOW).lease  # it has run out at once
    due_at: datetime = connection.exec_driver_sql("SELECT due_at FROM state").scalar_one()
    set_aside(connection, release(connection, LANE, 1, MINUTE, paused_accounts=["acme"]).paused)
    return lease, send_id, due_at


def test_old_code_does_not_release_what_a_pause_has_set_aside(connection: Connection) -> None:
    _, send_id, _ = set_aside_one(connection)
    assert old.release(connection, LANE, 10, MINUTE)[1] == []
    assert float(old.say(connection, "seconds_to_next", lane=LANE).scalar_one()) > YEAR.total_seconds()
    bring_back(connection, [], [])
    assert old.release(connection, LANE, 10, MINUTE)[1] == [send_id]


@pytest.mark.parametrize("version", VERSIONS)
def test_no_order_that_is_still_under_way_begins_what_a_pause_has_set_aside(
    connection: Connection, version: str
) -> None:
    lease, send_id, _ = set_aside_one(connection)
    assert VERSIONS[version].read(connection, lease, [send_id]) == []
    assert VERSIONS[version].begin(connection, send_id, lease, MINUTE) is None


def test_an_old_worker_that_stops_does_not_give_back_what_a_pause_has_set_aside(connection: Connection) -> None:
    lease, send_id, due_at = set_aside_one(connection)
    assert old.say(connection, "give_back", lease=lease, id=send_id).rowcount == 0
    bring_back(connection, [], [])
    assert state_of(connection, send_id)["due_at"] == due_at


def test_both_versions_count_the_same_and_see_the_same_lanes(connection: Connection) -> None:
    queue_up(connection, 2, lane="sms", due_in=MINUTE)
    in_hand(connection, "this")
    counts: Any = old.say(connection, "counts").all()
    assert dict(counts) == look.counts(connection) == {Status.QUEUE: 3}
    assert list(old.say(connection, "lanes_waiting").scalars()) == lanes_waiting(connection) == ["email", "sms"]
    soon = old.say(connection, "seconds_to_next", lane="sms").scalar_one()
    assert float(soon) <= MINUTE.total_seconds()
    assert seconds_to_next(connection, ["sms"]) is not None

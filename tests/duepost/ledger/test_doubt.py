"""Does a person see every send of unknown outcome, and is his word kept with who, when and why?"""

from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, update

from duepost.ledger import look
from duepost.ledger.begin import Begun
from duepost.ledger.doubt import Chosen, Finding, catch_up, doubtful, settle
from duepost.ledger.history_tables import transition
from duepost.ledger.migrate import upgrade
from duepost.ledger.record import record
from duepost.ledger.release import release
from duepost.ledger.unknown import UnknownPolicy, settle_lost
from duepost.reasons import Reason
from duepost.statuses import Status
from tests.duepost.ledger.conftest import (
    ENVIRONMENT,
    LANE,
    MINUTE,
    NOW,
    begin,
    begun,
    outcome_of,
    queue_up,
    set_state,
    state_of,
    to_begin,
)

pytestmark = pytest.mark.every_postgres

EVERYTHING = Chosen()
SILENCE = Reason("OUTCOME_UNKNOWN", values={"cause": "TIMED_OUT"})


def call_unknown(connection: Connection, sends: list[Begun]) -> list[UUID]:
    """What became of these attempts nobody knows, and the policy holds them."""
    unknown = [
        outcome_of(one, to_status=Status.ERROR, reason=SILENCE, verdict="unknown", in_doubt=True) for one in sends
    ]
    record(connection, unknown)
    return [one.id for one in sends]


def in_doubt(connection: Connection, *, account: str = "default", run: str | None = None, lane: str = LANE) -> UUID:
    [send_id] = queue_up(connection, account=account, run=run, lane=lane)
    lease = release(connection, lane, 1, MINUTE).lease
    found = begin(connection, [to_begin(send_id, lease, account=account, run=run)])
    return call_unknown(connection, list(found.values()))[0]


def test_a_doubtful_send_is_listed_with_what_a_person_needs_to_ask(connection: Connection) -> None:
    send_id = in_doubt(connection, run="2026-11")
    [found] = doubtful(connection, EVERYTHING)
    assert (found.id, found.account, found.run, found.lane) == (send_id, "default", "2026-11", LANE)
    assert (found.invoice, found.provider, found.attempts) == ("INV-1", "smtp", 1)
    assert (found.reason, found.cause) == ("OUTCOME_UNKNOWN", "TIMED_OUT")
    assert found.since == look.timeline(connection, send_id)[-1].at


def test_a_send_that_lost_its_worker_is_listed_without_a_cause(connection: Connection) -> None:
    [send] = begun(connection, lease_time=NOW)
    settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD)
    [found] = doubtful(connection, EVERYTHING)
    assert (found.id, found.reason, found.cause) == (send.id, "OUTCOME_UNKNOWN", None)


def test_nothing_else_is_listed(connection: Connection) -> None:
    queue_up(connection, due_in=MINUTE)
    tried = begun(connection, 3)
    record(
        connection,
        [
            outcome_of(tried[0]),
            outcome_of(tried[1], to_status=Status.ERROR, reason=Reason("GAVE_UP"), verdict="transient"),
            outcome_of(tried[2], to_status=Status.ERROR_SENDING_EMAIL, wait=MINUTE, verdict="unknown", in_doubt=True),
        ],
    )
    assert doubtful(connection, EVERYTHING) == []


@pytest.mark.parametrize(
    "chosen",
    [
        Chosen(account="acme"),
        Chosen(run="2026-11"),
        Chosen(lane="second"),
        Chosen(account="acme", run="2026-11", lane="second"),
    ],
)
@pytest.mark.parametrize("settling", [False, True], ids=["doubtful", "settle"])
def test_account_run_and_lane_choose(connection: Connection, chosen: Chosen, *, settling: bool) -> None:
    in_doubt(connection)
    fitting = in_doubt(connection, account="acme", run="2026-11", lane="second")
    if settling:
        assert settle(connection, chosen, Finding.SENT, reason="seen", actor="mette") == [fitting]
    else:
        assert [one.id for one in doubtful(connection, chosen)] == [fitting]


def test_every_name_given_must_fit(connection: Connection) -> None:
    in_doubt(connection, account="acme", run="2026-11")
    assert doubtful(connection, Chosen(account="acme", run="2026-12")) == []


def test_the_list_can_be_cut_at_its_oldest(connection: Connection) -> None:
    call_unknown(connection, begun(connection, 5))
    every = doubtful(connection, EVERYTHING)
    assert doubtful(connection, EVERYTHING, limit=2) == every[:2]


# finding -> status and is it due again?
FINDINGS = [
    (Finding.SENT, Status.SENT, False),
    (Finding.NOT_SENT, Status.NOT_SENT, False),
    (Finding.SEND_AGAIN, Status.QUEUE, True),
]


@pytest.mark.parametrize(("finding", "status", "due"), FINDINGS)
def test_a_finding_stands_with_who_and_why(
    connection: Connection, finding: Finding, status: Status, *, due: bool
) -> None:
    send_id = in_doubt(connection)
    assert settle(connection, Chosen([send_id]), finding, reason="the customer said so", actor="mette") == [send_id]
    found = state_of(connection, send_id)
    assert (found["status"], found["due_at"] is not None, found["in_doubt"]) == (status, due, False)
    change = look.timeline(connection, send_id)[-1]
    assert (change.from_status, change.to_status, change.reason_code) == (Status.ERROR, status, "SETTLED")
    assert (change.actor, change.reason_values) == ("mette", {"as": finding.value, "why": "the customer said so"})
    assert doubtful(connection, EVERYTHING) == []


def test_a_send_to_be_sent_again_is_released_whatever_its_time_was(connection: Connection) -> None:
    send_id = in_doubt(connection)
    before = state_of(connection, send_id)
    set_state(connection, send_id, not_after=connection.exec_driver_sql("SELECT now() - interval '1 day'").scalar())
    assert before["due_at"] is None
    settle(connection, Chosen([send_id]), Finding.SEND_AGAIN, reason="they have nothing", actor="mette")
    assert release(connection, LANE, 1, MINUTE).ids == [send_id]


def test_a_send_settled_once_is_not_settled_again(connection: Connection) -> None:
    send_id = in_doubt(connection)
    settle(connection, Chosen([send_id]), Finding.SENT, reason="seen", actor="mette")
    assert settle(connection, Chosen([send_id]), Finding.SEND_AGAIN, reason="oh", actor="jens") == []
    assert state_of(connection, send_id)["status"] == Status.SENT


def test_what_is_not_in_doubt_is_not_settled(connection: Connection) -> None:
    [waiting] = queue_up(connection, due_in=MINUTE)
    [send] = begun(connection)
    record(connection, [outcome_of(send, to_status=Status.ERROR, reason=Reason("GAVE_UP"), verdict="transient")])
    assert settle(connection, Chosen([waiting, send.id]), Finding.SENT, reason="seen", actor="mette") == []


def retry_in_doubt(connection: Connection) -> UUID:
    [send] = begun(connection)
    retry = outcome_of(send, to_status=Status.ERROR_SENDING_EMAIL, wait=NOW, verdict="unknown", in_doubt=True)
    record(connection, [retry])
    return send.id


def test_a_retry_in_doubt_is_the_providers_to_answer_and_no_persons_who_does_not_name_it(
    connection: Connection,
) -> None:
    send_id = retry_in_doubt(connection)
    assert settle(connection, Chosen(lane=LANE), Finding.NOT_SENT, reason="seen", actor="mette") == []
    assert state_of(connection, send_id)["status"] == Status.ERROR_SENDING_EMAIL


@pytest.mark.parametrize(("finding", "status", "due"), FINDINGS)
def test_a_person_who_names_a_retry_in_doubt_settles_it(
    connection: Connection, finding: Finding, status: Status, *, due: bool
) -> None:
    send_id = retry_in_doubt(connection)
    assert settle(connection, Chosen([send_id]), finding, reason="seen", actor="mette") == [send_id]
    found = state_of(connection, send_id)
    assert (found["status"], found["due_at"] is not None, found["in_doubt"]) == (status, due, False)


def test_a_retry_in_doubt_that_a_provider_has_just_now_is_not_settled(connection: Connection) -> None:
    send_id = retry_in_doubt(connection)
    begin(connection, [to_begin(send_id, release(connection, LANE, 1, MINUTE).lease)])
    before = state_of(connection, send_id)
    assert settle(connection, Chosen([send_id]), Finding.NOT_SENT, reason="seen", actor="mette") == []
    assert state_of(connection, send_id) == before


def from_before(connection: Connection) -> tuple[UUID, UUID]:
    """Two sends that a version without doubts has called unknown: one held, one that waits."""
    held, waits = in_doubt(connection), retry_in_doubt(connection)
    newest = transition.c.send_id == waits
    connection.execute(update(transition).where(newest).values(reason_code="OUTCOME_UNKNOWN"))
    for one in (held, waits):
        set_state(connection, one, in_doubt=False)
    return held, waits


def test_what_was_called_unknown_before_there_were_doubts_is_in_doubt(connection: Connection) -> None:
    old = from_before(connection)
    assert catch_up(connection) == 2
    assert [state_of(connection, one)["in_doubt"] for one in old] == [True, True]
    assert [one.id for one in doubtful(connection, EVERYTHING)] == [old[0]]
    assert catch_up(connection) == 0


def test_what_has_an_answer_since_is_not_in_doubt_by_what_was_before(connection: Connection) -> None:
    settled, waiting, given_up = in_doubt(connection), queue_up(connection)[0], begun(connection)[0]
    record(connection, [outcome_of(given_up, to_status=Status.ERROR, reason=Reason("GAVE_UP"), verdict="transient")])
    settle(connection, Chosen([settled]), Finding.SEND_AGAIN, reason="they have nothing", actor="mette")
    assert catch_up(connection) == 0
    assert not any(state_of(connection, one)["in_doubt"] for one in (settled, waiting, given_up.id))


def test_an_upgrade_of_the_ledger_catches_up(engine: Engine, database_url: str) -> None:
    with engine.begin() as connection:
        held, _ = from_before(connection)
    upgrade(database_url, environment=ENVIRONMENT)
    with engine.connect() as connection:
        assert [one.id for one in doubtful(connection, EVERYTHING)] == [held]


def test_no_ids_settle_nothing(connection: Connection) -> None:
    in_doubt(connection)
    assert settle(connection, Chosen([]), Finding.SENT, reason="seen", actor="mette") == []

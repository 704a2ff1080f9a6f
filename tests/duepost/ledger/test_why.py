"""Is a person told in one sentence why a send stands where it does?"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, func, select, text

from duepost.features import EVERYTHING
from duepost.ledger import by_hand, known
from duepost.ledger.accept import accept_one
from duepost.ledger.circuits import open_circuit
from duepost.ledger.doubt import Chosen, Finding, settle
from duepost.ledger.lanes import DeclaredLane, declare
from duepost.ledger.overdue import hold_all, hold_late
from duepost.ledger.pauses import Scope, add_pause, set_aside
from duepost.ledger.print_runs import close
from duepost.ledger.record import ToRecord, record
from duepost.ledger.release import put_off, release
from duepost.ledger.schema import account
from duepost.ledger.why import Why, why
from duepost.reasons import Reason
from duepost.sends import Channel
from duepost.statuses import Status
from tests.duepost.ledger import gathered
from tests.duepost.ledger.conftest import (
    LANE,
    MINUTE,
    accepted,
    account_id,
    begun,
    outcome_of,
    queue_up,
    set_state,
    state_of,
)

pytestmark = pytest.mark.every_postgres

HOUR = timedelta(hours=1)


def told(connection: Connection, send_id: UUID, **cutoffs: time) -> Why:
    found = why(connection, account_id(connection), send_id, cutoffs=cutoffs)
    assert found is not None
    return found


def served(connection: Connection) -> None:
    """A worker has told of the lane."""
    declare(connection, [DeclaredLane(LANE, Channel.EMAIL, "smtp", "smtp", EVERYTHING)])


def due_at(connection: Connection, send_id: UUID) -> object:
    return state_of(connection, send_id)["due_at"]


def came(connection: Connection, **outcome: object) -> UUID:
    """A send of which this came of its first attempt."""
    [send] = begun(connection)
    to_record: ToRecord = outcome_of(send, **outcome)  # type: ignore[arg-type]
    record(connection, [to_record])
    return send.id


def test_another_accounts_send_is_explained_as_little_as_one_that_is_not_there(connection: Connection) -> None:
    [send_id] = queue_up(connection, account="theirs")
    ours = account_id(connection, "ours")
    assert why(connection, ours, send_id) is None
    assert why(connection, ours, uuid4()) is None


def test_a_scheduled_send_says_when_in_the_words_of_its_schedule(connection: Connection) -> None:
    send = accepted(connection, due_in=HOUR)
    assert send.send.schedule is not None
    schedule = replace(send.send.schedule, wall=datetime(2026, 11, 30, 15, 55), zone="Europe/Copenhagen")  # noqa: DTZ001
    accept_one(connection, replace(send, send=replace(send.send, schedule=schedule)))
    found = told(connection, send.id)
    assert (found.code, found.sentence) == ("SCHEDULED", "scheduled for 2026-11-30 15:55 Europe/Copenhagen")
    assert found.until == send.due_at


def test_a_send_that_is_scheduled_and_paused_says_both(connection: Connection) -> None:
    [send_id] = queue_up(connection, due_in=HOUR)
    add_pause(connection, Scope.ALL, "", reason="audit", actor="mette")
    assert "; meanwhile paused: everything, by mette: audit" in told(connection, send_id).sentence


def test_a_held_send_says_by_whom_and_why(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    by_hand.hold(connection, [send_id], reason="wrong sum", actor="anna")
    assert told(connection, send_id) == Why("HELD", "held by anna: wrong sum", None, {"actor": "anna"})


def test_a_late_send_says_so(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    hold_late(connection, [send_id])
    assert told(connection, send_id).sentence == "held as late: its time had passed before it could leave"


def test_a_send_of_a_neutralized_copy_says_so(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    hold_all(connection, "mette")
    assert told(connection, send_id).sentence == "held, for mette neutralized this ledger as a copy"


@pytest.mark.parametrize(
    ("scope", "name", "words"),
    [
        (Scope.ALL, "", "everything"),
        (Scope.ACCOUNT, "default", "account default"),
        (Scope.CHANNEL, "email", "channel email"),
        (Scope.PROVIDER, "smtp", "provider account smtp"),
        (Scope.RUN, "2026-11", "run 2026-11"),
    ],
)
def test_a_paused_send_says_what_is_paused_by_whom_and_why(
    connection: Connection, scope: Scope, name: str, words: str
) -> None:
    served(connection)
    [send_id] = queue_up(connection, run="2026-11")
    add_pause(connection, scope, name, reason="audit", actor="mette")
    assert told(connection, send_id).sentence == f"paused: {words}, by mette: audit"


def test_a_send_that_a_pause_set_aside_is_paused_and_not_scheduled(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    add_pause(connection, Scope.ACCOUNT, "default", reason="audit", actor="mette")
    set_aside(connection, [send_id])
    assert told(connection, send_id).code == "PAUSED"


def test_the_pause_of_something_else_holds_nothing(connection: Connection) -> None:
    served(connection)
    [send_id] = queue_up(connection)
    for scope, name in [
        (Scope.ACCOUNT, "other"),
        (Scope.CHANNEL, "sms"),
        (Scope.PROVIDER, "x"),
        (Scope.RUN, "2026-11"),
    ]:
        add_pause(connection, scope, name, reason="audit", actor="mette")
    assert told(connection, send_id).code == "NEXT"


def test_an_open_circuit_says_since_when_and_when_one_send_tries(connection: Connection) -> None:
    served(connection)
    [send_id] = queue_up(connection)
    open_circuit(connection, "smtp", "TIMED_OUT", MINUTE)
    found = told(connection, send_id)
    assert found.sentence.startswith("provider account smtp does not answer since ")
    assert "; one send tries again at " in found.sentence
    assert found.until == connection.execute(select(func.now() + MINUTE)).scalar_one()


def test_a_send_put_off_for_a_quota_says_until_when(connection: Connection) -> None:
    served(connection)
    [send_id] = queue_up(connection)
    lease = release(connection, LANE, 1, MINUTE).lease
    put_off(connection, lease, {send_id: MINUTE + timedelta(microseconds=1)})
    found = told(connection, send_id)
    assert found.sentence.startswith("waiting for the quota of provider account smtp until ")
    assert (found.code, found.until) == ("QUOTA", due_at(connection, send_id))


def test_a_send_in_quiet_hours_says_so(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    set_state(connection, send_id, due_at=datetime(2100, 1, 1, 7, tzinfo=UTC))
    found = told(connection, send_id)
    assert found.sentence == "the receiver has quiet hours; it leaves at 2100-01-01 08:00:00 Europe/Copenhagen"


def test_a_retry_says_which_when_and_why(connection: Connection) -> None:
    send_id = came(connection, to_status=Status.ERROR_SENDING_EMAIL, wait=HOUR, reason=Reason("TIMED_OUT"))
    found = told(connection, send_id)
    assert found.sentence.startswith("retry 1 at ")
    assert found.sentence.endswith(": TIMED_OUT")
    assert (found.code, found.until) == ("RETRY", due_at(connection, send_id))


def test_a_retry_in_doubt_says_that_it_may_have_arrived(connection: Connection) -> None:
    send_id = came(
        connection,
        to_status=Status.ERROR_SENDING_EMAIL,
        wait=HOUR,
        reason=Reason("OUTCOME_UNKNOWN", values={"cause": "TIMED_OUT"}),
        verdict="unknown",
        in_doubt=True,
    )
    found = told(connection, send_id)
    assert found.sentence.startswith(
        "provider account smtp may have taken it (OUTCOME_UNKNOWN (TIMED_OUT)); it is asked"
    )


def test_what_a_provider_is_at_work_on_says_so(connection: Connection) -> None:
    send_id = came(
        connection, to_status=Status.QUEUE, wait=HOUR, reason=Reason("IN_PROGRESS"), verdict="wait", in_doubt=True
    )
    found = told(connection, send_id)
    assert found.sentence.startswith(
        "provider account smtp has it and is at work on it (IN_PROGRESS); it is asked again"
    )


def test_a_send_in_a_providers_hands_says_since_when(connection: Connection) -> None:
    [send] = begun(connection)
    found = told(connection, send.id)
    assert (found.code, found.until) == ("IN_HAND", due_at(connection, send.id))
    assert found.sentence.startswith("in the provider's hands since ")


def test_a_send_in_a_workers_queue_says_so(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    release(connection, LANE, 1, MINUTE)
    found = told(connection, send_id)
    assert (found.code, found.until) == ("QUEUED", due_at(connection, send_id))


def test_a_due_send_says_how_many_go_before_it(connection: Connection) -> None:
    served(connection)
    ids = queue_up(connection, 4)
    for place, send_id in enumerate(ids):
        set_state(connection, send_id, due_at=func.now() - (10 - place) * MINUTE)
    set_state(connection, ids[-1], priority=0)
    words = [told(connection, one).sentence for one in ids]
    assert words == [
        "behind 1 other in lane email",
        "behind 2 others in lane email",
        "behind 3 others in lane email",
        "due; it leaves lane email next",
    ]


def test_no_more_than_a_bound_are_counted(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    served(connection)
    ids = queue_up(connection, 5)
    for place, send_id in enumerate(ids):
        set_state(connection, send_id, due_at=func.now() - (10 - place) * MINUTE)
    for module in ("known", "why"):
        monkeypatch.setattr(f"duepost.ledger.{module}.MOST_COUNTED", 3)
    assert known.MOST_COUNTED == 3
    assert told(connection, ids[3]).sentence == "behind 3 others in lane email"
    assert told(connection, ids[4]).sentence == "behind more than 3 others in lane email"


def test_a_due_send_of_a_lane_that_no_worker_serves_says_so(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    assert told(connection, send_id).sentence == "due, but no worker has ever told that it serves lane email"


def test_a_sent_one_says_when_and_as_what(connection: Connection) -> None:
    found = told(connection, came(connection))
    assert found.sentence.startswith("sent at ")
    assert found.sentence.endswith(" by provider account smtp as 4F2A")
    assert found.facts == {"provider": "smtp", "reference": "4F2A"}


def test_one_that_was_settled_says_by_whom(connection: Connection) -> None:
    unknown = {"to_status": Status.ERROR, "reason": Reason("OUTCOME_UNKNOWN"), "verdict": "unknown", "in_doubt": True}
    sent, not_sent = came(connection, **unknown), came(connection, **unknown)
    for send_id, finding in ((sent, Finding.SENT), (not_sent, Finding.NOT_SENT)):
        settle(connection, Chosen([send_id]), finding, reason="asked them", actor="jens")
    assert told(connection, sent).sentence.startswith("sent, as jens found out at ")
    assert told(connection, not_sent).sentence == "not sent, as jens found out: asked them"


def test_one_of_unknown_outcome_asks_to_be_settled(connection: Connection) -> None:
    reason = Reason("OUTCOME_UNKNOWN", values={"cause": "TIMED_OUT"})
    send_id = came(connection, to_status=Status.ERROR, reason=reason, verdict="unknown", in_doubt=True)
    assert told(connection, send_id).sentence == (
        "outcome unknown (OUTCOME_UNKNOWN (TIMED_OUT)): find out whether it was delivered, and settle it"
    )


def test_one_that_was_refused_says_how_it_ended(connection: Connection) -> None:
    send_id = came(connection, to_status=Status.EMAIL_REJECTED, reason=Reason("BLOCKED"), verdict="refused")
    assert told(connection, send_id) == Why("BLOCKED", "ended: 350 EmailRejected, BLOCKED")


def test_one_that_was_given_up_says_what_came_last(connection: Connection) -> None:
    reason = Reason("GAVE_UP", values={"last": "TIMED_OUT"})
    send_id = came(connection, to_status=Status.ERROR, reason=reason, verdict="transient")
    assert told(connection, send_id).sentence == "ended: 300 Error, GAVE_UP (TIMED_OUT)"


def test_a_cancelled_one_says_by_whom_and_why(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    by_hand.cancel(connection, [send_id], reason="credited", actor="mette")
    assert told(connection, send_id).sentence == "cancelled by mette: credited"


def test_a_send_of_a_test_key_says_that_nothing_is_delivered(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    set_state(connection, send_id, status=1000, due_at=None)
    connection.execute(account.update().values(delivers=False))
    assert told(connection, send_id) == Why("TEST_KEY", "the account delivers nothing (test key)")


def test_one_without_an_address_says_what_its_status_means(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    set_state(connection, send_id, status=400, due_at=None)
    assert told(connection, send_id).sentence == "ended: 400 MissingEmailAddress, No address to send to."


def test_a_letter_says_when_its_print_run_closes(connection: Connection) -> None:
    [send_id, _] = gathered.gather(connection)
    now: datetime = connection.execute(select(func.now())).scalar_one()
    found = told(connection, send_id, letters=time(16))
    assert found.sentence.startswith("waiting for the print run of account default, which closes at ")
    assert found.until is not None
    assert now < found.until <= now + timedelta(hours=25)
    assert told(connection, send_id).sentence == "waiting for the print run of account default"


def test_a_letter_that_gathered_before_the_cut_off_leaves_with_the_next_tick(connection: Connection) -> None:
    [send_id, _] = gathered.gather(connection, ago=timedelta(hours=25))
    assert told(connection, send_id, letters=time(16)).sentence.endswith(", which closes within a minute")


def test_a_letter_in_a_closed_run_says_which(connection: Connection) -> None:
    [send_id, _] = gathered.gather(connection)
    now: datetime = connection.execute(select(func.now())).scalar_one()
    number = close(connection, account_id(connection), gathered.LANE, now)
    found = told(connection, send_id)
    assert (found.code, found.facts) == ("IN_PRINT_RUN", {"run": f"P{number:06d}"})
    assert "not handed over yet" in found.sentence
    connection.execute(text("UPDATE print_run SET handed_at = now()"))
    assert ", handed over at " in told(connection, send_id).sentence


def test_a_suspect_says_that_it_travels_alone(connection: Connection) -> None:
    served(connection)
    [send_id] = queue_up(connection)
    set_state(connection, send_id, losses=1, status=310)
    assert told(connection, send_id).sentence == "due; it goes out alone, for its worker vanished once"


def test_a_send_that_moved_to_another_lane_says_so(connection: Connection) -> None:
    send_id = came(connection, to_status=Status.QUEUE, wait=HOUR, reason=Reason("FAILED_OVER"))
    assert told(connection, send_id).sentence.startswith("moved to lane email, which it leaves at ")

"""What can an operator do to sends and guards from the command line, and what is he told?"""

import getpass
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select

from duepost.ledger import look
from duepost.ledger.circuits import open_circuit
from duepost.ledger.overdue import hold_all, hold_late
from duepost.ledger.pauses import Scope, pauses
from duepost.ledger.pulse import Pulse, beat
from duepost.ledger.record import record
from duepost.ledger.release import release
from duepost.ledger.schema import state
from duepost.reasons import Reason
from duepost.statuses import Status
from sandbox.postgres import PostgresServer
from tests.duepost.conftest import Run
from tests.duepost.ledger.conftest import (
    LANE,
    MINUTE,
    begin,
    begun,
    outcome_of,
    queue_up,
    reasons_of,
    to_begin,
)

WHY = ("--reason", "asked them")
SILENCE = Reason("OUTCOME_UNKNOWN", values={"cause": "TIMED_OUT"})
GOOD = "Channel,ToAddress,InvoiceNumber\nEmail,inge@firma.dk,1001\nEmail,jens@firma.dk,1002\n"


def in_doubt(engine: Engine, *, run: str | None = None) -> str:
    """The id of a send of unknown outcome."""
    with engine.begin() as connection:
        [send_id] = queue_up(connection, run=run)
        lease = release(connection, LANE, 1, MINUTE).lease
        [send] = begin(connection, [to_begin(send_id, lease, run=run)]).values()
        unknown = outcome_of(send, to_status=Status.ERROR, reason=SILENCE, verdict="unknown", in_doubt=True)
        record(connection, [unknown])
    return str(send_id)


def waiting(engine: Engine) -> str:
    with engine.begin() as connection:
        return str(queue_up(connection, due_in=60 * MINUTE)[0])


def last_change(engine: Engine, send_id: str) -> look.Change:
    with engine.connect() as connection:
        return look.timeline(connection, UUID(send_id))[-1]


def counts(engine: Engine) -> dict[Status, int]:
    with engine.connect() as connection:
        return look.counts(connection)


def test_unknown_lists_what_nobody_knows_the_outcome_of(duepost: Run, engine: Engine) -> None:
    assert duepost("unknown").stdout.strip() == "0 of unknown outcome"
    first, second = in_doubt(engine), in_doubt(engine, run="2026-11")
    every = duepost("unknown")
    assert (every.returncode, first in every.stdout, second in every.stdout) == (0, True, True)
    assert "2 of unknown outcome; `duepost settle` ends them" in every.stdout
    assert "TIMED_OUT" in every.stdout
    one = duepost("unknown", "--run", "2026-11")
    assert (first in one.stdout, second in one.stdout) == (False, True)


@pytest.mark.parametrize(
    ("word", "status"), [("sent", Status.SENT), ("not-sent", Status.NOT_SENT), ("send-again", Status.QUEUE)]
)
def test_settle_writes_what_was_found_out(duepost: Run, engine: Engine, word: str, status: Status) -> None:
    send_id = in_doubt(engine)
    done = duepost("settle", send_id, "--as", word, *WHY, "--by", "mette")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "1 settled", "")
    change = last_change(engine, send_id)
    assert (change.to_status, change.reason_code, change.actor) == (status, "SETTLED", "mette")
    assert change.reason_values == {"as": word, "why": "asked them"}


def test_settle_can_choose_a_run(duepost: Run, engine: Engine) -> None:
    other = in_doubt(engine)
    for _ in range(2):
        in_doubt(engine, run="2026-11")
    assert duepost("settle", "--run", "2026-11", "--as", "sent", *WHY).stdout.strip() == "2 settled"
    assert last_change(engine, other).reason_code == "OUTCOME_UNKNOWN"


def test_settle_of_nothing_chosen_is_a_mistake_and_settles_nothing(duepost: Run, engine: Engine) -> None:
    in_doubt(engine)
    done = duepost("settle", "--as", "sent", *WHY)
    assert (done.returncode, "nothing is chosen" in done.stderr) == (2, True)
    assert counts(engine) == {Status.ERROR: 1}


def test_what_could_not_be_settled_is_named(duepost: Run, engine: Engine) -> None:
    good, bad = in_doubt(engine), waiting(engine)
    some = duepost("settle", good, bad, "--as", "sent", *WHY)
    assert (some.returncode, some.stdout.strip()) == (1, "1 settled")
    assert some.stderr.strip() == f"send {bad}: left as it is: unknown here, not of unknown outcome"
    assert duepost("settle", bad, "--as", "sent", *WHY).returncode == 5


def test_cancel_ends_what_waits_and_names_who(duepost: Run, engine: Engine) -> None:
    send_id = waiting(engine)
    done = duepost("cancel", send_id, *WHY)
    assert (done.returncode, done.stdout.strip()) == (0, "1 cancelled")
    change = last_change(engine, send_id)
    assert (change.to_status, change.reason_code) == (Status.NOT_SENT, "CANCELLED")
    assert change.actor == getpass.getuser()


def test_cancel_of_what_a_provider_has_ends_with_5(duepost: Run, engine: Engine) -> None:
    with engine.begin() as connection:
        [send] = begun(connection)
    done = duepost("cancel", str(send.id), *WHY)
    assert (done.returncode, "in a provider's hands" in done.stderr) == (5, True)
    assert duepost("cancel", str(uuid4()), *WHY).returncode == 5


@pytest.mark.parametrize("command", [("cancel",), ("approve",), ("settle", "--as", "sent"), ("pause", "all")])
def test_nothing_is_done_without_a_reason(duepost: Run, command: tuple[str, ...]) -> None:
    ids = () if command[0] == "pause" else (str(uuid4()),)
    assert duepost(*command, *ids).returncode == 2


def test_approve_lets_a_late_send_leave(duepost: Run, engine: Engine) -> None:
    with engine.begin() as connection:
        [send_id] = queue_up(connection, late_in=-MINUTE)
        hold_late(connection, release(connection, LANE, 1, MINUTE).late)
    done = duepost("approve", str(send_id), *WHY)
    assert (done.returncode, done.stdout.strip()) == (0, "1 approved")
    with engine.begin() as connection:
        assert reasons_of(connection, send_id)[-1] == (Status.QUEUE, "APPROVED")
        assert release(connection, LANE, 1, MINUTE).ids == [send_id]
    again = duepost("approve", str(send_id), *WHY)
    assert (again.returncode, "not held as 110" in again.stderr) == (5, True)


def test_pause_and_resume_say_what_they_did(duepost: Run, engine: Engine) -> None:
    assert duepost("pause", "provider", "smtp", *WHY).stdout.strip() == "provider smtp is paused"
    again = duepost("pause", "provider", "smtp", "--reason", "other")
    assert (again.returncode, again.stdout.strip()) == (0, "provider smtp was paused already")
    with engine.connect() as connection:
        [pause] = pauses(connection)
    assert (pause.scope, pause.reason, pause.actor) == (Scope.PROVIDER, "asked them", getpass.getuser())
    assert duepost("resume", "provider", "smtp", *WHY).stdout.strip() == "provider smtp goes on"
    done = duepost("resume", "provider", "smtp", *WHY)
    assert (done.returncode, done.stderr.strip()) == (5, "provider smtp is not paused")


def test_everything_can_be_paused(duepost: Run) -> None:
    assert duepost("pause", "all", *WHY).stdout.strip() == "everything is paused"


@pytest.mark.parametrize(("scope", "name"), [("account", "acne"), ("run", "2026-11"), ("channel", "fax")])
def test_a_name_that_is_nobodys_cannot_be_paused(duepost: Run, scope: str, name: str) -> None:
    done = duepost("pause", scope, name, *WHY)
    assert (done.returncode, done.stderr.strip()) == (5, f"there is no {scope} {name}")


@pytest.mark.parametrize("what", [("provider",), ("all", "smtp"), ("lane", "email")])
def test_a_pause_that_is_written_wrongly_ends_with_2(duepost: Run, engine: Engine, what: tuple[str, ...]) -> None:
    assert duepost("pause", *what, *WHY).returncode == 2
    with engine.connect() as connection:
        assert pauses(connection) == []


def test_health_ends_with_1_when_nobody_releases(duepost: Run, engine: Engine) -> None:
    never = duepost("health")
    assert (never.returncode, "never" in never.stdout, "are beat, scheduler" in never.stderr) == (1, True, True)
    with engine.begin() as connection:
        beat(connection, Pulse.RELEASE)
    assert duepost("health").returncode == 0
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE pulse SET at = at - interval '91 s'")
    assert duepost("health").returncode == 1


def test_health_shows_what_holds_sends_back(duepost: Run, engine: Engine) -> None:
    in_doubt(engine)
    duepost("pause", "run", "november", *WHY)  # no such run: nothing is shown of it
    duepost("pause", "channel", "sms", *WHY)
    with engine.begin() as connection:
        open_circuit(connection, "smtp", "CONNECTION_REFUSED", timedelta(seconds=15))
    shown = duepost("health").stdout
    assert "production" in shown
    assert "paused: channel sms" in shown
    assert "does not answer (CONNECTION_REFUSED)" in shown
    assert "november" not in shown


Copied = Callable[[], str]


@pytest.fixture
def copied(chosen_postgres: PostgresServer, engine: Engine) -> Iterator[Copied]:
    """Makes a copy of the ledger, as from a backup; the answer is its address."""
    name = f"copy_{uuid4().hex}"

    def copy() -> str:
        engine.dispose()
        chosen_postgres.create_database(name, engine.url.database)
        return chosen_postgres.url(name)

    yield copy
    chosen_postgres.drop_database(name)


def test_the_ledger_itself_is_not_neutralized(duepost: Run, engine: Engine) -> None:
    waiting(engine)
    done = duepost("neutralize", *WHY)
    assert (done.returncode, "this is no copy" in done.stderr) == (3, True)
    assert counts(engine) == {Status.QUEUE: 1}


def test_a_copy_is_made_harmless_and_the_original_goes_on(duepost: Run, engine: Engine, copied: Copied) -> None:
    waiting(engine)
    with engine.begin() as connection:
        begun(connection)
    copy = {"DUEPOST_DATABASE_URL": copied(), "DUEPOST_ENVIRONMENT": "staging"}
    done = duepost("neutralize", *WHY, **copy)
    said = "harmless: environment staging, 1 held as 110 FENCED, 1 of unknown outcome"
    assert (done.returncode, done.stdout.strip()) == (0, said)
    assert "neutralized: no provider is called" in duepost("health", **copy).stdout
    assert counts(engine) == {Status.QUEUE: 2}


def test_a_moved_ledger_is_taken_over(duepost: Run, copied: Copied) -> None:
    moved = {"DUEPOST_DATABASE_URL": copied()}
    assert "sealed in another database" in duepost("health", **moved).stdout
    done = duepost("adopt", *WHY, **moved)
    assert (done.returncode, done.stdout.strip()) == (0, "the ledger here is now the one of environment production")
    assert "sealed in another database" not in duepost("health", **moved).stdout


def test_another_environments_ledger_is_not_taken_over(duepost: Run) -> None:
    done = duepost("adopt", *WHY, DUEPOST_ENVIRONMENT="staging")
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
    assert "belongs to environment production" in done.stderr


def test_show_says_that_a_send_is_set_aside_and_when_it_is_due(duepost: Run, engine: Engine) -> None:
    send_id = waiting(engine)
    with engine.begin() as connection:
        connection.execute(state.update().values(paused_due_at=state.c.due_at, due_at="9000-01-01T00:00:00Z"))
    shown = duepost("show", send_id).stdout
    assert "Its account or run is paused." in shown
    assert "9000" not in shown


def limits(engine: Engine) -> list[timedelta]:
    with engine.connect() as connection:
        return list(connection.execute(select(state.c.not_after - state.c.due_at)).scalars())


def test_a_send_that_has_not_left_within_its_late_hours_is_late(duepost: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    duepost("import", "good.csv", DUEPOST_LATE_HOURS='{"email": 2}')
    assert limits(engine) == [timedelta(hours=2)] * 2


def test_without_a_setting_it_is_late_after_a_day(duepost: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    duepost("import", "good.csv", DUEPOST_LATE_HOURS='{"sms": 2}')
    assert limits(engine) == [timedelta(hours=24)] * 2


YEAR = datetime.now(UTC).year + 1
LIMITED = "Channel,ToAddress,InvoiceNumber,ScheduleSendDate,NotAfter\nEmail,inge@firma.dk,1001,"


def test_a_row_may_say_until_when_it_may_leave(duepost: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "limited.csv").write_text(LIMITED + f"{YEAR}-06-01 08:00,{YEAR}-06-01 12:00\n")
    assert duepost("import", "limited.csv").returncode == 0
    assert limits(engine) == [timedelta(hours=4)]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (f"{YEAR}-06-01 07:00", "NotAfter is not later than the time to leave"),
        ("tomorrow", "NotAfter is no date with a time"),
        (f"{YEAR + 3}-06-01 07:00", "NotAfter is more than two years ahead"),
    ],
)
def test_a_limit_that_cannot_be_is_a_bad_row(duepost: Run, tmp_path: Path, given: str, problem: str) -> None:
    (tmp_path / "limited.csv").write_text(LIMITED + f"{YEAR}-06-01 08:00,{given}\n")
    done = duepost("import", "limited.csv")
    assert done.returncode == 1
    assert f"limited.csv:2: {problem}" in done.stderr


def test_a_crash_can_be_asked_for_in_the_sandbox_only(duepost: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    done = duepost("import", "good.csv", DUEPOST_CRASH_AT="accepted")
    assert (done.returncode, done.stderr.startswith("DUEPOST_CRASH_AT is wrong")) == (1, True)
    assert counts(engine) == {}


def test_an_import_that_dies_after_its_commit_was_accepted(duepost: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    drill = {"DUEPOST_CRASH_AT": "accepted", "DUEPOST_ENVIRONMENT": "sandbox"}
    assert duepost("import", "good.csv", **drill).returncode == -9
    assert counts(engine) == {Status.QUEUE: 2}
    assert duepost("import", "good.csv").stdout.strip() == "taken: 0 new, 2 known already"


def test_what_was_fenced_can_be_approved_one_by_one(duepost: Run, engine: Engine) -> None:
    send_id, other = waiting(engine), waiting(engine)
    with engine.begin() as connection:
        hold_all(connection, "mette")
    assert duepost("approve", send_id, *WHY).returncode == 0
    assert last_change(engine, other).reason_code == "FENCED"


def test_square_brackets_are_shown_as_they_were_written(duepost: Run, engine: Engine) -> None:
    """A person's reason and a mail server's words may hold them."""
    why = "see [/ticket] in [bold red]"
    assert duepost("pause", "provider", "smtp", "--reason", why).returncode == 0
    assert why in " ".join(duepost("health").stdout.replace("│", " ").split())
    send_id = waiting(engine)
    assert duepost("cancel", send_id, "--reason", why).returncode == 0
    shown = duepost("show", send_id)
    assert shown.returncode == 0
    assert "[/ticket]" in shown.stdout


def test_an_id_of_unknown_outcome_is_never_cut(duepost: Run, engine: Engine) -> None:
    send_id = in_doubt(engine, run="2026-11")
    assert any(line.startswith(f"{send_id}  invoice ") for line in duepost("unknown").stdout.splitlines())


def test_settling_what_fits_nothing_ends_with_5(duepost: Run, engine: Engine) -> None:
    in_doubt(engine)
    assert duepost("settle", "--as", "sent", "--run", "nonsense", *WHY).returncode == 5


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_reason_says_something_and_not_too_much(duepost: Run, reason: str) -> None:
    told = duepost("pause", "all", "--reason", reason)
    assert told.returncode == 2
    assert "say why" in told.stderr


def test_a_provider_account_is_paused_however_it_is_written(duepost: Run, engine: Engine) -> None:
    assert duepost("pause", "provider", "SMTP", *WHY).returncode == 0
    with engine.connect() as connection:
        assert [one.name for one in pauses(connection)] == ["smtp"]


def test_an_argument_that_is_no_text_is_one_sentence(duepost: Run) -> None:
    told = duepost("show", "caf\udce9")
    assert told.returncode == 2
    assert "is no UTF-8 text" in told.stderr
    assert "Traceback" not in told.stderr

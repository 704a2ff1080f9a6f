"""What can an operator see of print runs on the command line, and say about them?"""

from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from duepost.ledger.accounts import account_named
from duepost.ledger.print_eject import eject
from duepost.ledger.print_runs import close, note_step
from duepost.ledger.schema import account
from tests.duepost.conftest import Run
from tests.duepost.ledger.conftest import reasons_of, state_of
from tests.duepost.ledger.gathered import ADDRESS, LANE, gather

WHY = ("--reason", "seen on paper")


@pytest.fixture
def ids(engine: Engine) -> list[UUID]:
    """The sends of run P000001, which is closed."""
    with engine.begin() as connection:
        gathered = gather(connection)
        found = account_named(connection, "default")
        close(connection, found.id, LANE, found.now)
    return gathered


def hand_over(engine: Engine) -> None:
    with engine.begin() as connection:
        note_step(connection, 1, handed_at=func.now())


@pytest.mark.usefixtures("ids")
def test_list_tells_how_far_each_run_has_come(duepost: Run, engine: Engine) -> None:
    with engine.begin() as connection:
        note_step(connection, 1, trouble="DROP_FAILED")
    said = duepost("print", "list")
    assert said.returncode == 0
    for word in ("P000001", "default", LANE, "closed", "DROP_FAILED"):
        assert word in said.stdout


def test_show_tells_what_is_in_each_envelope_and_no_address(duepost: Run, ids: list[UUID]) -> None:
    said = duepost("print", "show", "p1")
    assert said.returncode == 0
    assert all(str(one) in said.stdout for one in ids)
    assert ADDRESS not in said.stdout


def test_show_tells_how_many_were_ejected(duepost: Run, engine: Engine, ids: list[UUID]) -> None:
    with engine.begin() as connection:
        eject(connection, 1, {1: "DOCUMENT_LOST"}, actor="worker@test")
    said = duepost("print", "show", "p1").stdout
    assert "1 ejected" in said
    assert str(ids[0]) not in said


def test_confirm_makes_200_and_keeps_who_and_why(duepost: Run, engine: Engine, ids: list[UUID]) -> None:
    hand_over(engine)
    said = duepost("print", "confirm", "P000001", *WHY, "--by", "anna")
    assert (said.returncode, said.stdout.strip()) == (0, "print run P000001: 2 sends are sent")
    with engine.connect() as connection:
        assert state_of(connection, ids[0])["status"] == 200
        assert reasons_of(connection, ids[0])[-1][1] == "PRINTED"


@pytest.mark.usefixtures("ids")
def test_confirm_refuses_what_was_not_handed_over(duepost: Run) -> None:
    said = duepost("print", "confirm", "P000001", *WHY)
    assert (said.returncode, said.stderr.strip()) == (1, "print run P000001 was not handed over yet")


@pytest.mark.usefixtures("ids")
def test_again_hands_over_once_more_until_it_is_confirmed(duepost: Run, engine: Engine) -> None:
    hand_over(engine)
    assert duepost("print", "again", "P000001", *WHY).returncode == 0
    hand_over(engine)
    duepost("print", "confirm", "P000001", *WHY)
    assert duepost("print", "again", "P000001", *WHY).returncode == 1


@pytest.mark.parametrize(
    ("run", "command"),
    [("nonsense", ("show",)), ("P000099", ("confirm", *WHY)), ("P000099", ("again", *WHY))],
)
def test_a_run_that_is_not_there_is_told(duepost: Run, command: tuple[str, ...], run: str) -> None:
    said = duepost("print", *command, run)
    assert (said.returncode, said.stderr.strip()) == (5, f"there is no print run {run}")


def test_cancel_says_that_the_run_is_closed(duepost: Run, ids: list[UUID]) -> None:
    said = duepost("cancel", str(ids[0]), *WHY)
    assert said.returncode == 5
    assert said.stderr.strip() == f"send {ids[0]}: left as it is: print run P000001 is closed"


@pytest.mark.parametrize(("given", "kept"), [("16:30", "16:30:00"), ("default", "None")])
def test_an_account_may_have_a_cut_off_of_its_own(duepost: Run, engine: Engine, given: str, kept: str) -> None:
    assert duepost("account", "cutoff", "default", given).returncode == 0
    with engine.connect() as connection:
        assert str(connection.execute(select(account.c.print_cutoff)).scalar_one()) == kept


def test_a_cut_off_that_is_no_time_is_told(duepost: Run) -> None:
    said = duepost("account", "cutoff", "default", "4 pm")
    assert said.returncode == 1
    assert "write it like 16:00" in said.stderr

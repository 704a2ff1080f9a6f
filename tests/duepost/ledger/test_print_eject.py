"""What leaves a print run, and what may not?"""

from typing import Any

import pytest
from sqlalchemy import Connection, func

from duepost.ledger.accounts import account_named
from duepost.ledger.print_eject import documents_beside, eject
from duepost.ledger.print_runs import close, envelopes, gathered, note_step, run_of
from duepost.options import Options
from tests.duepost.ledger.conftest import reasons_of, state_of
from tests.duepost.ledger.gathered import ADDRESS, LANE, SOME, gather

CAUSES = {1: "DOCUMENT_LOST"}


def close_now(connection: Connection) -> int:
    found = account_named(connection, "default")
    number = close(connection, found.id, LANE, found.now)
    assert number is not None
    return number


def test_an_ejected_send_is_an_error_and_the_others_keep_their_numbers(connection: Connection) -> None:
    ids = gather(connection)
    number = close_now(connection)
    assert eject(connection, number, CAUSES, actor="worker@test") == ids[:1]
    assert [state_of(connection, one)["status"] for one in ids] == [300, 150]
    assert reasons_of(connection, ids[0])[-1] == (300, "EJECTED")
    assert [(one.sequence, one.send_id) for one in envelopes(connection, number)] == [(2, ids[1])]


def test_a_letter_is_ejected_once(connection: Connection) -> None:
    gather(connection)
    number = close_now(connection)
    eject(connection, number, CAUSES, actor="worker@test")
    assert eject(connection, number, CAUSES, actor="worker@test") == []


def test_what_is_ejected_gathers_for_no_other_run(connection: Connection) -> None:
    gather(connection)
    eject(connection, close_now(connection), CAUSES, actor="worker@test")
    assert gathered(connection, [LANE]) == []


@pytest.mark.parametrize("step", [{"offered_at": func.now()}, {"handed_at": func.now()}, {"again": 1}])
def test_what_may_have_been_printed_is_not_ejected(connection: Connection, step: dict[str, Any]) -> None:
    ids = gather(connection)
    number = close_now(connection)
    note_step(connection, number, **step)
    assert eject(connection, number, CAUSES, actor="worker@test") == []
    assert state_of(connection, ids[0])["status"] == 150


def test_a_run_that_was_made_is_to_be_made_anew(connection: Connection) -> None:
    gather(connection)
    number = close_now(connection)
    note_step(connection, number, pages=2, sha256=b"\1" * 32, made_at=func.now())
    eject(connection, number, CAUSES, actor="worker@test")
    run = run_of(connection, number)
    assert run is not None
    assert (run.pages, run.sha256, run.made_at) == (None, None, None)


def test_documents_beside_a_run_are_those_of_other_sends(connection: Connection) -> None:
    gather(connection, SOME[:1])
    number = close_now(connection)
    gather(connection, SOME[1:])
    assert documents_beside(connection, number) == [SOME[1].sha256]


@pytest.mark.parametrize(
    ("options", "address"),
    [(Options(postal="Vej 2\n9000 Aalborg"), "Vej 2\n9000 Aalborg"), (Options(language="da"), ADDRESS)],
)
def test_a_letter_goes_to_its_postal_address_or_else_to_the_sends(
    connection: Connection, options: Options, address: str
) -> None:
    gather(connection, SOME[:1], options=options)
    [letter] = envelopes(connection, close_now(connection))
    assert letter.address == address

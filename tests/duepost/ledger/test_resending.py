"""Is a send that somebody wants again a new one of its own, with the same content and a link to the first?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, func, select

from duepost.documents import DocumentStore
from duepost.doors import enqueue
from duepost.errors import InvalidSend
from duepost.intake import Door
from duepost.ledger import look
from duepost.ledger.by_hand import cancel
from duepost.ledger.listing import send_of
from duepost.ledger.orders import read_order
from duepost.ledger.release import release
from duepost.ledger.resending import IN_DOUBT, NO_ADDRESS, NOT_ENDED, UNKNOWN, Resent, resend
from duepost.ledger.schema import account, send
from duepost.quiet import read_hours
from duepost.rules import Rules
from duepost.sends import Attachment, Channel, NewSend
from duepost.statuses import Status
from tests.duepost.ledger.conftest import LANE, MINUTE, account_id, at_once, set_state, state_of
from tests.papers import pdf_with
from tests.worker.print_run.conftest import pdf_of

STRICT = Rules()
PDF = pdf_with(b"an invoice")
MAIL = NewSend(
    channel="email",
    invoice="INV-7",
    to_address="kunde@example.com",
    subject="Faktura",
    note="Se venligst den vedlagte faktura.",
    customer="4711",
    reference="PO 12",
    document=PDF,
    attachments=(Attachment(pdf_with(b"terms"), "terms.pdf"),),
    sender="billing@example.com",
)


def taken(connection: Connection, tmp_path: Path, new: NewSend = MAIL, *, status: int = 200) -> UUID:
    """A send that came through a door, and stands like this now."""
    account_id(connection)
    receipt = enqueue(connection, new, door=Door(Rules(), DocumentStore(tmp_path)))
    set_state(connection, receipt.id, status=status, due_at=None if status not in {100, 310} else func.now())
    return receipt.id


def again(
    connection: Connection, send_id: UUID, to_address: str | None = None, rules: Rules = STRICT, owner: str = "default"
) -> Resent:
    return resend(
        connection,
        account_id(connection, owner),
        send_id,
        reason="never came",
        actor="anna",
        rules=rules,
        to_address=to_address,
    )


def made(resent: Resent) -> UUID:
    assert resent.why_not is None
    assert resent.id is not None
    return resent.id


def test_a_resend_has_the_same_content_and_is_linked(connection: Connection, tmp_path: Path) -> None:
    first = taken(connection, tmp_path, replace(MAIL, schedule_send_date="2020-01-01 08:00"))
    second = made(again(connection, first))
    released = release(connection, LANE, 5, MINUTE)
    assert released.ids == [second], "due now"
    [order] = read_order(connection, released.lease, [second])
    assert (order.to_address, order.subject, order.note) == (MAIL.to_address, MAIL.subject, MAIL.note)
    assert (order.invoice, order.customer, order.reference) == (MAIL.invoice, MAIL.customer, MAIL.reference)
    assert order.document_sha256 is not None
    assert [one.filename for one in order.attachments] == ["terms.pdf"]
    assert (order.options.sender, order.options.resend_of) == ("billing@example.com", str(first))
    owner = account_id(connection)
    found = send_of(connection, owner, second)
    assert found is not None
    assert (found.resend_of, found.sequence, found.source, found.scheduled_at) == (first, 1, "resend", None)


def test_who_wanted_it_and_why_stands_in_its_story(connection: Connection, tmp_path: Path) -> None:
    first = taken(connection, tmp_path)
    [change] = look.timeline(connection, made(again(connection, first)))
    assert (change.from_status, change.to_status, change.reason_code) == (100, 100, "RESENT")
    assert (change.actor, change.reason_values) == ("anna", {"of": str(first), "why": "never came"})
    assert look.timeline(connection, first) == [], "what a receipt may have done to the first stays its newest change"


def test_its_business_key_is_what_enqueueing_it_would_have_given_it(connection: Connection, tmp_path: Path) -> None:
    second = made(again(connection, taken(connection, tmp_path)))
    receipt = enqueue(connection, replace(MAIL, sequence=1), door=Door(Rules(), DocumentStore(tmp_path)))
    assert (receipt.id, receipt.duplicate) == (second, True)


def test_each_resend_counts_up_past_those_that_are_there(connection: Connection, tmp_path: Path) -> None:
    first = taken(connection, tmp_path)
    taken(connection, tmp_path, replace(MAIL, sequence=4))
    ids = [first]
    for _ in range(3):
        ids.append(made(again(connection, ids[-1])))
        cancel(connection, ids, reason="enough", actor="anna")
    sequences = {row.id: row.sequence for row in connection.execute(select(send.c.id, send.c.sequence))}
    assert [sequences[one] for one in ids] == [0, 5, 6, 7]


def test_a_resend_can_go_to_another_address(connection: Connection, tmp_path: Path) -> None:
    second = made(again(connection, taken(connection, tmp_path), " Bogholderi@EXAMPLE.com "))
    found = send_of(connection, account_id(connection), second)
    assert found is not None
    assert (found.to_address, found.sequence) == ("Bogholderi@example.com", 0)


def test_a_wrong_address_is_refused_by_name(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(InvalidSend) as refused:
        again(connection, taken(connection, tmp_path), "no address")
    assert refused.value.field == "ToAddress"


def test_a_mail_of_several_receivers_shows_another_address_alone(connection: Connection, tmp_path: Path) -> None:
    several = replace(MAIL, to_address="a@example.com, b@example.com")
    first = taken(connection, tmp_path, several)
    for address, shown in ((None, "a@example.com, b@example.com"), ("c@example.com", None)):
        second = made(again(connection, first, address))
        kept = connection.execute(select(send.c.options["shown_to"].astext).where(send.c.id == second)).scalar_one()
        assert kept == shown


@pytest.mark.parametrize("status", [100, 110, 310])
def test_what_has_not_ended_is_not_sent_again(connection: Connection, tmp_path: Path, status: int) -> None:
    assert again(connection, taken(connection, tmp_path, status=status)) == Resent(None, NOT_ENDED)


@pytest.mark.parametrize("status", [200, 300, 320, 330, 340, 350, 9999])
def test_what_has_ended_is_sent_again(connection: Connection, tmp_path: Path, status: int) -> None:
    assert made(again(connection, taken(connection, tmp_path, status=status)))


def test_what_is_in_doubt_is_settled_first(connection: Connection, tmp_path: Path) -> None:
    first = taken(connection, tmp_path, status=300)
    set_state(connection, first, in_doubt=True)
    assert again(connection, first) == Resent(None, IN_DOUBT)


def test_what_has_no_address_wants_one(connection: Connection, tmp_path: Path) -> None:
    account_id(connection)
    door = Door(Rules(missing_address="record"), DocumentStore(tmp_path))
    first = enqueue(connection, replace(MAIL, to_address=None), door=door).id
    assert again(connection, first) == Resent(None, NO_ADDRESS)
    found = send_of(connection, account_id(connection), made(again(connection, first, "kunde@example.com")))
    assert found is not None
    assert (found.to_address, found.status) == ("kunde@example.com", Status.QUEUE)


def test_another_accounts_send_is_as_unknown_as_one_that_is_not_there(connection: Connection, tmp_path: Path) -> None:
    first = taken(connection, tmp_path)
    assert again(connection, first, owner="theirs") == again(connection, uuid4()) == Resent(None, UNKNOWN)
    assert connection.execute(select(func.count()).select_from(send)).scalar_one() == 1


def test_two_resends_at_the_same_moment_are_two_sends(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        first = taken(connection, tmp_path)
    ids = at_once(engine, [lambda connection: made(again(connection, first))] * 3)
    with engine.connect() as connection:
        numbers = connection.execute(select(send.c.sequence).where(send.c.id.in_(ids))).scalars()
        assert sorted(numbers) == [1, 2, 3]


def test_a_resend_waits_for_the_end_of_quiet_hours(connection: Connection, tmp_path: Path) -> None:
    sms = NewSend(channel="sms", invoice="INV-7", to_address="+4520123456", note="Due.")
    first = taken(connection, tmp_path, sms)
    now: datetime = connection.execute(select(func.now())).scalar_one()
    wall = now.astimezone(UTC)
    hours = read_hours(f"{(wall - timedelta(hours=3)):%H:%M}-{(wall + timedelta(hours=5)):%H:%M}")
    assert hours
    due_at = state_of(connection, made(again(connection, first, rules=Rules(quiet_hours={Channel.SMS: hours}))))[
        "due_at"
    ]
    assert isinstance(due_at, datetime)
    assert due_at > now


def test_a_resend_that_is_not_sent_within_its_time_is_held_as_late(connection: Connection, tmp_path: Path) -> None:
    first = taken(connection, tmp_path)
    rules = Rules(late_after={Channel.EMAIL: timedelta(hours=3)})
    found = state_of(connection, made(again(connection, first, rules=rules)))
    now: datetime = connection.execute(select(func.now())).scalar_one()
    assert found["not_after"] == now + timedelta(hours=3)


def test_an_account_that_delivers_nothing_resends_nothing(connection: Connection, tmp_path: Path) -> None:
    first = taken(connection, tmp_path, status=1000)
    connection.execute(account.update().values(delivers=False))
    found = state_of(connection, made(again(connection, first)))
    assert (found["status"], found["due_at"]) == (Status.NA, None)


def test_a_letter_goes_again_to_another_postal_address(connection: Connection, tmp_path: Path) -> None:
    letter = NewSend(channel="print", invoice="INV-7", to_address="Vej 1\n8000 Aarhus", document=pdf_of(1, "INV-7"))
    second = made(again(connection, taken(connection, tmp_path, letter), "Vej 2\n8000 Aarhus"))
    postal = connection.execute(select(send.c.options["postal"].astext).where(send.c.id == second)).scalar_one()
    assert postal == "Vej 2\n8000 Aarhus"

"""Does an account see its own sends, all of them and no others, page by page, without the whole table being read?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, event, text

from duepost.ledger import listing
from duepost.ledger.accept import accept_one
from duepost.ledger.accounts import run_named
from duepost.ledger.listing import Page, Wanted, send_of, sends_of
from duepost.ledger.ours import mine
from duepost.options import Options
from duepost.sends import Channel
from duepost.statuses import Status
from tests.duepost.ledger.conftest import (
    MINUTE,
    accepted,
    account_id,
    begun,
    queue_up,
    set_state,
)

pytestmark = pytest.mark.every_postgres


def ids(page: Page) -> list[UUID]:
    return [one.id for one in page.items]


def asked(connection: Connection, **words: Any) -> UUID:
    """A send that brings these values."""
    usual = accepted(connection)
    send = replace(usual, send=replace(usual.send, **words))
    accept_one(connection, send)
    return send.id


def all_pages(connection: Connection, owner: int, wanted: Wanted, limit: int) -> list[UUID]:
    found: list[UUID] = []
    while True:
        page = sends_of(connection, owner, wanted, limit=limit)
        found += ids(page)
        if page.next is None:
            return found
        wanted = replace(wanted, before=page.next)


def test_the_sends_of_an_account_are_listed_the_newest_first(connection: Connection) -> None:
    own = queue_up(connection, 3)
    queue_up(connection, 2, account="theirs")
    assert ids(sends_of(connection, account_id(connection), Wanted())) == own[::-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 50])
def test_the_pages_together_hold_each_send_once(connection: Connection, limit: int) -> None:
    own = queue_up(connection, 6)
    assert all_pages(connection, account_id(connection), Wanted(), limit) == own[::-1]


def test_the_last_page_has_no_next_one(connection: Connection) -> None:
    queue_up(connection, 4)
    owner = account_id(connection)
    first = sends_of(connection, owner, Wanted(), limit=2)
    assert first.next == first.items[-1].id
    assert sends_of(connection, owner, Wanted(before=first.next), limit=2).next is None


def test_each_filter_keeps_what_fits(connection: Connection) -> None:
    owner = account_id(connection)
    number = run_named(connection, owner, "2026-11")
    usual = asked(connection)
    found = {
        "invoice": asked(connection, invoice="INV-7"),
        "customer": asked(connection, customer="4711"),
        "reference": asked(connection, reference="PO 12"),
        "channel": asked(connection, channel=Channel.SMS, to_address="+4533445566"),
    }
    of_run = replace(accepted(connection), run_id=number)
    accept_one(connection, of_run)
    set_state(connection, usual, status=200, due_at=None)
    wanted = {
        "invoice": Wanted(invoice="INV-7"),
        "customer": Wanted(customer="4711"),
        "reference": Wanted(reference="PO 12"),
        "channel": Wanted(channel=Channel.SMS),
    }
    assert {name: ids(sends_of(connection, owner, one)) for name, one in wanted.items()} == {
        name: [one] for name, one in found.items()
    }
    assert ids(sends_of(connection, owner, Wanted(run="2026-11"))) == [of_run.id]
    assert ids(sends_of(connection, owner, Wanted(run="2026-12"))) == []
    assert ids(sends_of(connection, owner, Wanted(status=Status.SENT))) == [usual]
    assert ids(sends_of(connection, owner, Wanted(invoice="INV-7", customer="4711"))) == []


@pytest.mark.parametrize("status", [Status.QUEUE, Status.SENT, Status.ERROR_SENDING_EMAIL, Status.ERROR])
def test_a_status_is_listed_over_several_pages(connection: Connection, status: Status) -> None:
    own = queue_up(connection, 6, due_in=MINUTE)
    other = Status.QUEUE if status is not Status.QUEUE else Status.SENT
    for place, send_id in enumerate(own):
        now_is = status if place % 2 else other
        values = {} if now_is.waiting else {"due_at": None}
        set_state(connection, send_id, status=int(now_is), **values)
    assert all_pages(connection, account_id(connection), Wanted(status=status), 2) == own[5::-2]


def test_of_what_no_index_leads_to_no_more_than_a_bound_is_looked_at_for_one_page(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LOOKED_AT", 4)
    owner = account_id(connection)
    by_sms = asked(connection, channel=Channel.SMS, to_address="+4533445566")
    own = queue_up(connection, 9)
    wanted = Wanted(channel=Channel.SMS)
    first = sends_of(connection, owner, wanted)
    assert (first.items, first.next) == ([], own[5])
    assert all_pages(connection, owner, wanted, 50) == [by_sms]
    assert all_pages(connection, owner, Wanted(channel=Channel.EMAIL), 3) == own[::-1]


def test_the_sends_of_another_accounts_run_invoice_and_customer_are_not_listed(connection: Connection) -> None:
    queue_up(connection, account="theirs", run="2026-11")
    owner = account_id(connection, "ours")
    for wanted in (Wanted(), Wanted(run="2026-11"), Wanted(invoice="INV-1"), Wanted(status=Status.QUEUE)):
        assert sends_of(connection, owner, wanted) == Page([], None)


def test_a_send_is_shown_as_it_was_asked_for(connection: Connection) -> None:
    send = accepted(connection, due_in=MINUTE)
    options = Options(resend_of="0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f")
    asked_for = replace(send.send, customer="4711", reference="PO 12", units=2, options=options)
    accept_one(connection, replace(send, send=asked_for))
    found = send_of(connection, send.account_id, send.id)
    assert found is not None
    assert (found.account, found.run, found.channel, found.kind) == ("default", None, Channel.EMAIL, "invoice")
    assert (found.invoice, found.customer, found.reference) == ("INV-1", "4711", "PO 12")
    assert (found.to_address, found.status, found.due_at) == ("kunde@example.com", Status.QUEUE, send.due_at)
    schedule = send.send.schedule
    assert schedule is not None
    assert (found.scheduled_wall, found.scheduled_zone) == (schedule.wall, "UTC")
    assert (found.scheduled_at, found.lane, found.attempts) == (schedule.instant, "email", 0)
    assert (found.units, found.sequence, found.source) == (2, 0, "test")
    assert found.resend_of == UUID(options.resend_of or "")
    assert "kunde@example.com" not in repr(found)


def test_a_send_in_a_providers_hands_is_listed_so(connection: Connection) -> None:
    [send] = begun(connection)
    [found] = sends_of(connection, account_id(connection), Wanted()).items
    assert (found.id, found.in_hand, found.in_doubt) == (send.id, True, False)


def test_another_accounts_send_is_as_unknown_as_one_that_is_not_there(connection: Connection) -> None:
    [theirs] = queue_up(connection, account="theirs")
    owner = account_id(connection, "ours")
    assert send_of(connection, owner, theirs) is None
    assert send_of(connection, owner, uuid4()) is None


def test_of_some_ids_those_of_the_account_are_its_own(connection: Connection) -> None:
    own = queue_up(connection, 2)
    theirs = queue_up(connection, account="theirs")
    assert mine(connection, account_id(connection), [own[1], *theirs, uuid4(), own[0], own[1]]) == [own[1], own[0]]
    assert mine(connection, account_id(connection), []) == []


def plans(engine: Engine, work: Callable[[Connection], object]) -> Iterator[dict[str, Any]]:
    """Every node of how PostgreSQL would run each statement that the work makes."""
    made: list[tuple[str, Any]] = []
    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", lambda _c, _k, sql, values, *_: made.append((sql, values)))
        work(connection)
    with engine.connect() as connection:
        for sql, values in made:
            [plan] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", values).scalar_one()
            yield from nodes(plan["Plan"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


# 20,000 sends of two accounts over the years: most are sent, few wait or have come back.
COPIES = """
    WITH copied AS (
        INSERT INTO send (id, account_id, run_id, channel, kind, invoice, customer, reference, to_address, sequence,
            business_key, source)
        SELECT gen_random_uuid(), 1 + n % 2, 1 + n / 1000, CASE WHEN n % 5000 = 0 THEN 'sms' ELSE 'email' END, kind,
            'INV-' || n, 'C-' || n / 12, 'PO-' || n, to_address, sequence, gen_random_uuid(), source
        FROM send, generate_series(1, 20000) AS n WHERE id = :first RETURNING id, reference)
    INSERT INTO state (send_id, status, due_at, lane, priority)
    SELECT id, status, CASE WHEN status IN (100, 310) THEN now() END, 'email', 1
    FROM copied, substr(reference, 4) AS number, LATERAL (SELECT CASE
        WHEN number::int % 1000 = 0 THEN 310 WHEN number::int % 1000 = 1 THEN 100 WHEN number::int % 1000 = 2 THEN 320
        WHEN number::int % 1000 = 3 THEN 110 WHEN number::int % 1000 = 4 THEN 9999 ELSE 200 END AS status) AS stands
"""


@pytest.fixture
def years(engine: Engine) -> Engine:
    """A ledger of 20,000 sends, half of them account 1's."""
    with engine.begin() as connection:
        send = accepted(connection)
        accept_one(connection, send)
        account_id(connection, "theirs")
        for number in range(21):
            run_named(connection, send.account_id, f"run {number}")
        connection.execute(text(COPIES), {"first": send.id})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return engine


def test_no_list_reads_a_whole_table(years: Engine) -> None:
    with years.connect() as connection:
        middle = sends_of(connection, 1, Wanted(), limit=5000).items[-1].id
    everything = [
        Wanted(),
        Wanted(before=middle),
        Wanted(invoice="INV-500"),
        Wanted(customer="C-50"),
        Wanted(reference="PO-500"),
        Wanted(run="run 3"),
        Wanted(channel=Channel.SMS),
        Wanted(channel=Channel.SMS, before=middle),
        *(Wanted(status=one) for one in Status),
        *(Wanted(status=one, before=middle) for one in Status),
        Wanted(status=Status.EMAIL_BOUNCED, channel=Channel.SMS),
    ]
    read_whole: list[tuple[Wanted, Sequence[str]]] = []
    for wanted in everything:
        found = list(plans(years, lambda on, one=wanted: sends_of(on, 1, one)))  # type: ignore[misc]
        whole = [one["Relation Name"] for one in found if one["Node Type"] == "Seq Scan"]
        if {"send", "state"} & set(whole):
            read_whole.append((wanted, whole))
    assert read_whole == []


def test_a_list_is_led_by_its_index(years: Engine) -> None:
    leads = {
        Wanted(): "ix_send_account_id",
        Wanted(invoice="INV-500"): "ix_send_invoice",
        Wanted(customer="C-50"): "ix_send_customer",
        Wanted(reference="PO-500"): "ix_send_reference",
        Wanted(status=Status.QUEUE): "ix_state_due",
        Wanted(status=Status.WRONG_EMAIL_ADDRESS): "ix_state_exceptional",
        Wanted(status=Status.PENDING_APPROVAL): "ix_state_exceptional",
    }
    for wanted, index in leads.items():
        found = plans(years, lambda on, one=wanted: sends_of(on, 1, one))  # type: ignore[misc]
        assert index in {one.get("Index Name") for one in found}, wanted

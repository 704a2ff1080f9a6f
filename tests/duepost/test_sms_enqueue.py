"""What does a billing app hear of an SMS, and when does it leave?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from duepost.documents import DocumentStore
from duepost.doors import enqueue
from duepost.errors import InvalidSend
from duepost.intake import Door
from duepost.ledger.schema import send as sends
from duepost.quiet import read_hours
from duepost.rules import Rules
from duepost.sends import Channel, NewSend, Receipt
from tests.duepost.ledger.conftest import account_id

SMS = NewSend(channel="sms", invoice="1001", to_address="+4520123456", note="Invoice 1001 is due.")


def taken(engine: Engine, tmp_path: Path, send: NewSend, rules: Rules) -> Receipt:
    door = Door(rules, DocumentStore(tmp_path))
    with engine.begin() as connection:
        account_id(connection)
        return enqueue(connection, send, door=door)


def test_parts_and_encoding_are_told_when_it_is_enqueued(engine: Engine, tmp_path: Path) -> None:
    receipt = taken(engine, tmp_path, replace(SMS, note="\u2013" * 100), Rules())
    assert (receipt.units, receipt.encoding) == (2, "UCS-2")


def test_the_parts_are_what_the_provider_counts(engine: Engine, tmp_path: Path) -> None:
    taken(engine, tmp_path, replace(SMS, note="a" * 400), Rules())
    with engine.connect() as connection:
        assert connection.execute(select(sends.c.units)).scalar_one() == 3


@pytest.mark.parametrize(
    ("field", "send"),
    [
        ("Note", replace(SMS, note="a" * 200, max_segments=1)),
        ("MaxSegments", replace(SMS, max_segments="none")),
        ("From", replace(SMS, sender="A sender id too long")),
    ],
)
def test_what_does_not_fit_is_refused(engine: Engine, tmp_path: Path, field: str, send: NewSend) -> None:
    with pytest.raises(InvalidSend) as refused:
        taken(engine, tmp_path, send, Rules())
    assert refused.value.field == field


def test_a_send_for_the_night_leaves_in_the_morning_and_says_so(engine: Engine, tmp_path: Path) -> None:
    hours = read_hours("22-07")
    assert hours
    night = (datetime.now(UTC) + timedelta(days=3)).replace(hour=1, minute=0, second=0, microsecond=0)
    rules = Rules(quiet_hours={Channel.SMS: hours})
    receipt = taken(engine, tmp_path, replace(SMS, schedule_send_date=night), rules)
    assert receipt.due_at is not None
    assert receipt.due_at > night
    assert "quiet hours (22:00-07:00)" in receipt.warnings[-1]


@pytest.mark.parametrize(("until", "taken_in"), [("23:30", False), ("07:00", False), ("07:01", True)])
def test_a_limit_within_the_quiet_hours_is_refused_as_no_send_could_keep_it(
    engine: Engine, tmp_path: Path, until: str, *, taken_in: bool
) -> None:
    evening = (datetime.now(ZoneInfo("Europe/Copenhagen")) + timedelta(days=3)).date()
    morning = evening + timedelta(days=1)
    hours = read_hours("22-07")
    assert hours
    rules = Rules(quiet_hours={Channel.SMS: hours})
    not_after = f"{evening if until > '12' else morning} {until}"
    send = replace(SMS, schedule_send_date=f"{evening} 22:30", not_after=not_after)
    if taken_in:
        assert taken(engine, tmp_path, send, rules).due_at
        return
    with pytest.raises(InvalidSend) as refused:
        taken(engine, tmp_path, send, rules)
    assert str(refused.value) == (
        f"NotAfter comes before the receiver's quiet hours (22:00-07:00) end, at {morning} 07:00 Europe/Copenhagen:"
        " give a later one, or a ScheduleSendDate before they begin"
    )
    assert refused.value.field == "NotAfter"
    with engine.connect() as connection:
        assert connection.execute(select(sends.c.id)).all() == []


def test_other_channels_have_no_quiet_hours(engine: Engine, tmp_path: Path) -> None:
    night = (datetime.now(UTC) + timedelta(days=3)).replace(hour=1, minute=0, second=0, microsecond=0)
    hours = read_hours("22-07")
    assert hours
    send = NewSend(channel="email", invoice="1", to_address="anna@customer.dk", schedule_send_date=night)
    assert taken(engine, tmp_path, send, Rules(quiet_hours={Channel.SMS: hours})).due_at == night

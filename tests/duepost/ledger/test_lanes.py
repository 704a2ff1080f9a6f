"""Do the doors know what the lanes can deliver, and refuse what none of them could?"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from duepost.documents import DocumentStore
from duepost.doors import enqueue
from duepost.errors import InvalidSend
from duepost.features import EVERYTHING, FIELDS, Feature
from duepost.intake import Door
from duepost.ledger.lanes import DeclaredLane, declare, declared, forget
from duepost.rules import Rules
from duepost.sends import Attachment, Channel, NewSend
from sandbox.invoice_xml import invoice_xml
from tests.duepost.ledger.conftest import account_id, rows_in
from tests.papers import PDF

EMAIL = DeclaredLane("email", Channel.EMAIL, "smtp", "smtp", EVERYTHING)
SEND = NewSend(channel="email", invoice="1001", to_address="anna@customer.dk")


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(Rules(), DocumentStore(tmp_path / "documents"))


def refused(engine: Engine, door: Door, told: DeclaredLane, **changes: Any) -> InvalidSend:
    """Why the send is not taken."""
    with engine.begin() as connection:
        account_id(connection)
        declare(connection, [told])
        with pytest.raises(InvalidSend) as caught:
            enqueue(connection, replace(SEND, **changes), door=door)
        assert rows_in(connection, "send") == 0
    return caught.value


def test_the_newest_word_of_a_lane_stands(engine: Engine) -> None:
    narrow = replace(EMAIL, features=frozenset({Feature.NOTE}), largest=5_000)
    with engine.begin() as connection:
        declare(connection, [EMAIL])
        declare(connection, [narrow])
        assert declared(connection) == {"email": narrow}


def test_a_lane_that_is_forgotten_is_known_no_more(engine: Engine) -> None:
    with engine.begin() as connection:
        declare(connection, [EMAIL])
        assert [forget(connection, "email"), forget(connection, "email"), declared(connection)] == [True, False, {}]


def test_a_ledger_to_which_no_worker_ever_came_refuses_nothing(engine: Engine, door: Door) -> None:
    with engine.begin() as connection:
        account_id(connection)
        assert enqueue(connection, replace(SEND, lane="anything"), door=door).id


def test_a_misspelt_lane_is_refused_with_those_there_are(engine: Engine, door: Door) -> None:
    wrong = refused(engine, door, EMAIL, lane="emial")
    assert (wrong.field, wrong.hint) == ("Lane", "use email")


@pytest.mark.parametrize(
    ("routes", "problem"),
    [
        ({Channel.EMAIL: ("mails", "email")}, "DUEPOST_ROUTES__EMAIL leads to lane mails, which no worker serves"),
        ({Channel.EMAIL: ("texts", "email")}, "DUEPOST_ROUTES__EMAIL leads to lane texts, which carries sms"),
        ({}, "without DUEPOST_ROUTES__EMAIL it is lane email, which no worker serves"),
    ],
)
def test_a_lane_that_no_caller_named_is_blamed_on_the_setting_that_did(
    engine: Engine, door: Door, routes: dict[Channel, tuple[str, ...]], problem: str
) -> None:
    with engine.begin() as connection:
        declare(connection, [DeclaredLane("texts", Channel.SMS, "sms", "kannel", EVERYTHING)])
    other = replace(EMAIL, name="email" if routes else "invoices")
    wrong = refused(engine, Door(Rules(routes=routes), door.documents), other)
    assert str(wrong) == f"Lane is not given, and {problem}: mend the setting, start a worker, or use {other.name}"


def test_a_channel_without_a_lane_is_refused(engine: Engine, door: Door) -> None:
    assert refused(engine, door, EMAIL, channel="xml", to_address="5790000123452").field == "Lane"


def test_a_lane_of_another_channel_is_refused(engine: Engine, door: Door) -> None:
    assert refused(engine, door, replace(EMAIL, channel=Channel.SMS)).field == "Lane"


# feature -> a send that asks for it, of an e-mail unless it says otherwise
ASKS: dict[Feature, dict[str, Any]] = {
    Feature.DOCUMENT: {"document": PDF, "filename": "1001.pdf"},
    Feature.ATTACHMENTS: {"attachments": (Attachment(PDF),)},
    Feature.SUBJECT: {"subject": "Invoice"},
    Feature.NOTE: {"note": "Hello"},
    Feature.SENDER: {"sender": "me@shop.dk"},
    Feature.SENDER_NAME: {"sender_name": "Acme"},
    Feature.CONFIRM_READ: {"confirm_read": True},
    Feature.COPY: {"bcc": "boss@shop.dk"},
    Feature.INTERNAL_NOTE: {"internal_note": "paid twice"},
    Feature.PROVIDER_DOCUMENTS: {"provider_documents": "4711"},
    Feature.PARTICIPANT: {"channel": "xml", "to_address": "0184:DK13585628"},
}


def test_each_feature_is_asked_for() -> None:
    assert ASKS.keys() == EVERYTHING


@pytest.mark.parametrize(("feature", "changes"), ASKS.items())
def test_what_the_lanes_provider_cannot_express_is_refused_naming_field_and_account(
    engine: Engine, door: Door, feature: Feature, changes: dict[str, Any]
) -> None:
    channel = Channel(changes.get("channel", "email"))
    told = replace(EMAIL, name=str(channel), channel=channel, provider="acct", features=EVERYTHING - {feature})
    if channel is Channel.XML:
        changes = {**changes, "document": invoice_xml(receiver=changes["to_address"])}
    wrong = refused(engine, door, told, **changes)
    assert (wrong.field, "provider account acct" in str(wrong)) == (FIELDS[feature], True)
    with engine.begin() as connection:  # the same send, where the account can
        declare(connection, [replace(told, features=EVERYTHING)])
        assert enqueue(connection, replace(SEND, **changes), door=door).id


def test_documents_larger_than_the_provider_account_takes_are_refused(engine: Engine, door: Door) -> None:
    wrong = refused(engine, door, replace(EMAIL, largest=10), document=PDF, filename="1001.pdf")
    assert (wrong.field, "takes 10" in str(wrong)) == ("Document", True)


def test_every_feature_has_a_field() -> None:
    assert FIELDS.keys() == EVERYTHING


BACKUP = replace(EMAIL, name="backup", provider="old", features=frozenset({Feature.NOTE}), largest=10)


@pytest.mark.parametrize(
    ("field", "asks"),
    [("Subject", {"subject": "Invoice"}), ("Document", {"document": PDF}), ("Bcc", {"bcc": "boss@shop.dk"})],
)
def test_the_lane_that_takes_over_has_to_be_able_too(
    engine: Engine, door: Door, field: str, asks: dict[str, Any]
) -> None:
    routed = Door(Rules(routes={Channel.EMAIL: ("email", "backup", "to come")}), door.documents)
    with engine.begin() as connection:
        declare(connection, [EMAIL])
    assert refused(engine, routed, BACKUP, **asks).field == field
    with engine.begin() as connection:  # a send that names one lane stays in it
        assert enqueue(connection, replace(SEND, lane="email", **asks), door=routed).id
        assert enqueue(connection, replace(SEND, invoice="1002"), door=routed).id


def test_a_document_that_the_lane_that_takes_over_does_not_take_is_refused(engine: Engine, door: Door) -> None:
    routed = Door(Rules(routes={Channel.EMAIL: ("email", "backup")}), door.documents)
    with engine.begin() as connection:
        declare(connection, [EMAIL])
    wrong = refused(engine, routed, replace(BACKUP, features=EVERYTHING), document=PDF)
    assert (wrong.field, "old takes 10" in wrong.problem) == ("Document", True)

"""Does a send to several receivers become one for each, with results of their own, through every door?"""

from dataclasses import replace
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select

from duepost import InvalidSend, NewSend, Receipt, Taken, enqueue, enqueue_many
from duepost.documents import DocumentStore
from duepost.importing import RowProblem, import_file
from duepost.intake import Door
from duepost.ledger.schema import send
from duepost.options import Options
from duepost.rules import Rules
from duepost.shelf import Folder

ONE = NewSend(channel="Email", invoice="INV-1", to_address="a@x.dk")
TWO = replace(ONE, to_address='"Doe, Jane" <a@x.dk>; b@y.dk')
COPIED = replace(ONE, bcc="boss@shop.dk")


def kept(connection: Connection) -> dict[str | None, Options]:
    """Address -> what its send asks for."""
    rows = connection.execute(select(send.c.to_address, send.c.options))
    return {row[0]: Options.from_json(row[1]) for row in rows}


def all_of(receipt: Receipt) -> list[Receipt]:
    return [receipt, *receipt.also]


def test_each_receiver_has_a_send_that_shows_all_of_them(billing: Connection, door: Door) -> None:
    receipts = all_of(enqueue(billing, TWO, door=door))
    assert len({receipt.id for receipt in receipts}) == 2
    both = Options(shown_to="a@x.dk, b@y.dk")
    assert kept(billing) == {"a@x.dk": both, "b@y.dk": both}


def test_one_receiver_asks_for_nothing(billing: Connection, door: Door) -> None:
    assert enqueue(billing, replace(ONE, to_address="Jane <a@x.dk>"), door=door).also == ()
    assert kept(billing) == {"a@x.dk": Options()}


def test_a_second_enqueue_answers_duplicates(ledger: Engine, door: Door) -> None:
    answers = []
    for _ in range(2):
        with ledger.begin() as connection:
            answers.append(all_of(enqueue(connection, TWO, door=door)))
    first, second = answers
    assert [receipt.duplicate for receipt in first + second] == [False, False, True, True]
    assert [receipt.id for receipt in first] == [receipt.id for receipt in second]


def test_a_receiver_more_is_one_send_more(billing: Connection, door: Door) -> None:
    enqueue(billing, ONE, door=door)
    assert [receipt.duplicate for receipt in all_of(enqueue(billing, TWO, door=door))] == [True, False]


@pytest.mark.parametrize(
    ("asks", "field"),
    [
        ({"to_address": "Anna@X.dk, b@y.dk, anna@x.dk"}, "ToAddress"),
        ({"to_address": "Anna@x.dk, b@y.dk", "bcc": "anna@x.dk"}, "Bcc"),
        ({"to_address": "Anna@x.dk, b@y.dk", "bcc": "B@y.dk; ANNA@x.dk"}, "Bcc"),
    ],
)
def test_addresses_that_differ_in_capitals_alone_get_one_mail_and_a_warning(
    billing: Connection, door: Door, asks: dict[str, Any], field: str
) -> None:
    first, *others = all_of(enqueue(billing, replace(ONE, **asks), door=door))
    assert kept(billing).keys() == {"Anna@x.dk", "b@y.dk"}
    assert first.warnings == (f"{field} names a receiver again in other capitals: it gets one mail.",)
    assert [one.warnings for one in others] == [()]


def test_one_receiver_in_two_spellings_is_one_mail_that_shows_one(billing: Connection, door: Door) -> None:
    assert enqueue(billing, replace(ONE, to_address="Anna@x.dk, anna@x.dk"), door=door).also == ()
    assert kept(billing) == {"Anna@x.dk": Options()}


def test_a_copy_is_a_send_that_shows_the_receivers(billing: Connection, door: Door) -> None:
    enqueue(billing, COPIED, door=door)
    assert kept(billing) == {"a@x.dk": Options(), "boss@shop.dk": Options(shown_to="a@x.dk", copy=True)}


def test_a_batch_tells_a_receipt_for_each_receiver_under_the_same_send(billing: Connection, door: Door) -> None:
    told: list[NewSend] = []
    taken = enqueue_many(billing, [TWO, COPIED], door=door, on_receipt=lambda asked, _: told.append(asked))
    assert taken == Taken(accepted=3, duplicates=1)
    assert told == [TWO, TWO, COPIED, COPIED]


def test_a_row_of_a_file_may_name_several(ledger: Engine, door: Door, tmp_path: Path) -> None:
    path = tmp_path / "month-end.csv"
    path.write_text("Channel,InvoiceNumber,ToAddress,Bcc\nEmail,INV-1,a@x.dk; b@y.dk,boss@shop.dk\n")
    answers = []
    for _ in range(2):
        with ledger.begin() as connection:
            answers.append(import_file(connection, path, door=door, run="2026-11", on_problem=lambda _: None))
    assert answers == [Taken(accepted=3), Taken(duplicates=3)]


class Vanishing(Folder):
    """Takes one document, then is full; what it took is gone."""

    def put(self, name: str, content: bytes) -> None:
        if any(self.folder.iterdir()):
            raise OSError(ENOSPC, "No space left on device")
        super().put(name, content)

    def holds(self, name: str) -> bool:  # noqa: ARG002 - it holds none
        return False


def test_a_store_that_fails_at_the_second_receiver_leaves_nothing_of_the_first(
    billing: Connection, tmp_path: Path
) -> None:
    door = Door(Rules(), DocumentStore(Vanishing(tmp_path)))
    with pytest.raises(OSError, match="No space left"):
        enqueue(billing, replace(TWO, document=b"%PDF-1.7\n%%EOF\n"), door=door)
    assert kept(billing) == {}


def test_a_wrong_receiver_keeps_the_others_out(billing: Connection, door: Door) -> None:
    with pytest.raises(InvalidSend, match="ToAddress address 2 of 2 "):
        enqueue(billing, replace(TWO, to_address="a@x.dk; nobody"), door=door)
    assert kept(billing) == {}


def test_a_wrong_row_is_told_all_its_faults(billing: Connection, door: Door, tmp_path: Path) -> None:
    path = tmp_path / "month-end.csv"
    path.write_text("Channel,InvoiceNumber,ToAddress,Bcc,Language\nEmail,INV-1,a@x.dk; nobody,boss,danish\n")
    told: list[RowProblem] = []
    import_file(billing, path, door=door, run="2026-11", on_problem=told.append)
    assert [one.problem.field for one in told] == ["ToAddress", "Bcc", "Language"]


@pytest.mark.parametrize(("channel", "address"), [("sms", "+4533445566"), ("xml", "5790000123452"), ("print", None)])
def test_only_a_mail_has_copies(billing: Connection, door: Door, channel: str, address: str | None) -> None:
    with pytest.raises(InvalidSend, match="Bcc"):
        enqueue(billing, replace(COPIED, channel=channel, to_address=address), door=door)


@pytest.mark.parametrize("missing", ["record", "print", "refuse"])
def test_a_copy_needs_a_receiver(billing: Connection, door: Door, missing: str) -> None:
    lax = Door(Rules(missing_address=missing), door.documents)  # type: ignore[arg-type]
    with pytest.raises(InvalidSend, match="ToAddress"):
        enqueue(billing, replace(COPIED, to_address=None), door=lax)

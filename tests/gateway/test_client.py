"""Does the client do over a real gateway what it says?"""

import gc
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from duepost import Attachment, Client, Conflict, InvalidSend, NewSend, NotFound, Reference, Refused, Status
from duepost.client_rows import INLINE_BYTES
from duepost.credentials import Scope
from duepost.doors import Taken
from tests.gateway.conftest import MakeKey, Served
from tests.gateway.test_acts import becomes
from tests.gateway.test_sends import count
from tests.papers import PDF, pdf_with

LARGE = pdf_with(b"%" * INLINE_BYTES)
MAIL = NewSend(channel="email", invoice="1001", to_address="accounts@customer.dk")


@pytest.fixture
def client(gateway: Served, key: str) -> Iterator[Client]:
    with Client(gateway.url, key) as made:
        yield made


def mails(number: int) -> Iterator[NewSend]:
    return (NewSend(channel="email", invoice=str(one), to_address="a@customer.dk") for one in range(number))


def test_a_send_is_accepted_and_known_again(client: Client) -> None:
    first = client.send(MAIL, run="2026-11")
    again = client.send(channel="email", invoice="1001", to_address="accounts@customer.dk")
    assert (first.status, first.duplicate, first.due_at is not None) == (Status.QUEUE, False, True)
    assert (again.id, again.duplicate) == (first.id, True)
    assert client.get(first.id).run == "2026-11"


def test_a_time_keeps_its_offset_and_one_without_is_the_accounts(client: Client) -> None:
    year = datetime.now(UTC).year + 1
    offset = client.send(replace(MAIL, schedule_send_date=datetime(year, 1, 4, 8, tzinfo=UTC)))
    naive = client.send(replace(MAIL, invoice="1002", schedule_send_date=datetime(year, 1, 4, 8)))  # noqa: DTZ001
    assert offset.due_at == datetime(year, 1, 4, 8, tzinfo=UTC)
    assert naive.due_at == datetime(year, 1, 4, 7, tzinfo=UTC)
    assert client.get(naive.id).scheduled_at == naive.due_at


def test_every_wrong_field_is_told_and_the_first_one_raised(client: Client) -> None:
    with pytest.raises(InvalidSend) as caught:
        client.send(channel="email", invoice="", to_address="nobody")
    wrong = caught.value
    assert {one.field for one in wrong.problems} == {"ToAddress", "InvoiceNumber"}
    assert (wrong.problems[0], str(wrong)) == (wrong, f"{wrong.field} {wrong.problem}: {wrong.hint}")
    assert "nobody" not in str([str(one) for one in wrong.problems])


@pytest.mark.parametrize("content", [PDF, LARGE], ids=["inline", "uploaded"])
def test_a_document_travels_by_its_path_and_keeps_its_name(
    client: Client, engine: Engine, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "Faktura 1001.pdf"
    file.write_bytes(content)
    client.send(channel="email", invoice="1001", to_address="a@customer.dk", document=file)
    client.send(channel="email", invoice="1002", to_address="a@customer.dk", document=content)
    client.send(channel="email", invoice="1003", to_address="a@customer.dk", document=client.upload(file))
    assert count(engine, "send WHERE filename = 'Faktura 1001.pdf'") == 1
    assert count(engine, "send WHERE document_sha256 IS NOT NULL") == 3
    assert count(engine, "document") == 1


def test_attachments_keep_their_names(client: Client, engine: Engine) -> None:
    client.send(
        channel="email",
        invoice="1001",
        to_address="a@customer.dk",
        attachments=[Attachment(LARGE, "terms.pdf"), Attachment(client.upload(PDF))],
    )
    assert count(engine, "attachment WHERE filename = 'terms.pdf'") == 1
    assert count(engine, "attachment") == 2


def test_a_document_that_is_none_names_the_field(client: Client, tmp_path: Path) -> None:
    with pytest.raises(InvalidSend, match="Document does not exist"):
        client.send(channel="email", invoice="1", to_address="a@customer.dk", document=tmp_path / "not.pdf")
    with pytest.raises(InvalidSend, match="Document is no file"):
        client.upload(tmp_path)
    with pytest.raises(InvalidSend, match="Document"):
        client.send(channel="email", invoice="1", to_address="a@customer.dk", document=Reference("ab" * 32))
    with pytest.raises(InvalidSend, match="Document"):
        client.upload(b"%" * 11_000_000)


def test_many_are_told_one_by_one_and_taken_once(client: Client, engine: Engine) -> None:
    told: list[str] = []
    sums: list[Taken] = []
    taken = client.send_many(
        mails(4500), run="2026-11", on_receipt=lambda send, _: told.append(send.invoice), on_progress=sums.append
    )
    assert taken == sums[-1] == Taken(4500, 0, 0)
    assert (told, len(sums)) == ([str(one) for one in range(4500)], 3)
    assert client.send_many(mails(4500)) == Taken(0, 4500, 0)
    assert count(engine, "send WHERE run_id IS NOT NULL") == 4500


def test_a_wrong_one_among_many_is_told_with_all_its_fields(client: Client, tmp_path: Path) -> None:
    wrong = NewSend(channel="email", invoice="", to_address="nobody")
    lost = NewSend(channel="email", invoice="9", to_address="a@customer.dk", document=tmp_path / "not.pdf")
    told: list[tuple[NewSend, list[str]]] = []
    taken = client.send_many(
        [*mails(3), wrong, lost],
        on_problem=lambda send, problems: told.append((send, sorted(one.field for one in problems))),
    )
    assert taken == Taken(3, 0, 2)
    assert told == [(wrong, ["InvoiceNumber", "ToAddress"]), (lost, ["Document"])]
    with pytest.raises(InvalidSend):
        client.send_many([wrong])


def test_a_document_that_many_have_in_common_travels_once(client: Client, engine: Engine) -> None:
    sends = [
        NewSend(channel="email", invoice=str(one), to_address="a@customer.dk", document=LARGE, filename="x.pdf")
        for one in range(20)
    ]
    assert client.send_many(sends).accepted == 20
    assert count(engine, "document") == 1


def test_several_receivers_are_a_receipt_each(client: Client) -> None:
    receipt = client.send(channel="email", invoice="1", to_address="a@customer.dk, b@customer.dk")
    assert len({receipt.id, *(one.id for one in receipt.also)}) == 2
    taken = client.send_many([NewSend(channel="email", invoice="2", to_address="a@customer.dk, b@customer.dk")])
    assert taken == Taken(2, 0, 0)


def test_a_list_goes_on_over_pages(client: Client) -> None:
    client.send_many(mails(450), run="2026-11")
    found = [one.invoice for one in client.list(run="2026-11")]
    assert found == [str(one) for one in reversed(range(450))]
    assert [one.invoice for one in client.list(invoice="17", status=Status.QUEUE, channel="email")] == ["17"]
    assert list(client.list(invoice="17", status="Sent")) == []
    with pytest.raises(InvalidSend, match="Status"):
        next(client.list(status="Gone"))


def test_a_send_is_held_released_cancelled_and_its_story_told(client: Client) -> None:
    made = client.send(MAIL)
    assert client.hold(made.id, "wait").status is Status.PENDING_APPROVAL
    assert client.release(made.id, "go").status is Status.QUEUE
    assert client.cancel(str(made.id), "credited").status is Status.NOT_SENT
    assert client.why(made.id).code == "CANCELLED"
    assert [one.reason for one in client.timeline(made.id)] == ["ACCEPTED", "HELD", "APPROVED", "CANCELLED"]
    with pytest.raises(Conflict, match="cannot be held"):
        client.hold(made.id, "too late")
    with pytest.raises(InvalidSend, match="reason"):
        client.cancel(made.id, " ")


def test_a_send_is_retried_settled_and_sent_again(client: Client, engine: Engine) -> None:
    made = client.send(MAIL)
    becomes(engine, str(made.id), 300, "GAVE_UP")
    assert client.retry(made.id, "mended").status is Status.QUEUE
    becomes(engine, str(made.id), 300, "OUTCOME_UNKNOWN", in_doubt=True)
    assert client.settle(made.id, "sent", "they have it").status is Status.SENT
    first = client.resend(made.id, "lost", idempotency_key="resend-1")
    again = client.resend(made.id, "lost", idempotency_key="resend-1")
    assert (first.id, first.resend_of) == (again.id, made.id)
    assert client.resend(made.id, "lost", to_address="b@customer.dk").to_address == "b@customer.dk"


def test_what_is_not_there_and_what_is_anothers_is_the_same(client: Client, gateway: Served, make_key: MakeKey) -> None:
    made = client.send(MAIL)
    with Client(gateway.url, make_key(account="other")) as other:
        for send_id in (made.id, "nothing", "../keys"):
            with pytest.raises(NotFound):
                other.get(send_id)


def test_a_key_that_opens_nothing_or_not_this_is_refused(gateway: Served, make_key: MakeKey) -> None:
    with Client(gateway.url, "dp_live_12345678_" + "x" * 40) as nobody, pytest.raises(Refused, match="opens nothing"):
        nobody.send(MAIL)
    with Client(gateway.url, make_key(Scope.READ)) as reader, pytest.raises(Refused, match="may not send"):
        reader.send(MAIL)


def test_waiting_ends_when_it_stands_where_it_is_wanted(client: Client, engine: Engine) -> None:
    made = client.send(MAIL)
    with pytest.raises(TimeoutError, match="100 Queue"):
        client.wait(made.id, timeout=0.3)
    becomes(engine, str(made.id), 200, "ACCEPTED")
    assert client.wait(made.id).status is Status.SENT
    assert client.wait(made.id, until={Status.SENT}, timeout=timedelta(seconds=1)).status is Status.SENT
    assert client.wait(made.id, until=lambda one: one.attempts == 1).attempts == 1


def test_a_process_that_forked_has_connections_of_its_own(client: Client) -> None:
    made = client.send(MAIL)
    pid = os.fork()
    if pid == 0:  # pragma: no cover - the child
        good = client.get(made.id).id == made.id
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert client.get(made.id).id == made.id


def test_a_client_that_was_closed_leaves_nothing_open_and_opens_anew(client: Client) -> None:
    made = client.send(MAIL)
    client.close()
    gc.collect()
    assert client.get(made.id).id == made.id

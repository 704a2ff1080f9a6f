"""Does the fake of duepost.testing behave as a client of a real gateway does?"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from duepost import Attachment, Client, Conflict, InvalidSend, NewSend, NotFound, Reference, Status
from duepost.doors import Taken
from duepost.testing import FakeDuepost
from tests.gateway.test_acts import becomes
from tests.papers import PDF

MAIL = NewSend(channel="email", invoice="1001", to_address="accounts@customer.dk")
Become: TypeAlias = Callable[[UUID, Status, str], None]


class Contract:
    """Both are tested by this; a subclass says what `client` and `become` are."""

    def test_a_send_is_accepted_and_known_again(self, client: Client) -> None:
        first, again = (
            client.send(MAIL),
            client.send(channel="Email", invoice="1001", to_address="accounts@customer.dk"),
        )
        assert (first.status, first.duplicate, again.id, again.duplicate) == (Status.QUEUE, False, first.id, True)
        assert again.due_at == first.due_at

    def test_a_sequence_makes_another(self, client: Client) -> None:
        first = client.send(MAIL)
        assert (
            client.send(channel="email", invoice="1001", to_address="accounts@customer.dk", sequence=1).id != first.id
        )

    def test_an_idempotency_key_gets_the_first_answer_and_belongs_to_one_request(self, client: Client) -> None:
        first = client.send(MAIL, idempotency_key="k1")
        assert client.send(MAIL, idempotency_key="k1") == first
        with pytest.raises(Conflict, match="was used for another request"):
            client.send(MAIL, run="2026-11", idempotency_key="k1")

    @pytest.mark.parametrize(
        "wrong",
        [
            NewSend(channel="fax", invoice="1", to_address="a@customer.dk"),
            NewSend(channel="email", invoice="", to_address="nobody"),
            NewSend(
                channel="email", invoice="1", to_address="a@customer.dk", schedule_send_date="tomorrow", sequence=-1
            ),
            NewSend(channel="sms", invoice="1", to_address="12", note="x" * 2000),
            NewSend(channel="email", invoice="1", to_address="a@customer.dk", bcc="b@"),
            NewSend(channel="email", invoice="1", to_address="a@customer.dk", kind="poem", language="xx", lane="a b"),
            NewSend(channel="email", invoice="1", to_address="a@customer.dk", document=b"nothing known"),
            NewSend(channel="email", invoice="1", to_address="a@customer.dk", document=Path("/nonexistent.pdf")),
            NewSend(channel="email", invoice="1", to_address="a@customer.dk", document=Reference("ab" * 32)),
            NewSend(channel="email", invoice="1", to_address="a@customer.dk", attachments=[Attachment(b"")]),
            NewSend(channel="print", invoice="1"),
            NewSend(channel="xml", invoice="1", to_address="5798000012345"),
            NewSend(channel="email", invoice="1", to_address="a@customer.dk", account="other"),
        ],
    )
    def test_what_is_wrong_is_told_in_the_same_words(self, client: Client, wrong: NewSend) -> None:
        expected = FakeDuepost(account="acme")
        with pytest.raises(InvalidSend) as there:
            expected.send(wrong)
        with pytest.raises(InvalidSend) as caught:
            client.send(wrong)
        assert (caught.value.field, caught.value.problem) == (there.value.field, there.value.problem)
        assert {one.field for one in caught.value.problems} == {one.field for one in there.value.problems}

    def test_a_time_is_the_accounts_and_warned_of_when_it_has_passed(self, client: Client) -> None:
        year = datetime.now(UTC).year + 1
        receipt = client.send(
            channel="email", invoice="1", to_address="a@b.dk", schedule_send_date=f"{year}-06-01 08:00"
        )
        assert receipt.due_at == datetime(year, 6, 1, 6, tzinfo=UTC)
        assert client.get(receipt.id).scheduled_at == receipt.due_at
        passed = client.send(channel="email", invoice="2", to_address="a@b.dk", schedule_send_date="2020-06-01 08:00")
        assert "passed" in passed.warnings[0]

    def test_many_are_told_one_by_one(self, client: Client) -> None:
        sends = [*(NewSend(channel="email", invoice=str(one), to_address="a@b.dk") for one in range(3)), MAIL, MAIL]
        told: list[bool] = []
        wrong: list[list[str]] = []
        taken = client.send_many(
            [*sends, NewSend(channel="email", invoice="", to_address="")],
            run="2026-11",
            on_receipt=lambda _, receipt: told.append(receipt.duplicate),
            on_problem=lambda _, problems: wrong.append(sorted(one.field for one in problems)),
        )
        assert taken == Taken(4, 1, 1)
        assert (told, wrong) == ([False] * 4 + [True], [["InvoiceNumber", "ToAddress"]])
        assert [one.invoice for one in client.list(run="2026-11")] == ["1001", "2", "1", "0"]

    def test_several_receivers_are_a_send_each(self, client: Client) -> None:
        receipt = client.send(channel="email", invoice="1", to_address="a@b.dk, c@b.dk", bcc="d@b.dk")
        assert [one.to_address for one in client.list(invoice="1")] == ["d@b.dk", "c@b.dk", "a@b.dk"]
        assert len({receipt.id, *(one.id for one in receipt.also)}) == 3

    def test_a_document_is_uploaded_or_comes_along(self, client: Client, tmp_path: Path) -> None:
        (tmp_path / "1.pdf").write_bytes(PDF)
        uploaded = client.upload(tmp_path / "1.pdf")
        assert client.send(channel="email", invoice="1", to_address="a@b.dk", document=uploaded).status is Status.QUEUE
        assert client.send(channel="email", invoice="2", to_address="a@b.dk", document=PDF).status is Status.QUEUE
        with pytest.raises(InvalidSend, match="Document"):
            client.upload(b"nothing known")

    def test_a_list_is_narrowed_down(self, client: Client) -> None:
        client.send(channel="email", invoice="1", to_address="a@b.dk", customer="4711", reference="mine")
        client.send(channel="email", invoice="2", to_address="a@b.dk")
        for wanted in ({"invoice": "1"}, {"customer": "4711"}, {"reference": "mine"}):
            assert [one.invoice for one in client.list(**wanted)] == ["1"]
        assert [one.invoice for one in client.list(status="Queue", channel="email")] == ["2", "1"]
        assert list(client.list(status=200)) == []
        with pytest.raises(InvalidSend, match="Status is not known"):
            next(client.list(status="Gone"))

    def test_it_is_held_released_and_cancelled(self, client: Client) -> None:
        made = client.send(MAIL)
        held = client.hold(made.id, "wait")
        assert (held.status, held.due_at) == (Status.PENDING_APPROVAL, None)
        released = client.release(made.id, "go")
        assert (released.status, released.due_at is None) == (Status.QUEUE, False)
        assert client.cancel(str(made.id), "credited").status is Status.NOT_SENT
        assert client.why(made.id).code == "CANCELLED"
        assert [one.reason for one in client.timeline(made.id)] == ["ACCEPTED", "HELD", "APPROVED", "CANCELLED"]

    @pytest.mark.parametrize("what", ["hold", "release", "cancel", "retry"])
    def test_what_does_not_fit_is_a_conflict(self, client: Client, become: Become, what: str) -> None:
        made = client.send(MAIL)
        become(made.id, Status.SENT, "ACCEPTED")
        with pytest.raises(Conflict, match="the send cannot be"):
            getattr(client, what)(made.id, "try")
        with pytest.raises(Conflict, match="the send cannot be settled"):
            client.settle(made.id, "sent", "try")

    @pytest.mark.parametrize("what", ["hold", "release", "cancel", "retry", "resend"])
    def test_a_reason_is_wanted(self, client: Client, what: str) -> None:
        made = client.send(MAIL)
        for reason in (" ", "x" * 501):
            with pytest.raises(InvalidSend, match="reason"):
                getattr(client, what)(made.id, reason)

    def test_what_failed_is_retried_and_what_was_sent_is_sent_again(self, client: Client, become: Become) -> None:
        made = client.send(MAIL)
        become(made.id, Status.ERROR, "GAVE_UP")
        assert client.retry(made.id, "mended").status is Status.QUEUE
        with pytest.raises(Conflict, match="not ended yet"):
            client.resend(made.id, "again")
        become(made.id, Status.SENT, "ACCEPTED")
        again = client.resend(made.id, "lost", idempotency_key="r1")
        assert client.resend(made.id, "lost", idempotency_key="r1").id == again.id
        assert (again.resend_of, again.sequence, again.status) == (made.id, 1, Status.QUEUE)
        assert client.resend(made.id, "lost", to_address="b@customer.dk").to_address == "b@customer.dk"
        assert [one.reason for one in client.timeline(again.id)] == ["ACCEPTED", "RESENT"]

    @pytest.mark.parametrize(
        ("found", "status"), [("sent", Status.SENT), ("not-sent", Status.NOT_SENT), ("send-again", Status.QUEUE)]
    )
    def test_what_nobody_knows_is_settled(self, client: Client, become: Become, found: str, status: Status) -> None:
        made = client.send(MAIL)
        become(made.id, Status.ERROR, "OUTCOME_UNKNOWN")
        assert client.get(made.id).in_doubt
        with pytest.raises(Conflict, match="outcome unknown"):
            client.cancel(made.id, "no")
        with pytest.raises(InvalidSend, match="as"):
            client.settle(made.id, "lost", "no")
        settled = client.settle(made.id, found, "asked them")
        assert (settled.status, settled.in_doubt) == (status, False)

    def test_waiting_ends(self, client: Client, become: Become) -> None:
        made = client.send(MAIL)
        with pytest.raises(TimeoutError, match="100 Queue"):
            client.wait(made.id, timeout=timedelta(0))
        become(made.id, Status.SENT, "ACCEPTED")
        assert client.wait(made.id).status is Status.SENT
        assert client.wait(made.id, until=Status.SENT).status is Status.SENT

    def test_what_is_not_there(self, client: Client) -> None:
        for call in (client.get, client.timeline, client.why, lambda one: client.cancel(one, "no")):
            for send_id in (uuid4(), "nothing"):
                with pytest.raises(NotFound, match="there is no such send"):
                    call(send_id)


class TestGateway(Contract):
    """A client of a real gateway on a real ledger."""

    @pytest.fixture
    def client(self, request: pytest.FixtureRequest) -> Iterator[Client]:
        gateway, key = request.getfixturevalue("gateway"), request.getfixturevalue("key")
        with Client(gateway.url, key) as made:
            yield made

    @pytest.fixture
    def become(self, engine: Engine) -> Become:
        return lambda one, status, code: becomes(engine, str(one), status, code, in_doubt=code == "OUTCOME_UNKNOWN")


class TestFake(Contract):
    """What a billing app's tests use."""

    @pytest.fixture
    def client(self) -> Client:
        return FakeDuepost(account="acme")

    @pytest.fixture
    def become(self, client: FakeDuepost) -> Become:
        return client.fail


def test_a_test_asserts_on_what_was_taken_and_moves_it() -> None:
    fake = FakeDuepost(now=lambda: datetime(2026, 11, 26, 8, tzinfo=UTC))
    receipt = fake.send(channel="email", invoice="1001", to_address="Accounts@CUSTOMER.dk", document=PDF)
    (one,) = fake.sends
    assert (one.id, one.asked.invoice, one.checked.to_address) == (receipt.id, "1001", "Accounts@customer.dk")
    assert (one.document, receipt.due_at) == (PDF, datetime(2026, 11, 26, 8, tzinfo=UTC))
    fake.fail(receipt.id, 310, "GREYLISTED")
    assert one.standing.due_at == datetime(2026, 11, 26, 8, 1, tzinfo=UTC)
    fake.deliver(receipt.id)
    assert (one.status, one.standing.attempts) == (Status.SENT, 2)


def test_the_fake_has_every_method_of_the_client() -> None:
    own = {name for name in vars(FakeDuepost) if not name.startswith("_")}
    acts = {"cancel", "hold", "release", "retry", "close"}  # through _act, or of no matter
    assert {name for name, one in vars(Client).items() if callable(one) and not name.startswith("_")} - own <= acts

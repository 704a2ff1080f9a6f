"""Does what a real Postfix reports of our mails find its way back to the send?"""

import os
import shutil
import smtplib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection

from duepost.inbound.mail import read_mail
from duepost.ledger import look
from duepost.ledger.accept import copy_in
from duepost.ledger.identifiers import new_id
from duepost.ledger.receipts import Effect, take_receipt
from duepost.ledger.record import record
from duepost.ledger.release import release
from duepost.maildir import is_maildir, new_mails
from duepost.receipts import NewReceipt, Word
from sandbox.child import wait_until
from tests.duepost.ledger.conftest import LANE, MINUTE, accepted, begin, outcome_of, to_begin
from tests.worker.providers.postfix import missing
from tests.worker.providers.postfix_relay import PATIENCE, Relay, relaying
from worker.providers.port import Document, Job, Verdict
from worker.providers.smtp import Smtp

pytestmark = pytest.mark.postfix

RECIPIENTS = {
    "unknown": "nobody@bounce.test",
    "full": "anna+invoice@full.test",
    "spam": "anna@spam.test",
    "busy": "anna@busy.test",
    "utf8": "søren@bounce.test",
}


@dataclass(frozen=True)
class Mailed:
    """The relay, and the send of each recipient that was mailed through it."""

    relay: Relay
    sends: dict[str, UUID]

    def reported(self, name: str, word: Word) -> NewReceipt:
        """What it reported of that send, in this word, once it has."""
        found: list[NewReceipt] = []

        def look_for_it() -> bool:
            found[:] = [one for one in self._receipts() if one.send_id == self.sends[name] and one.word is word]
            return bool(found)

        assert wait_until(look_for_it, PATIENCE), self.relay.log()
        return found[0]

    def _receipts(self) -> Iterator[NewReceipt]:
        for mail in new_mails(self.relay.reports) if is_maildir(self.relay.reports) else ():
            yield from read_mail(mail.read_bytes())


@pytest.fixture(scope="module")
def mailed() -> Iterator[Mailed]:
    """One mail to each of RECIPIENTS, by our adapter, and one whose delivery is to be reported."""
    lack = missing()
    if lack is not None:
        pytest.fail(lack) if os.environ.get("CI") else pytest.skip(lack)
    # Not under pytest's own folder, which only its owner may enter: Postfix's parts run as the user postfix.
    base = Path(tempfile.mkdtemp(prefix="duepost-relay-"))
    base.chmod(0o755)
    sends = {name: new_id() for name in (*RECIPIENTS, "delivered")}
    try:
        with relaying(base) as relay:
            provider = Smtp(host="localhost", port=relay.port, tls="none", sender="billing@sender.test")
            for name, to in RECIPIENTS.items():
                outcome = provider.send(invoice(sends[name], to))
                assert outcome.verdict is Verdict.ACCEPTED
            provider.close()
            _ask_for_the_report_of_a_delivery(relay, sends["delivered"])
            yield Mailed(relay, sends)
    finally:
        shutil.rmtree(base)


def invoice(send_id: UUID, to: str) -> Job:
    """The mail of a send."""
    document = Document("1001.pdf", "application/pdf", b"%PDF-1.7 " * 1000)
    return Job(
        id=send_id,
        token=str(send_id),
        channel="email",
        kind="invoice",
        invoice="1001",
        account="default",
        to_address=to,
        subject=None,
        note=None,
        document=document,
    )


def _ask_for_the_report_of_a_delivery(relay: Relay, send_id: UUID) -> None:
    """Our adapter asks for failures and delays alone; other programs that use the relay may ask for more."""
    mail = f"Message-ID: <{send_id}@sender.test>\r\nSubject: x\r\n\r\nx\r\n"
    with smtplib.SMTP("localhost", relay.port) as client:
        options = [f"ENVID={send_id}", "RET=HDRS"]
        client.sendmail("billing@sender.test", "anna@ok.test", mail, options, ["NOTIFY=SUCCESS"])


def sent(connection: Connection, send_id: UUID, to: str) -> None:
    """Put a send of that id into the ledger, as the worker leaves it."""
    usual = accepted(connection)
    copy_in(connection, [replace(usual, id=send_id, send=replace(usual.send, to_address=to))])
    lease = release(connection, LANE, 1, MINUTE).lease
    record(connection, [outcome_of(one) for one in begin(connection, [to_begin(send_id, lease)]).values()])


# recipient, word -> status, reason
REPORTS = [
    ("unknown", Word.FAILED, 320, "MAILBOX_UNKNOWN"),
    ("full", Word.FAILED, 330, "MAILBOX_FULL"),
    ("spam", Word.FAILED, 340, "SPAM"),
    ("busy", Word.DELAYED, None, None),
    ("busy", Word.FAILED, 330, "RELAY_GAVE_UP"),
    ("utf8", Word.FAILED, 320, "MAILBOX_UNKNOWN"),
    ("delivered", Word.DELIVERED, None, None),
]


@pytest.mark.parametrize(("name", "word", "status", "reason"), REPORTS)
def test_a_report_of_postfix_is_a_receipt_of_the_send(
    mailed: Mailed, connection: Connection, name: str, word: Word, status: int | None, reason: str | None
) -> None:
    found = mailed.reported(name, word)
    assert (found.status, found.reason) == (status, reason)
    assert found.at
    sent(connection, mailed.sends[name], RECIPIENTS.get(name, "anna@ok.test"))
    taken = take_receipt(connection, found)
    assert taken.effect is (Effect.CHANGED if status else Effect.KEPT)
    standing = look.standing(connection, mailed.sends[name])
    assert standing
    assert standing.status == (status or 200)


def test_the_envelope_id_alone_says_which_send(mailed: Mailed) -> None:
    mailed.reported("unknown", Word.FAILED)
    envelope_id = f"Original-Envelope-Id: {mailed.sends['unknown']}".encode()
    assert any(envelope_id in mail.read_bytes() for mail in new_mails(mailed.relay.reports))


def test_a_report_of_another_receiver_changes_nothing(mailed: Mailed, connection: Connection) -> None:
    found = mailed.reported("unknown", Word.FAILED)
    sent(connection, mailed.sends["unknown"], "somebody@else.test")
    assert take_receipt(connection, found).effect is Effect.STRANGER

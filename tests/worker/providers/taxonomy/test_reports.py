"""Does every later word about a mail mean what the taxonomy of failures says?"""

import pytest

from duepost.inbound.mail import read_mail
from duepost.receipts import Word, same_receiver
from duepost.statuses import Status
from tests.duepost.inbound.mails import ANNA, ID, arf, dsn, mdn
from tests.worker.providers.taxonomy.rows import agrees, rows, stands


@pytest.mark.parametrize(("row", "name", "meaning"), rows("dsn_action"))
def test_an_action(row: str, name: str, meaning: str) -> None:
    # Of three codes: one that is an address's fault, one that is a mailbox's, and one that a relay tries again.
    ours = [read_mail(dsn(action=name, status=status, diagnostic=None)) for status in ("5.1.1", "5.2.2", "4.2.2")]
    told = [stands(one) for [one] in ours]
    assert {one.word for [one] in ours} == {Word(name)}
    agrees(row, {"by its code, final"} if told == ["320", "330", "330"] else set(told), meaning)


WHOLE = dsn(envelope_id=None).replace(b"text/rfc822-headers", b"message/rfc822")
# row -> a report that names our mail in this way alone
NAMED = {
    "Original-Envelope-Id": dsn(message_id=None),
    "Message-ID in text/rfc822-headers": dsn(envelope_id=None),
    "Message-ID in message/rfc822": WHOLE,
    "VERP return path": dsn(envelope_id=None, message_id=None).replace(
        b"To: billing@sender.test", f"To: billing+{ID}@sender.test".encode(), 1
    ),
    "Original-Recipient before Final-Recipient": dsn(final="rfc822; inbox@elsewhere.test"),
}


@pytest.mark.parametrize(("row", "name", "meaning"), rows("dsn_match"))
def test_a_report_finds_its_send(row: str, name: str, meaning: str) -> None:
    found = read_mail(NAMED[name])
    ours = (
        "found" if [one.send_id for one in found] == [ID] and (found[0].recipients or ("",))[0] == ANNA else "nothing"
    )
    agrees(row, {ours}, meaning)


@pytest.mark.parametrize(("row", "name", "meaning"), rows("arf"))
def test_a_complaint(row: str, name: str, meaning: str) -> None:
    [found] = read_mail(arf(name))
    before = Status.EMAIL_MARKED_AS_SPAM if name == "not-spam" else Status.SENT
    agrees(row, {stands(found, before)}, meaning)


@pytest.mark.parametrize(("row", "name", "meaning"), rows("mdn"))
def test_a_read_confirmation(row: str, name: str, meaning: str) -> None:
    [found] = read_mail(mdn(f"automatic-action/MDN-sent-automatically; {name}"))
    assert stands(found) == "200"
    agrees(row, {found.word.value}, meaning)


@pytest.mark.parametrize(("row", "name", "meaning"), rows("mdn_rules"))
def test_what_a_read_confirmation_cannot_do(row: str, name: str, meaning: str) -> None:
    if name == "with another Message-ID":
        ours = {"found" if read_mail(mdn(message_id="<1@sender.test>")) else "nothing"}
    elif name == "with another recipient":  # the ledger takes what names the send's own (test_receipts.py)
        [found] = read_mail(mdn(recipient="eve@customer.test"))
        ours = {"found" if any(same_receiver(ANNA, one) for one in found.recipients or (ANNA,)) else "nothing"}
    else:
        [found] = read_mail(mdn())
        ours = {"never" if stands(found, status) == str(int(status)) else str(status) for status in Status}
    agrees(row, ours, meaning)

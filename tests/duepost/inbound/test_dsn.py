"""Is a mail server's later word about a mail understood, and only about a mail of ours?"""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import uuid4

import pytest

from duepost.inbound.mail import read_mail
from duepost.receipts import NewReceipt, Source, Word
from tests.duepost.inbound.mails import ANNA, ID, dsn, lines


def one(content: bytes) -> NewReceipt:
    [found] = read_mail(content)
    return found


# action -> word
ACTIONS = [
    ("failed", Word.FAILED),
    ("delayed", Word.DELAYED),
    ("delivered", Word.DELIVERED),
    ("relayed", Word.RELAYED),
    ("expanded", Word.EXPANDED),
    ("Failed (no such user)", Word.FAILED),
]


@pytest.mark.parametrize(("action", "word"), ACTIONS)
def test_the_action_says_what_happened(action: str, word: Word) -> None:
    found = one(dsn(action=action))
    assert (found.send_id, found.source, found.word) == (ID, Source.DSN, word)
    assert found.recipients == (ANNA, ANNA)


@pytest.mark.parametrize("action", [action for action, word in ACTIONS if word is not Word.FAILED])
def test_nothing_but_failed_says_a_status_whatever_its_code(action: str) -> None:
    assert one(dsn(action=action, status="5.1.1")).status is None


def test_an_action_that_nobody_knows_says_nothing() -> None:
    assert read_mail(dsn(action="teleported")) == []


# status -> status of the send; without other words. Where a row of the registry is 310, "tried again", the server that
# reports it has given up, so here it is 330: RELAY_GAVE_UP. 5.5.x are faults between two servers, of neither address.
ENHANCED = [
    ("5.1.0", 320), ("5.1.1", 320), ("5.1.2", 320), ("5.1.3", 320), ("5.1.4", 320), ("5.1.6", 320),
    ("5.1.7", 350), ("5.1.8", 350), ("5.1.9", 330), ("5.1.10", 320),
    ("5.2.0", 330), ("5.2.1", 330), ("5.2.2", 330), ("5.2.3", 350), ("5.2.4", 330),
    ("5.3.0", 330), ("5.3.1", 330), ("5.3.2", 350), ("5.3.3", 330), ("5.3.4", 350), ("5.3.5", 330),
    ("5.4.0", 330), ("5.4.1", 330), ("5.4.2", 330), ("5.4.3", 330), ("5.4.4", 320), ("5.4.5", 330), ("5.4.6", 330),
    ("5.4.7", 330), ("5.4.8", 330),
    ("5.5.0", 330), ("5.5.1", 330), ("5.5.2", 330), ("5.5.3", 330), ("5.5.4", 350), ("5.5.5", 330), ("5.5.6", 330),
    ("5.6.0", 350), ("5.6.9", 350),
    *((f"5.7.{detail}", 350) for detail in (*range(8), 15, 16, *range(19, 28), 29, 30, 500, 509, 599)),
    ("5.7.8", 330), ("5.7.9", 330), ("5.7.10", 330), ("5.7.11", 330), ("5.7.12", 330), ("5.7.13", 330), ("5.7.14", 330),
    ("5.7.17", 320), ("5.7.18", 320), ("5.7.28", 340), ("5.7.38", 340),
    ("4.2.2", 330), ("4.3.0", 330), ("4.4.1", 330), ("4.4.7", 330), ("4.1.1", 320), ("4.7.1", 350),
    ("5.0.0", 330), ("5.9.9", 330), ("nonsense", 330), ("", 330),
]  # fmt: skip


@pytest.mark.parametrize(("code", "status"), ENHANCED)
def test_the_enhanced_code_of_a_failure_is_a_status_and_class_4_is_final_too(code: str, status: int) -> None:
    assert one(dsn(status=code, diagnostic=None)).status == status


# words of the other server -> status of the send; they come before the code
TEXTS = [
    ("smtp; 550 blocked using Spamhaus", 350, "BLOCKED"),
    ("smtp; 554 5.7.1 Message refused: looks like spam", 340, "SPAM"),
    ("smtp; 552 5.2.2 <anna@customer.test>: mailbox full", 330, "MAILBOX_FULL"),
    ("smtp; 550 5.1.1 User unknown", 320, "MAILBOX_UNKNOWN"),
    ("X-Postfix; Host or domain name not found. Name service error: Host not found", 320, "DOMAIN_UNKNOWN"),
    ("smtp; 550 account disabled", 330, "MAILBOX_DISABLED"),
    ("smtp; 552 message too large", 350, "MESSAGE_TOO_LARGE"),
    ("smtp; 550 SPF check failed", 350, "REJECTED"),
    ("X-Postfix; delivery temporarily suspended: connect to mx.customer.test: Connection timed out", 330,
     "RELAY_GAVE_UP"),
    ("smtp; 550 spamfighter.junk@customer.test", 350, "REJECTED"),
    ("smtp; 550 No (in reply to RCPT TO command)", 320, "MAILBOX_UNKNOWN"),
    ("smtp; 550 No (in reply to end of DATA command)", 350, "REJECTED"),
    ("smtp; 550 5.1.2 No", 320, "DOMAIN_UNKNOWN"),
]  # fmt: skip


@pytest.mark.parametrize(("diagnostic", "status", "reason"), TEXTS)
def test_the_other_servers_words_come_before_the_code(diagnostic: str, status: int, reason: str) -> None:
    found = one(dsn(status="5.0.0", diagnostic=diagnostic))
    assert (found.status, found.reason) == (status, reason)


def test_the_envelope_id_comes_before_the_message_id() -> None:
    assert one(dsn(message_id=f"<{uuid4()}@sender.test>")).send_id == ID


@pytest.mark.parametrize("envelope_id", [None, "", "QQ314159", str(ID)[:-1]])
def test_without_an_envelope_id_of_ours_the_returned_message_id_counts(envelope_id: str | None) -> None:
    assert one(dsn(envelope_id=envelope_id)).send_id == ID


@pytest.mark.parametrize(
    "message_id", [None, "", "<1234@sender.test>", str(ID), "<not-a-uuid-not-a-uuid-not-a-uuid-no@x>"]
)
def test_a_report_without_an_id_of_ours_says_nothing(message_id: str | None) -> None:
    assert read_mail(dsn(envelope_id=None, message_id=message_id)) == []


def test_an_id_in_the_text_or_in_a_forwarded_report_is_none() -> None:
    forwarded = EmailMessage(policy=policy.SMTP)
    forwarded["From"], forwarded["To"] = "mallory@evil.test", "billing@sender.test"
    forwarded.set_content(f"Original-Envelope-Id: {ID}\nAction: failed\n")
    forwarded.add_attachment(message_from_bytes(dsn(), policy=policy.SMTP))
    assert read_mail(forwarded.as_bytes()) == []


def test_each_recipient_has_a_receipt_of_its_own() -> None:
    other = b"\r\n\r\nFinal-Recipient: rfc822; bo@customer.test\r\nAction: delivered\r\nStatus: 2.0.0"
    content = dsn().replace(b"No such user here", b"No such user here" + other)
    assert [(found.word, found.recipients) for found in read_mail(content)] == [
        (Word.FAILED, (ANNA, ANNA)),
        (Word.DELIVERED, ("bo@customer.test",)),
    ]


def test_the_original_recipient_is_named_first() -> None:
    found = one(dsn(final="rfc822; inbox@elsewhere.test"))
    assert found.recipients == (ANNA, "inbox@elsewhere.test")


def test_an_address_in_utf_8_is_read() -> None:
    content = dsn(final="utf-8; søren@customer.test", original=None, kind="message/global-delivery-status")
    assert one(content).recipients == ("søren@customer.test",)


def test_an_escaped_address_is_read() -> None:
    assert one(dsn(original="rfc822;anna+2Binvoice@customer.test")).recipients == ("anna+invoice@customer.test", ANNA)


@pytest.mark.parametrize(
    ("attempted", "at"),
    [
        ("Thu, 26 Nov 2026 07:30:00 +0100 (CET)", datetime(2026, 11, 26, 6, 30, tzinfo=UTC)),
        (None, datetime(2026, 11, 26, 7, 0, tzinfo=UTC)),
        ("yesterday", datetime(2026, 11, 26, 7, 0, tzinfo=UTC)),
    ],
)
def test_it_happened_at_the_last_attempt_or_when_the_report_was_written(attempted: str | None, at: datetime) -> None:
    assert one(dsn(attempted=attempted)).at == at


def test_a_report_that_comes_by_two_ways_is_the_same() -> None:
    again = b"Received: from mx2.sender.test\r\nDelivered-To: other@sender.test\r\n" + dsn()
    assert one(again).digest == one(dsn()).digest


EXIM = f"""
From: Mail Delivery System <Mailer-Daemon@relay.test>
To: billing@sender.test
Date: Thu, 26 Nov 2026 08:00:00 +0100
X-Failed-Recipients: {ANNA}
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {ANNA}
    host mx.customer.test [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<{ANNA}>:
    550 Unrouteable address

------ This is a copy of the message, including all the headers. ------

Message-ID: <{ID}@sender.test>
Subject: not a junk mail
"""


def test_exims_bounce_is_read_by_its_header_and_its_words() -> None:
    found = one(lines(EXIM))
    assert (found.send_id, found.status, found.reason) == (ID, 320, "MAILBOX_UNKNOWN")
    assert found.recipients == (ANNA,)


def test_a_message_id_on_a_line_of_its_own_is_found_in_exims_copy() -> None:
    assert one(lines(EXIM.replace("Message-ID: <", "Message-ID:\n <"))).send_id == ID


@pytest.mark.parametrize("charset", ['charset="a\0b"', "charset*0*=utf-8''a%ff; charset*=x''b"])
def test_a_character_set_that_is_none_raises_nothing(charset: str) -> None:
    plain = f"Content-Type: text/plain; {charset}\nContent-Transfer-Encoding: 8bit\n\n\u00e6\n"
    assert read_mail(plain.encode()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\xff\xfe",
        b"Content-Type: multipart/report; boundary=\r\n\r\n",
        lines(EXIM.replace("X-Failed-Recipients", "X-Other")),
        lines(EXIM.replace(str(ID), "1234")),
        lines("From: a@b.test\nSubject: Re: invoice\n\nThanks!"),
    ],
)
def test_what_is_no_report_is_left_alone(content: bytes) -> None:
    assert read_mail(content) == []


@pytest.mark.parametrize("cut", range(0, len(dsn()), 37))
def test_a_report_that_is_cut_off_raises_nothing(cut: int) -> None:
    assert all(found.send_id == ID for found in read_mail(dsn()[:cut]))

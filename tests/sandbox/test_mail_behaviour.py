"""Does the mail counterpart do to each recipient what its name says?"""

import smtplib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.mail_behaviour import BEHAVIOURS
from sandbox.mail_counterpart import MailCounterpart

SENDER = "billing@shop.test"
MESSAGE = b"From: billing@shop.test\r\nMessage-ID: <1001@shop.test>\r\nSubject: Faktura\r\n\r\nHej\r\n"
IMPATIENT = 0.5  # seconds a client waits for an answer that never comes


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailCounterpart]:
    with MailCounterpart(tmp_path) as running:
        yield running


@pytest.fixture
def client(server: MailCounterpart) -> Iterator[smtplib.SMTP]:
    connected = smtplib.SMTP(server.host, server.port, timeout=10)
    yield connected
    connected.close()


def send(server: MailCounterpart, recipient: str, timeout: float = 10) -> None:
    connected = smtplib.SMTP(server.host, server.port, timeout=timeout)
    try:
        connected.sendmail(SENDER, recipient, MESSAGE)
    finally:
        connected.close()


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("unknown", 550, b"5.1.1"),
        ("full", 552, b"5.2.2"),
        ("spam", 554, b"5.7.1 Message rejected as spam"),
        ("defer", 451, b"4.3.0"),
    ],
)
def test_the_name_decides_how_the_recipient_is_refused(
    server: MailCounterpart, client: smtplib.SMTP, name: str, code: int, text: bytes
) -> None:
    client.ehlo()
    client.mail(SENDER)
    refusal, words = client.rcpt(f"{name}.anna@customer.test")
    assert refusal == code
    assert words.startswith(text)
    assert server.taken() == []


TAKEN_UNANSWERED = {"silent", "cut"}


@pytest.mark.parametrize("name", list(BEHAVIOURS))
def test_what_is_named_with_a_number_is_met_that_often(server: MailCounterpart, name: str) -> None:
    recipient = f"{name}-2.anna@customer.test"
    for _ in range(2):
        with pytest.raises((smtplib.SMTPException, OSError)):
            send(server, recipient, IMPATIENT)
    met = len(server.taken())
    send(server, recipient)
    assert met == (2 if name in TAKEN_UNANSWERED else 0)
    assert len(server.taken()) == met + 1
    assert server.tries(recipient) == 3


@pytest.mark.parametrize("name", ["defer", "hangup"])
def test_what_is_named_without_a_number_is_met_for_ever(server: MailCounterpart, name: str) -> None:
    for _ in range(5):
        with pytest.raises((smtplib.SMTPException, OSError)):
            send(server, f"{name}.anna@customer.test")
    assert server.taken() == []


@pytest.mark.parametrize("name", ["hang", "hangup"])
def test_at_rcpt_the_client_waits_in_vain_or_loses_the_connection(client: smtplib.SMTP, name: str) -> None:
    client.ehlo()
    client.mail(SENDER)
    assert client.sock is not None
    client.sock.settimeout(IMPATIENT)
    client.putcmd("RCPT", f"TO:<{name}.anna@customer.test>")
    if name == "hang":
        with pytest.raises(TimeoutError):
            client.sock.recv(1)
    else:
        assert client.sock.recv(1) == b""


@pytest.mark.parametrize("name", ["silent", "cut"])
def test_a_message_taken_without_an_answer_is_in_the_ledger(
    server: MailCounterpart, client: smtplib.SMTP, name: str
) -> None:
    client.ehlo()
    client.mail(SENDER)
    client.rcpt(f"{name}.anna@customer.test")
    assert client.docmd("DATA")[0] == 354
    assert client.sock is not None
    client.sock.settimeout(IMPATIENT)
    client.send(MESSAGE + b".\r\n")
    if name == "silent":
        with pytest.raises(TimeoutError):
            client.sock.recv(1)
    else:
        assert client.sock.recv(1) == b""
    assert server.message(server.taken()[0]) == MESSAGE


def test_a_message_dropped_in_the_middle_is_not_taken(server: MailCounterpart, client: smtplib.SMTP) -> None:
    client.ehlo()
    client.mail(SENDER)
    client.rcpt("drop.anna@customer.test")
    assert client.docmd("DATA")[0] == 354
    client.send(MESSAGE)
    assert client.sock is not None
    with suppress(ConnectionResetError):
        assert client.sock.recv(1) == b""
    assert server.taken() == []

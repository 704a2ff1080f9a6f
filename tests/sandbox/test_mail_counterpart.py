"""Does the mail counterpart speak SMTP, and does its ledger hold what it took and nothing else?"""

import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import BinaryIO

import pytest

from sandbox.child import wait_until
from sandbox.mail_counterpart import MailCounterpart
from sandbox.mail_ledger import read_taken, read_tries

SENDER = "billing@shop.test"
MESSAGE = b"From: billing@shop.test\r\nMessage-ID: <1001@shop.test>\r\nSubject: Faktura\r\n\r\nHej\r\n"


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


def read_until(answers: BinaryIO, start: bytes) -> bytes:
    """Read lines until one begins so; returns it."""
    return next(line for line in answers if line.startswith(start))


def test_a_message_is_written_down_before_the_server_says_yes(server: MailCounterpart) -> None:
    before = datetime.now(UTC)
    send(server, "anna@customer.test")
    [taken] = server.taken()
    assert (taken.sender, taken.recipient, taken.message_id) == (SENDER, "anna@customer.test", "<1001@shop.test>")
    assert (taken.bytes, taken.sha256) == (len(MESSAGE), sha256(MESSAGE).hexdigest())
    assert before <= taken.at <= datetime.now(UTC)


def test_the_answer_names_the_number_under_which_the_message_is_queued(client: smtplib.SMTP) -> None:
    client.mail(SENDER)
    client.rcpt("anna@customer.test")
    assert client.data(MESSAGE) == (250, b"2.0.0 Ok: queued as 1")


def test_each_accepted_recipient_of_a_message_has_a_line(server: MailCounterpart, client: smtplib.SMTP) -> None:
    client.sendmail(SENDER, ["anna@customer.test", "unknown.bo@customer.test", "carl@customer.test"], MESSAGE)
    assert [taken.recipient for taken in server.taken()] == ["anna@customer.test", "carl@customer.test"]
    assert len({taken.file for taken in server.taken()}) == 1


@pytest.mark.parametrize("keyword", ["size", "8bitmime", "dsn", "smtputf8", "enhancedstatuscodes", "pipelining"])
def test_it_offers_what_a_mail_provider_offers(client: smtplib.SMTP, keyword: str) -> None:
    client.ehlo()
    assert client.has_extn(keyword)


def test_it_offers_no_login_when_it_has_no_user(client: smtplib.SMTP) -> None:
    client.ehlo()
    assert not client.has_extn("auth")


@pytest.mark.parametrize(
    "body",
    [
        b".first line\r\n\r\n..\r\n.\r\n...\r\n",
        b".\r\n",
        b"Subject: x\r\n\r\na.\r\n.b\r\n",
        b"Subject: x\r\n\r\n" + b".x\r\n" * 50_000,
        b"",
    ],
    ids=["on the first line", "only one", "at either end", "on every line", "in no line at all"],
)
def test_dots_arrive_as_the_sender_meant_them(server: MailCounterpart, client: smtplib.SMTP, body: bytes) -> None:
    client.sendmail(SENDER, "anna@customer.test", body)
    [taken] = server.taken()
    assert server.message(taken) == (body or b"\r\n")  # smtplib ends an empty body with a line break


@pytest.mark.parametrize("cut", range(1, 5))
def test_an_end_of_data_that_comes_in_two_pieces_is_seen(server: MailCounterpart, cut: int) -> None:
    with socket.create_connection((server.host, server.port), timeout=10) as raw, raw.makefile("rb") as answers:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.sendall(b"EHLO shop.test\r\nMAIL FROM:<a@shop.test>\r\nRCPT TO:<anna@customer.test>\r\nDATA\r\n")
        read_until(answers, b"354")
        end = b"\r\n.\r\n"
        raw.sendall(b"Subject: x\r\n\r\nHej" + end[:cut])
        raw.sendall(end[cut:])
        assert read_until(answers, b"250 2.0.0").startswith(b"250 2.0.0")
    assert server.message(server.taken()[0]) == b"Subject: x\r\n\r\nHej\r\n"


def test_pipelined_commands_are_answered_in_their_order(server: MailCounterpart) -> None:
    envelope = b"MAIL FROM:<a@shop.test>\r\nRCPT TO:<%s@customer.test>\r\nDATA\r\n"
    with socket.create_connection((server.host, server.port), timeout=10) as raw, raw.makefile("rb") as answers:
        raw.sendall(b"EHLO shop.test\r\n" + envelope % b"anna")
        read_until(answers, b"354")
        raw.sendall(b"Subject: 1\r\n\r\n.\r\n" + b"RSET\r\n" + envelope % b"unknown.bo" + b"NOOP\r\nQUIT\r\n")
        codes = [line[:3] for line in answers]
    assert codes == [b"250", b"250", b"250", b"550", b"503", b"250", b"221"]
    assert [taken.recipient for taken in server.taken()] == ["anna@customer.test"]


def test_the_envelope_id_is_read_back_from_its_xtext(server: MailCounterpart, client: smtplib.SMTP) -> None:
    client.sendmail(
        SENDER, "anna@customer.test", MESSAGE, mail_options=["ENVID=run+2B7", "RET=HDRS"], rcpt_options=["NOTIFY=DELAY"]
    )
    assert server.taken()[0].envid == "run+7"


def test_addresses_may_be_written_in_utf_8(server: MailCounterpart, client: smtplib.SMTP) -> None:
    client.ehlo()
    client.command_encoding = "utf-8"
    client.sendmail(SENDER, "søren@customer.test", MESSAGE, mail_options=["SMTPUTF8"])
    assert server.taken()[0].recipient == "søren@customer.test"


def test_a_folded_or_missing_message_id_is_read(server: MailCounterpart) -> None:
    with smtplib.SMTP(server.host, server.port) as client:
        client.sendmail(SENDER, "anna@customer.test", b"Subject: x\r\nMESSAGE-ID:\r\n <2@shop.test>\r\n\r\n")
        client.sendmail(SENDER, "anna@customer.test", b"Subject: x\r\n\r\nMessage-ID: <3@shop.test>\r\n")
    assert [taken.message_id for taken in server.taken()] == ["<2@shop.test>", None]


def test_a_message_announced_as_too_big_is_refused(client: smtplib.SMTP) -> None:
    client.ehlo()
    assert client.mail(SENDER, ["SIZE=52428801"]) == (552, b"5.3.4 Message size exceeds fixed limit")


@pytest.mark.parametrize(("verb", "code"), [("RCPT TO:<a@b.test>", 503), ("DATA", 503), ("MAIL a", 501), ("XYZ", 502)])
def test_commands_that_make_no_sense_are_refused(client: smtplib.SMTP, verb: str, code: int) -> None:
    assert client.docmd(verb)[0] == code


def test_a_delayed_answer_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    delay = timedelta(seconds=0.3)
    with MailCounterpart(tmp_path, delay=delay) as server, ThreadPoolExecutor(8) as threads:
        began = monotonic()
        list(threads.map(lambda number: send(server, f"anna{number}@customer.test"), range(8)))
        assert delay.total_seconds() <= monotonic() - began < 4 * delay.total_seconds()
        assert len(server.taken()) == 8


def test_a_delayed_answer_comes_before_those_to_later_commands(tmp_path: Path) -> None:
    with (
        MailCounterpart(tmp_path, delay=timedelta(seconds=0.05)) as server,
        socket.create_connection((server.host, server.port), timeout=10) as raw,
        raw.makefile("rb") as answers,
    ):
        raw.sendall(b"EHLO shop.test\r\nMAIL FROM:<a@shop.test>\r\nRCPT TO:<anna@customer.test>\r\nDATA\r\n")
        read_until(answers, b"354")
        raw.sendall(b"Subject: x\r\n\r\n.\r\nQUIT\r\n")
        assert [line[:9] for line in answers] == [b"250 2.0.0", b"221 2.0.0"]


def test_the_index_keeps_neither_message_nor_digest(tmp_path: Path) -> None:
    with MailCounterpart(tmp_path, keep="index") as server:
        send(server, "anna@customer.test")
        [taken] = server.taken()
        assert (taken.bytes, taken.sha256, taken.file) == (len(MESSAGE), None, None)
        assert not (tmp_path / "messages").exists()
        with pytest.raises(LookupError):
            server.message(taken)


def test_a_folder_used_before_is_gone_on_with(tmp_path: Path) -> None:
    for _ in range(2):
        with MailCounterpart(tmp_path) as server:
            with suppress(smtplib.SMTPRecipientsRefused):
                send(server, "defer-1.anna@customer.test")
            send(server, "bo@customer.test")
    assert [taken.file for taken in read_taken(tmp_path)] == [f"messages/{number:06}.eml" for number in (1, 2, 3)]
    assert read_tries(tmp_path) == {"defer-1.anna@customer.test": 2, "bo@customer.test": 2}


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_process_took_outlives_it(tmp_path: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox.mail_counterpart", "--folder", str(tmp_path)]
    with subprocess.Popen([*command, "--user", "a", "--password", "b"], cwd=Path(__file__).parents[2]) as process:
        try:
            assert wait_until((tmp_path / "port").exists, timedelta(seconds=20))
            with smtplib.SMTP("127.0.0.1", int((tmp_path / "port").read_text())) as client:
                client.login("a", "b")
                client.sendmail(SENDER, "anna@customer.test", MESSAGE)
        finally:
            process.send_signal(end)
        assert process.wait(10) == (0 if end is signal.SIGTERM else -end)
    assert [taken.recipient for taken in read_taken(tmp_path)] == ["anna@customer.test"]

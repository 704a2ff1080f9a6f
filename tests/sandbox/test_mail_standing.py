"""Does the mail counterpart, a process of its own, behave as its folder says until it says otherwise?"""

import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.behaviour_file import NAME, behave, behave_well
from sandbox.mail_calls import Event, read_calls
from sandbox.mail_counterpart import MailCounterpart
from sandbox.mail_ledger import read_taken
from sandbox.mail_standing import MailStanding, standing_of
from tests.sandbox.program import Program

SENDER = "billing@shop.test"
ANNA = "anna@customer.test"
MESSAGE = b"From: billing@shop.test\r\nMessage-ID: <1001@shop.test>\r\nSubject: Faktura\r\n\r\nHej\r\n"
IMPATIENT = 0.15  # seconds a client waits for an answer that never comes
PASSWORD = "sesame"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("mail")
    login = ("--user", "shop", "--password", PASSWORD)
    with Program("sandbox.mail_counterpart", folder, "--calls", *login) as running:
        yield running


class Told:
    """The program, and what it took and was asked since the test began."""

    def __init__(self, program: Program) -> None:
        self.folder, self.port = program.folder, program.port
        self._before = len(read_taken(self.folder)), len(read_calls(self.folder))

    def taken(self) -> list[str]:
        return [taken.recipient for taken in read_taken(self.folder)[self._before[0] :]]

    def calls(self) -> list[tuple[str, int | str]]:
        return [(str(call.event), call.done) for call in read_calls(self.folder)[self._before[1] :]]


@pytest.fixture
def program(shared: Program) -> Iterator[Told]:
    behave_well(shared.folder)
    yield Told(shared)
    behave_well(shared.folder)


def connect(port: int, timeout: float = 10) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", port, timeout=timeout)


def send(port: int, recipient: str = ANNA, timeout: float = 10) -> None:
    client = connect(port, timeout)
    try:
        client.login("shop", PASSWORD)
        client.sendmail(SENDER, recipient, MESSAGE)
    finally:
        client.close()


ARRIVED: list[tuple[str, int | str]] = [("connect", 220), ("auth", 235)]
SERVED = [*ARRIVED, ("rcpt", 250)]

# standing behaviour -> what the client meets, what is taken, the calls written down
MET: dict[MailStanding, tuple[type[Exception], str, list[str], list[tuple[str, int | str]]]] = {
    MailStanding.GREET_554: (smtplib.SMTPConnectError, "554", [], [("connect", 554)]),
    MailStanding.GREET_421: (smtplib.SMTPConnectError, "421", [], [("connect", 421)]),
    MailStanding.REFUSE_LOGIN: (smtplib.SMTPAuthenticationError, "535", [], [("connect", 220), *[("auth", 535)] * 2]),
    MailStanding.DEFER: (smtplib.SMTPRecipientsRefused, "451", [], [*ARRIVED, ("rcpt", 451)]),
    MailStanding.UNAVAILABLE: (smtplib.SMTPSenderRefused, "421", [], [*ARRIVED, ("mail", 421)]),
    MailStanding.HANG: (smtplib.SMTPServerDisconnected, "timed out", [], [*ARRIVED, ("rcpt", "hang")]),
    MailStanding.DROP: (smtplib.SMTPServerDisconnected, "onnect", [], [*SERVED, ("message", "drop")]),
    MailStanding.SILENT: (smtplib.SMTPServerDisconnected, "timed out", [ANNA], [*SERVED, ("message", "silent")]),
    MailStanding.CUT: (smtplib.SMTPServerDisconnected, "closed", [ANNA], [*SERVED, ("message", "cut")]),
}


@pytest.mark.parametrize("standing", MET, ids=lambda standing: standing.word)
def test_everybody_meets_it_until_the_server_is_told_to_behave_well(program: Told, standing: MailStanding) -> None:
    error, text, taken, calls = MET[standing]
    behave(program.folder, standing)
    for _ in range(2):
        with pytest.raises(error, match=text):
            send(program.port, timeout=IMPATIENT)
    assert program.taken() == taken * 2
    assert program.calls() == calls * 2
    behave_well(program.folder)
    send(program.port)
    assert program.calls()[-3:] == SERVED


@pytest.mark.parametrize("standing", [MailStanding.GREET_421, MailStanding.UNAVAILABLE])
def test_a_421_closes(program: Told, standing: MailStanding) -> None:
    behave(program.folder, standing)
    with socket.create_connection(("127.0.0.1", program.port), timeout=10) as raw, raw.makefile("rb") as answers:
        if standing is MailStanding.UNAVAILABLE:
            raw.sendall(b"MAIL FROM:<a@shop.test>\r\n")
        assert answers.readlines()[-1].startswith(b"421 4.3.2")


def test_a_connection_that_is_open_already_meets_it_at_its_next_command(program: Told) -> None:
    with connect(program.port) as client:
        client.login("shop", PASSWORD)
        client.mail(SENDER)
        for standing, code in ((MailStanding.DEFER, 451), (None, 250), (MailStanding.DEFER, 451)):
            behave(program.folder, standing) if standing else behave_well(program.folder)
            assert client.rcpt(ANNA)[0] == code


def test_who_is_logged_in_stays_so_when_logins_are_refused(program: Told) -> None:
    with connect(program.port) as client:
        client.login("shop", PASSWORD)
        behave(program.folder, MailStanding.REFUSE_LOGIN)
        client.sendmail(SENDER, ANNA, MESSAGE)
    assert program.taken() == [ANNA]


def test_it_refuses_logins_even_where_it_needs_none(tmp_path: Path) -> None:
    behave(tmp_path, MailStanding.REFUSE_LOGIN)
    with (
        MailCounterpart(tmp_path) as server,
        connect(server.port) as client,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        client.login("shop", PASSWORD)


@pytest.mark.parametrize("standing", [MailStanding.HANG, MailStanding.SILENT])
def test_it_stays_silent_and_keeps_the_connection(program: Told, standing: MailStanding) -> None:
    behave(program.folder, standing)
    client = connect(program.port)
    client.login("shop", PASSWORD)
    client.mail(SENDER)
    if standing is MailStanding.SILENT:
        client.rcpt(ANNA)
        client.docmd("DATA")
        client.send(MESSAGE + b".\r\n")
    else:
        client.putcmd("RCPT", f"TO:<{ANNA}>")
    assert client.sock is not None
    client.sock.settimeout(IMPATIENT)
    with pytest.raises(TimeoutError):
        client.sock.recv(1)
    client.close()


def test_a_trickled_answer_comes_byte_by_byte(program: Told) -> None:
    behave(program.folder, MailStanding.TRICKLE)
    with socket.create_connection(("127.0.0.1", program.port), timeout=10) as raw, raw.makefile("rb") as answers:
        answers.readline()
        raw.sendall(b"EHLO shop.test\r\n")
        assert [raw.recv(100) for _ in range(2)] == [b"2", b"5"]
    assert program.calls() == [("connect", 220), ("ehlo", "trickle")]


def test_a_huge_answer_does_not_end(program: Told) -> None:
    behave(program.folder, MailStanding.HUGE)
    with socket.create_connection(("127.0.0.1", program.port), timeout=10) as raw, raw.makefile("rb") as answers:
        answers.readline()
        raw.sendall(b"EHLO shop.test\r\n")
        assert {answers.readline() for _ in range(200_000)} == {b"250-counterpart\r\n"}
    behave_well(program.folder)
    send(program.port)
    assert program.calls() == [("connect", 220), ("ehlo", "huge"), *SERVED]


def test_recipients_go_on_behaving_as_their_names_say(program: Told) -> None:
    behave(program.folder, MailStanding.DEFER)
    with connect(program.port) as client:
        client.login("shop", PASSWORD)
        client.mail(SENDER)
        codes = [client.rcpt(f"{name}anna@customer.test")[0] for name in ("unknown.", "full.", "silent.", "")]
    assert codes == [550, 552, 451, 451]


def test_its_behaviour_outlives_it(tmp_path: Path) -> None:
    behave(tmp_path, MailStanding.GREET_554)
    with Program("sandbox.mail_counterpart", tmp_path) as program:
        program.kill_and_restart()
        with pytest.raises(smtplib.SMTPConnectError):
            connect(program.port)


def test_a_refused_login_is_written_down_without_its_password(program: Told) -> None:
    with connect(program.port) as client, pytest.raises(smtplib.SMTPAuthenticationError):
        client.login("shop", "wrong")
    assert program.calls() == [("connect", 220), *[("auth", 535)] * 2]
    assert set((program.folder / "calls.ndjson").read_text().splitlines()[-1].split('"')[1::2]) == {
        "at",
        read_calls(program.folder)[-1].at.isoformat(),
        "event",
        "auth",
        "recipient",
        "done",
    }


def test_a_recipients_call_names_it_and_what_it_met(program: Told) -> None:
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(program.port, "hangup.bo@customer.test")
    call = read_calls(program.folder)[-1]
    assert (call.event, call.recipient, call.done) == (Event.RCPT, "hangup.bo@customer.test", "hangup")


def test_calls_are_written_down_only_when_asked_for(tmp_path: Path) -> None:
    with MailCounterpart(tmp_path) as server, connect(server.port) as client:
        client.sendmail(SENDER, ANNA, MESSAGE)
    assert read_calls(tmp_path) == []


@pytest.mark.parametrize("said", ["", "{}", '{"act": "dance"}', '{"act": 7}'])
def test_a_folder_that_says_nonsense_is_refused(tmp_path: Path, said: str) -> None:
    (tmp_path / NAME).write_text(said)
    with pytest.raises(RuntimeError, match=NAME):
        MailCounterpart(tmp_path)


@pytest.mark.parametrize("standing", MailStanding)
def test_what_is_told_is_what_is_read(standing: MailStanding) -> None:
    assert standing_of(standing.told) is standing

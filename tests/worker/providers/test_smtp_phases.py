"""Does a breaking connection say "not sent" before the final dot, and "unknown" after it?"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from tests.worker.providers.mail_script import GREETING, OK, mail
from tests.worker.providers.misbehaving import Misbehaving, Script, Talk
from worker.providers.port import Document, Job, Outcome, Verdict
from worker.providers.smtp import Smtp

MakeJob = Callable[..., Job]
STAGES = ["greeting", "EHLO", "MAIL", "RCPT", "DATA"]
SHORT = timedelta(seconds=0.4)
# More than the sockets of both sides hold, so that the client is still sending when the server acts.
HUGE = Document("huge.pdf", "application/pdf", bytes(24_000_000))


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Misbehaving, Smtp]]]:
    """Starts a server with these scripts and an adapter for it."""
    with ExitStack() as stack:

        def start(*scripts: Script, **settings: Any) -> tuple[Misbehaving, Smtp]:
            server = stack.enter_context(Misbehaving(*scripts))
            usual: dict[str, Any] = {
                "command_limit": timedelta(seconds=10),
                "final_dot_limit": timedelta(seconds=10),
                "tls": "none",
            }
            smtp = Smtp(host=server.host, port=server.port, sender="billing@shop.test", **(usual | settings))
            stack.callback(smtp.close)
            return server, smtp

        yield start


Serve = Callable[..., tuple[Misbehaving, Smtp]]


def is_transient(outcome: Outcome, code: str) -> bool:
    return (outcome.verdict, outcome.status, outcome.reason.code) == (Verdict.TRANSIENT, 310, code)


def is_unknown(outcome: Outcome, code: str) -> bool:
    return (outcome.verdict, outcome.status, outcome.reason.code) == (Verdict.UNKNOWN, 300, code)


def trickle(talk: Talk) -> None:
    talk.repeat(b"2", pause_seconds=0.05)


def endless(talk: Talk) -> None:
    talk.repeat(b"250-and another thing\r\n")


def garbage(talk: Talk) -> None:
    talk.say(b"\x00\xffHTTP/1.1 400 Bad Request\r\n")


def long_line(talk: Talk) -> None:
    talk.say(b"250 " + b"x" * 20_000 + b"\r\n")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("act", "code"),
    [
        (Talk.close, "CONNECTION_LOST"),
        (Talk.reset, "CONNECTION_LOST"),
        (Talk.hang, "TIMED_OUT"),
        (trickle, "TIMED_OUT"),
        (endless, "GARBAGE"),
        (garbage, "GARBAGE"),
        (long_line, "GARBAGE"),
    ],
)
def test_trouble_before_the_final_dot_is_transient(
    serve: Serve, job: MakeJob, stage: str, act: Script, code: str
) -> None:
    _, smtp = serve(mail(stage, act), command_limit=SHORT if code == "TIMED_OUT" else timedelta(seconds=10))
    assert is_transient(smtp.send(job()), code)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (Talk.close, "CONNECTION_LOST"),
        (Talk.reset, "CONNECTION_LOST"),
        (Talk.hang, "TIMED_OUT"),
        (trickle, "TIMED_OUT"),
        (endless, "GARBAGE"),
        (garbage, "GARBAGE"),
        (long_line, "GARBAGE"),
    ],
)
def test_trouble_after_the_final_dot_is_unknown(serve: Serve, job: MakeJob, act: Script, code: str) -> None:
    server, smtp = serve(mail("DOT", act), final_dot_limit=SHORT if code == "TIMED_OUT" else timedelta(seconds=10))
    assert is_unknown(smtp.send(job()), code)
    assert server.connections == 1  # never repeated by itself


@pytest.mark.parametrize(("act", "code"), [(Talk.reset, "CONNECTION_LOST"), (Talk.stop_reading, "TIMED_OUT")])
def test_a_message_broken_off_in_its_middle_is_transient(serve: Serve, job: MakeJob, act: Script, code: str) -> None:
    _, smtp = serve(mail("message", act), command_limit=timedelta(seconds=1))
    assert is_transient(smtp.send(job(document=HUGE)), code)


def test_a_refusal_before_the_final_dot_is_read(serve: Serve, job: MakeJob) -> None:
    def refuse(talk: Talk) -> None:
        talk.say(b"552 5.3.4 Message too large\r\n")
        talk.hang()

    _, smtp = serve(mail("message", refuse))
    outcome = smtp.send(job(document=HUGE))
    assert (outcome.verdict, outcome.reason.code) == (Verdict.REFUSED, "MESSAGE_TOO_LARGE")


def test_a_trickle_ends_with_the_total_deadline(serve: Serve, job: MakeJob) -> None:
    _, smtp = serve(mail("DOT", trickle), command_limit=SHORT, final_dot_limit=SHORT)
    began = time.monotonic()
    smtp.send(job())
    assert time.monotonic() - began < smtp.total_deadline.total_seconds() + 0.5


def test_a_421_that_the_server_left_behind_when_it_closed_costs_nothing(serve: Serve, job: MakeJob) -> None:
    def time_out(talk: Talk) -> None:
        talk.say(b"421 4.4.2 Error: timeout exceeded\r\n")
        talk.close()

    server, smtp = serve(mail("idle", time_out, messages=1), mail())
    smtp.send(job())
    server.heard()  # waits for the first script's end
    assert smtp.send(job()).verdict is Verdict.ACCEPTED
    assert server.connections == 2


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_reused_connection_that_dies_before_the_message_is_replaced_once(
    serve: Serve, job: MakeJob, stage: str
) -> None:
    server, smtp = serve(mail(stage, Talk.close, messages=1), mail())
    smtp.send(job())
    assert smtp.send(job()).verdict is Verdict.ACCEPTED
    assert server.connections == 2


def test_a_replaced_connection_is_not_replaced_again(serve: Serve, job: MakeJob) -> None:
    server, smtp = serve(mail("MAIL", Talk.close, messages=1), mail("MAIL", Talk.close))
    smtp.send(job())
    assert is_transient(smtp.send(job()), "CONNECTION_LOST")
    assert server.connections == 2


def test_a_reused_connection_lost_after_the_final_dot_is_unknown(serve: Serve, job: MakeJob) -> None:
    server, smtp = serve(mail("DOT", Talk.close, messages=1), mail())
    smtp.send(job())
    assert is_unknown(smtp.send(job()), "CONNECTION_LOST")
    assert server.connections == 1


def test_a_421_to_mail_from_on_a_reused_connection_is_replaced(serve: Serve, job: MakeJob) -> None:
    def too_many(talk: Talk) -> None:
        talk.say(b"421 4.7.0 too many messages on this connection\r\n")

    server, smtp = serve(mail("MAIL", too_many, messages=1), mail())
    smtp.send(job())
    assert smtp.send(job()).verdict is Verdict.ACCEPTED
    assert server.connections == 2


def test_a_connection_is_reused_without_any_command_between(serve: Serve, job: MakeJob) -> None:
    server, smtp = serve(mail())
    for _ in range(2):
        assert smtp.send(job()).verdict is Verdict.ACCEPTED
    smtp.close()
    commands = [line[:4].upper() for line in server.heard()]
    assert commands == [b"EHLO", b"MAIL", b"RCPT", b"DATA", b"MAIL", b"RCPT", b"DATA", b"QUIT"]


def test_rset_comes_after_a_message_that_ended_badly(serve: Serve, job: MakeJob) -> None:
    def script(talk: Talk) -> None:
        talk.say(GREETING)
        replies = [OK, OK, b"550 5.1.1 User unknown\r\n", OK, OK, OK, b"354 go on\r\n"]
        for reply in replies:
            talk.hear()
            talk.say(reply)
        talk.hear_message()
        talk.say(OK)
        talk.hang()

    server, smtp = serve(script)
    assert smtp.send(job()).verdict is Verdict.REFUSED
    assert smtp.send(job()).verdict is Verdict.ACCEPTED
    smtp.close()
    assert [line[:4].upper() for line in server.heard()][2:5] == [b"RCPT", b"RSET", b"MAIL"]


def test_a_connection_says_goodbye_after_its_last_message(serve: Serve, job: MakeJob) -> None:
    server, smtp = serve(mail(), messages_per_connection=2)
    for _ in range(4):
        smtp.send(job())
    assert [line for line in server.heard() if line == b"QUIT"] == [b"QUIT", b"QUIT"]


def test_a_connection_says_goodbye_when_it_is_old(serve: Serve, job: MakeJob) -> None:
    server, smtp = serve(mail(), connection_limit=timedelta(0))
    for _ in range(2):
        assert smtp.send(job()).verdict is Verdict.ACCEPTED
    assert server.connections == 2
    assert server.heard().count(b"QUIT") == 2


def test_a_connection_idle_too_long_is_not_used_again(serve: Serve, job: MakeJob) -> None:
    server, smtp = serve(mail(), idle_limit=timedelta(0))
    for _ in range(2):
        assert smtp.send(job()).verdict is Verdict.ACCEPTED
    assert server.connections == 2

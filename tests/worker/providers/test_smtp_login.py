"""Is a mail server trusted and logged in to as the account says, and the password kept?"""

import base64
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.mail_counterpart import MailCounterpart
from tests.worker.providers.conftest import Certificate
from tests.worker.providers.mail_script import GREETING, mail
from tests.worker.providers.misbehaving import Talk
from tests.worker.providers.once import smtp, try_once
from worker.providers.port import Job, Verdict

MakeJob = Callable[..., Job]


def test_a_login_is_made_where_it_is_asked_for(tmp_path: Path, job: MakeJob) -> None:
    with MailCounterpart(tmp_path, user="shop", password="pässwörd") as server:
        provider = smtp(server, user="shop", password="pässwörd")
        outcome = provider.send(job())
        provider.close()
    assert outcome.verdict is Verdict.ACCEPTED


def test_a_wrong_password_waits_with_an_alarm(tmp_path: Path, job: MakeJob) -> None:
    with MailCounterpart(tmp_path, user="shop", password="right") as server:
        outcome = smtp(server, user="shop", password="wrong").send(job())
    assert (outcome.verdict, outcome.status, outcome.alarm) == (Verdict.WAIT, 310, True)
    assert outcome.reason.code == "CREDENTIALS_REFUSED"


def test_a_server_that_wants_a_login_we_have_not_waits_with_an_alarm(tmp_path: Path, job: MakeJob) -> None:
    with MailCounterpart(tmp_path, user="shop", password="right") as server:
        provider = smtp(server)
        outcome = provider.send(job())
        provider.close()
    assert (outcome.verdict, outcome.alarm) == (Verdict.WAIT, True)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_server_that_quotes_the_password_finds_it_in_no_answer(job: MakeJob, mechanism: str) -> None:
    def quote(talk: Talk) -> None:
        talk.say(GREETING)
        talk.hear()
        talk.say(f"250-mail.test\r\n250 AUTH {mechanism}\r\n".encode())
        said = [talk.hear()]
        for _ in range(2 if mechanism == "LOGIN" else 0):
            talk.say(b"334 VXNlcm5hbWU6\r\n")
            said.append(talk.hear())
        talk.say(b"535 5.7.8 no: " + b" ".join(said) + b" hunter2hunter2\r\n")
        talk.hang()

    outcome, _ = try_once(job(), quote, user="shop", password="hunter2hunter2")
    answer = str(outcome.answer)
    assert outcome.verdict is Verdict.WAIT
    assert "hunter2hunter2" not in answer
    assert base64.b64encode(b"hunter2hunter2").decode() not in answer
    assert base64.b64encode(b"\0shop\0hunter2hunter2").decode() not in answer


@pytest.mark.parametrize(
    ("settings", "code"), [({"tls": "starttls"}, "TLS_NOT_OFFERED"), ({"user": "shop"}, "LOGIN_NOT_OFFERED")]
)
def test_what_the_account_asks_for_and_the_server_lacks_waits_with_an_alarm(
    job: MakeJob, settings: dict[str, str], code: str
) -> None:
    outcome, heard = try_once(job(), mail(), **settings)
    assert (outcome.verdict, outcome.alarm, outcome.reason.code) == (Verdict.WAIT, True, code)
    assert not any(line.startswith(b"MAIL") for line in heard)


def test_what_was_said_in_clear_before_starttls_is_thrown_away(job: MakeJob, certificate: Certificate) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)

    def inject(talk: Talk) -> None:
        talk.say(GREETING)
        talk.hear()
        talk.say(b"250-mail.test\r\n250 STARTTLS\r\n")
        talk.hear()
        talk.say(b"220 go on\r\n250-evil.test\r\n250 AUTH PLAIN\r\n")
        with context.wrap_socket(talk.sock, server_side=True) as secure:
            talk.lines.append(secure.recv(100))

    outcome, heard = try_once(
        job(), inject, tls="starttls", user="shop", password="secret", ca_file=certificate.certificate
    )
    assert outcome.reason.code == "CONNECTION_LOST"
    assert not any(b"AUTH" in line for line in heard)


def test_a_certificate_nobody_vouches_for_is_transient_with_an_alarm(job: MakeJob, certificate: Certificate) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)

    def secure(talk: Talk) -> None:
        context.wrap_socket(talk.sock, server_side=True).close()

    outcome, _ = try_once(job(), secure, tls="implicit")
    assert (outcome.verdict, outcome.status, outcome.alarm) == (Verdict.TRANSIENT, 310, True)
    assert outcome.reason.code == "CERTIFICATE_REFUSED"

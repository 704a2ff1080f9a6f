"""Whom does the mail counterpart let in?"""

import smtplib
from base64 import b64encode
from pathlib import Path

import pytest

from sandbox.mail_counterpart import MailCounterpart

SENDER = "billing@shop.test"
MESSAGE = b"From: billing@shop.test\r\nMessage-ID: <1001@shop.test>\r\nSubject: Faktura\r\n\r\nHej\r\n"
PLAIN = b64encode(b"\0shop\0ses\xc3\xa5m").decode()
USER, PASSWORD = b64encode(b"shop").decode(), b64encode(b"ses\xc3\xa5m").decode()


@pytest.mark.parametrize(
    "lines",
    [[f"AUTH PLAIN {PLAIN}"], ["AUTH PLAIN", PLAIN], [f"AUTH LOGIN {USER}", PASSWORD], ["auth login", USER, PASSWORD]],
)
def test_the_right_password_lets_in(tmp_path: Path, lines: list[str]) -> None:
    with (
        MailCounterpart(tmp_path, user="shop", password="sesåm") as server,
        smtplib.SMTP(server.host, server.port) as client,
    ):
        client.ehlo()
        assert client.esmtp_features["auth"].split() == ["PLAIN", "LOGIN"]
        codes = [client.docmd(line)[0] for line in lines]
        assert codes == [334] * (len(lines) - 1) + [235]
        client.sendmail(SENDER, "anna@customer.test", MESSAGE)
        assert len(server.taken()) == 1


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    with (
        MailCounterpart(tmp_path, user="shop", password="sesame") as server,
        smtplib.SMTP(server.host, server.port) as client,
    ):
        with pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
            client.login("shop", "guess")
        assert refusal.value.args == (535, b"5.7.8 Authentication credentials invalid")


def test_without_a_login_no_mail_is_taken(tmp_path: Path) -> None:
    with (
        MailCounterpart(tmp_path, user="shop", password="sesame") as server,
        smtplib.SMTP(server.host, server.port) as client,
    ):
        client.ehlo()
        assert client.mail(SENDER) == (530, b"5.7.0 Authentication required")


@pytest.mark.parametrize(("line", "code"), [("PLAIN *", 501), ("PLAIN YQ==", 501), ("CRAM-MD5", 504)])
def test_a_login_that_cannot_be_read_is_refused(tmp_path: Path, line: str, code: int) -> None:
    with (
        MailCounterpart(tmp_path, user="shop", password="sesame") as server,
        smtplib.SMTP(server.host, server.port) as client,
    ):
        assert client.docmd("AUTH", line)[0] == code


def test_a_password_shows_in_no_repr(tmp_path: Path) -> None:
    with MailCounterpart(tmp_path, user="shop", password="sesame") as server:
        assert "sesame" not in repr(vars(server))

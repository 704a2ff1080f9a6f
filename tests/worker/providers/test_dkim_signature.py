"""Does a receiver believe the signature of what a mail server got?"""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dkim
import pytest
from pydantic import ValidationError

from config.account_smtp import SmtpAccount
from duepost.errors import ConfigError
from sandbox.mail_counterpart import MailCounterpart
from worker.accounts import adapter
from worker.providers.dkim_signature import DkimSignature
from worker.providers.port import Document, Job, Verdict
from worker.providers.smtp import Smtp

MakeJob = Callable[..., Job]
NAME = b"2026._domainkey.shop.test."


def rsa(folder: Path, bits: int) -> Path:
    key = folder / f"rsa-{bits}.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(key), str(bits)], check=True, capture_output=True)
    return key


def rsa_record(key: Path) -> bytes:
    """What stands in the DNS for it."""
    public = ["openssl", "rsa", "-in", str(key), "-pubout", "-outform", "DER"]
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(subprocess.run(public, check=True, capture_output=True).stdout)


def ed25519(folder: Path) -> tuple[Path, bytes]:
    signing = pytest.importorskip("nacl.signing").SigningKey.generate()
    key = folder / "ed25519"
    key.write_bytes(base64.b64encode(signing.encode()))
    return key, b"v=DKIM1; k=ed25519; p=" + base64.b64encode(signing.verify_key.encode())


@pytest.fixture(params=["rsa", "ed25519"])
def key_and_record(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, bytes]:
    if request.param == "ed25519":
        return ed25519(tmp_path)
    key = rsa(tmp_path, 1024)
    return key, rsa_record(key)


def verified(message: bytes, record: bytes) -> bool:
    def dns(name: bytes, timeout: int = 5) -> bytes | None:  # noqa: ARG001 - dkimpy passes it
        return record if name == NAME else None

    return bool(dkim.verify(message, dnsfunc=dns))


def test_what_the_mail_server_received_is_signed(
    mail_counterpart: MailCounterpart, job: MakeJob, key_and_record: tuple[Path, bytes]
) -> None:
    key, record = key_and_record
    provider = Smtp(
        host=mail_counterpart.host,
        port=mail_counterpart.port,
        tls="none",
        sender="billing@shop.test",
        signature=DkimSignature("shop.test", "2026", key),
    )
    ubl = Document("1001.xml", "application/xml", b"<Invoice/>")
    outcome = provider.send(job(note=".a line that begins with a dot\n..and two", subject="Ære", attachments=(ubl,)))
    provider.close()
    assert outcome.verdict is Verdict.ACCEPTED
    [taken] = mail_counterpart.taken()
    received = mail_counterpart.message(taken)
    assert b"\r\n.a line" in received
    assert verified(received, record)
    assert not verified(received.replace(b"a line", b"a lime"), record)


def test_the_headers_that_a_receiver_sees_are_signed(tmp_path: Path) -> None:
    signed = DkimSignature("shop.test", "2026", rsa(tmp_path, 1024)).sign(
        b"From: a@shop.test\r\nTo: b@c.test\r\nSubject: s\r\nDate: d\r\nMessage-ID: <1@shop.test>\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    )
    [named] = [part for part in signed.replace(b"\r\n ", b"").split(b";") if part.strip().startswith(b"h=")]
    headers = {one.strip().lower() for one in named.strip().removeprefix(b"h=").split(b":")}
    assert headers >= {b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"}


def test_the_key_stands_in_no_repr(tmp_path: Path) -> None:
    key = rsa(tmp_path, 1024)
    secret = key.read_text().splitlines()[1]
    signature = DkimSignature("shop.test", "2026", key)
    provider = Smtp(host="localhost", port=1, tls="none", sender="a@shop.test", signature=signature)
    assert secret not in repr(signature) + repr(provider)


@pytest.mark.parametrize(("content", "says"), [("nonsense", "no private key"), ("", "no private key")])
def test_a_file_without_a_key_is_an_error_of_its_setting(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "key").write_text(content)
    with pytest.raises(ConfigError, match=f"dkim_key_file .*{says}"):
        DkimSignature("shop.test", "2026", tmp_path / "key")


def test_a_broken_key_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
    with pytest.raises(ConfigError) as wrong:
        DkimSignature("shop.test", "2026", tmp_path / "key")
    assert "c2VjcmV0" not in str(wrong.value)


def test_a_missing_file_is_an_error_of_its_setting(tmp_path: Path) -> None:
    account = {"host": "h", "sender": "a@shop.test", "dkim_domain": "shop.test", "dkim_selector": "2026"}
    settings: Any = account | {"dkim_key_file": tmp_path / "none"}
    with pytest.raises(ConfigError, match="DUEPOST_PROVIDERS__SMTP__DKIM_KEY_FILE cannot be read"):
        adapter("smtp", SmtpAccount(**settings), None)


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="512 bits"):
        DkimSignature("shop.test", "2026", rsa(tmp_path, 512))


@pytest.mark.parametrize("domain", ["", "shop.test; d=evil.test", "shop.test\r\nBcc: a@b.test", "blåbær.test"])
def test_a_domain_is_a_name_in_the_dns(tmp_path: Path, domain: str) -> None:
    with pytest.raises(ConfigError, match="dkim_domain"):
        DkimSignature(domain, "2026", tmp_path / "key")


def test_the_three_settings_go_together() -> None:
    with pytest.raises(ValidationError, match="go together"):
        SmtpAccount(host="h", sender="a@shop.test", dkim_domain="shop.test")

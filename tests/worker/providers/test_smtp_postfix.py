"""Does the adapter understand a real Postfix?"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from duepost.options import Options
from tests.worker.providers.conftest import PDF, Certificate
from tests.worker.providers.postfix import PASSWORD, USER, Postfix, missing, running
from worker.providers.port import Document, Job, Outcome, Verdict
from worker.providers.smtp import Smtp

pytestmark = pytest.mark.postfix
MakeJob = Callable[..., Job]


@pytest.fixture(scope="module")
def postfix(certificate: Certificate) -> Iterator[Postfix]:
    lack = missing()
    if lack is not None:
        pytest.fail(lack) if os.environ.get("CI") else pytest.skip(lack)
    # Not under pytest's own folder, which only its owner may enter: Postfix's parts run as the user postfix.
    base = Path(tempfile.mkdtemp(prefix="duepost-postfix-"))
    base.chmod(0o755)
    try:
        with running(base, certificate.certificate, certificate.key) as server:
            yield server
    finally:
        shutil.rmtree(base)


def try_once(job: Job, **settings: Any) -> Outcome:
    usual: dict[str, Any] = {
        "host": "localhost",
        "tls": "none",
        "sender": "billing@sender.test",
        "command_limit": timedelta(seconds=10),
    }
    provider = Smtp(**(usual | settings))
    try:
        return provider.send(job)
    finally:
        provider.close()


def test_what_postfix_stores_is_the_invoice(postfix: Postfix, job: MakeJob) -> None:
    token = str(uuid4())
    send = job(token=token, to_address="søren@ok.test", subject="Faktura æøå", note=".prik\n.\nslut")
    assert try_once(send, port=postfix.port).verdict is Verdict.ACCEPTED
    stored: Any = message_from_bytes(postfix.wait_for_mail(f"<{token}@sender.test>"), policy=policy.default)
    [document] = stored.iter_attachments()
    assert (document.get_filename(), document.get_content()) == ("Faktura-1001-æøå.pdf", PDF)
    assert stored["Subject"] == "Faktura æøå"
    assert stored.get_body().get_content().splitlines() == [".prik", ".", "slut"]


@pytest.mark.parametrize(
    ("recipient", "verdict", "status", "code"),
    [
        ("busy@reject.test", "transient", 310, 421),
        ("grey@reject.test", "transient", 310, 450),
        ("later@reject.test", "transient", 310, 451),
        ("fullnow@reject.test", "transient", 310, 452),
        ("nobody@reject.test", "refused", 320, 550),
        ("full@reject.test", "refused", 330, 552),
        ("spam@reject.test", "refused", 340, 554),
        ("anna@elsewhere.invalid\u00e6.test", "accepted", 200, 250),
    ],
)
def test_what_postfix_says_to_a_recipient_is_the_outcome(
    postfix: Postfix, job: MakeJob, recipient: str, verdict: str, status: int, code: int
) -> None:
    outcome = try_once(job(to_address=recipient), port=postfix.port)
    assert (outcome.verdict, outcome.status, outcome.reason.values["smtp"]) == (verdict, status, code)


def test_two_receivers_of_one_mail_have_results_of_their_own(postfix: Postfix, job: MakeJob) -> None:
    shown = Options(shown_to="anna@ok.test, nobody@reject.test")
    token = str(uuid4())
    taken = try_once(job(token=token, to_address="anna@ok.test", options=shown), port=postfix.port)
    refused = try_once(job(to_address="nobody@reject.test", options=shown), port=postfix.port)
    assert (taken.status, refused.status) == (200, 320)
    stored = message_from_bytes(postfix.wait_for_mail(f"<{token}@sender.test>"), policy=policy.default)
    assert stored["To"] == "anna@ok.test, nobody@reject.test"


def test_documents_copy_sender_and_read_confirmation_arrive(postfix: Postfix, job: MakeJob) -> None:
    token = str(uuid4())
    ubl = Document("1001.xml", "application/xml", "<Invoice>.æøå\n..</Invoice>".encode())
    options = Options(shown_to="anna@ok.test", copy=True, sender="me@other.test", confirm_read=True)
    send = job(token=token, to_address="boss@ok.test", attachments=(ubl,), options=options)
    assert try_once(send, port=postfix.port).verdict is Verdict.ACCEPTED
    raw = postfix.wait_for_mail(f"<{token}@sender.test>")
    stored: Any = message_from_bytes(raw, policy=policy.default)
    assert [part.get_payload(decode=True) for part in stored.iter_attachments()] == [PDF, ubl.content]
    assert (stored["From"], stored["Sender"], stored["To"]) == ("me@other.test", "billing@sender.test", "anna@ok.test")
    assert stored["Disposition-Notification-To"] == "me@other.test"
    assert stored["Return-Path"] == "<billing@sender.test>"
    # What the server itself writes down of the envelope is no header of ours.
    ours = {name: value for name, value in stored.items() if name not in {"Delivered-To", "X-Original-To", "Received"}}
    assert "boss@" not in str(ours)


def test_a_message_just_under_postfixs_size_is_taken(postfix: Postfix, job: MakeJob) -> None:
    send = job(document=Document("a.pdf", "application/pdf", bytes(728_000)), to_address="anna@ok.test")
    assert try_once(send, port=postfix.port).verdict is Verdict.ACCEPTED


def test_a_refused_recipient_leaves_the_connection_fit_for_the_next(postfix: Postfix, job: MakeJob) -> None:
    provider = Smtp(host="localhost", port=postfix.port, tls="none", sender="billing@sender.test")
    outcomes = [provider.send(job(to_address=to)) for to in ("nobody@reject.test", "anna@ok.test", "anna@ok.test")]
    provider.close()
    assert [outcome.verdict for outcome in outcomes] == [Verdict.REFUSED, Verdict.ACCEPTED, Verdict.ACCEPTED]


def test_a_message_over_postfixs_size_stays_here(postfix: Postfix, job: MakeJob) -> None:
    send = job(document=Document("a.pdf", "application/pdf", bytes(900_000)), to_address="anna@ok.test")
    outcome = try_once(send, port=postfix.port)
    assert (outcome.verdict, outcome.reason.code) == (Verdict.REFUSED, "MESSAGE_TOO_LARGE")


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_verified_certificate_is_trusted(postfix: Postfix, certificate: Certificate, job: MakeJob, tls: str) -> None:
    port = postfix.tls_port if tls == "implicit" else postfix.port
    outcome = try_once(job(to_address="anna@ok.test"), port=port, tls=tls, ca_file=certificate.certificate)
    assert outcome.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_an_unverified_certificate_is_not(postfix: Postfix, job: MakeJob, tls: str) -> None:
    port = postfix.tls_port if tls == "implicit" else postfix.port
    outcome = try_once(job(to_address="anna@ok.test"), port=port, tls=tls)
    assert (outcome.verdict, outcome.reason.code, outcome.alarm) == (Verdict.TRANSIENT, "CERTIFICATE_REFUSED", True)


def test_a_certificate_for_another_name_is_not(postfix: Postfix, certificate: Certificate, job: MakeJob) -> None:
    outcome = try_once(
        job(to_address="anna@ok.test"),
        host="127.0.0.2",
        port=postfix.port,
        tls="starttls",
        ca_file=certificate.certificate,
    )
    assert outcome.verdict is Verdict.TRANSIENT


def test_the_right_password_is_let_in(postfix: Postfix, certificate: Certificate, job: MakeJob) -> None:
    outcome = try_once(
        job(to_address="anna@ok.test"),
        port=postfix.login_port,
        tls="starttls",
        ca_file=certificate.certificate,
        user=f"{USER}@sender.test",
        password=PASSWORD,
    )
    assert outcome.verdict is Verdict.ACCEPTED


def test_the_wrong_password_waits_with_an_alarm(postfix: Postfix, certificate: Certificate, job: MakeJob) -> None:
    outcome = try_once(
        job(to_address="anna@ok.test"),
        port=postfix.login_port,
        tls="starttls",
        ca_file=certificate.certificate,
        user=f"{USER}@sender.test",
        password="wrong",
    )
    assert (outcome.verdict, outcome.alarm, outcome.reason.values["smtp"]) == (Verdict.WAIT, True, 535)


def test_no_password_where_one_is_wanted_is_no_fault_of_the_recipient(postfix: Postfix, job: MakeJob) -> None:
    outcome = try_once(job(to_address="anna@ok.test"), port=postfix.login_port)
    assert outcome.verdict is not Verdict.ACCEPTED

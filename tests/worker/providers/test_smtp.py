"""Does a send reach a mail server as the server asks for it, and not otherwise?"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from duepost.errors import ConfigError
from duepost.options import Options
from sandbox.mail_counterpart import MailCounterpart
from tests.worker.providers.conftest import ID
from tests.worker.providers.mail_script import GREETING, OK, mail
from tests.worker.providers.misbehaving import Talk
from tests.worker.providers.once import smtp, try_once
from worker.providers.port import Document, Job, Verdict
from worker.providers.smtp import Smtp

MakeJob = Callable[..., Job]
EXTENSIONS = b"250-mail.test\r\n250-SIZE 200000\r\n250-DSN\r\n250 SMTPUTF8\r\n"
SHORT = timedelta(seconds=0.4)


@pytest.mark.parametrize(
    ("recipient", "verdict", "status", "code"),
    [
        ("anna@customer.test", "accepted", 200, "ACCEPTED"),
        ("unknown.anna@customer.test", "refused", 320, "MAILBOX_UNKNOWN"),
        ("full.anna@customer.test", "refused", 330, "MAILBOX_FULL"),
        ("spam.anna@customer.test", "refused", 340, "SPAM"),
        ("defer.anna@customer.test", "transient", 310, "TEMPORARY"),
        ("hang.anna@customer.test", "transient", 310, "TIMED_OUT"),
        ("hangup.anna@customer.test", "transient", 310, "CONNECTION_LOST"),
        ("silent.anna@customer.test", "unknown", 300, "TIMED_OUT"),
        ("cut.anna@customer.test", "unknown", 300, "CONNECTION_LOST"),
    ],
)
def test_what_the_server_does_is_the_outcome(
    mail_counterpart: MailCounterpart, job: MakeJob, recipient: str, verdict: str, status: int, code: str
) -> None:
    provider = smtp(mail_counterpart, command_limit=SHORT, final_dot_limit=SHORT)
    outcome = provider.send(job(to_address=recipient))
    provider.close()
    assert (outcome.verdict, outcome.status, outcome.reason.code) == (verdict, status, code)


def test_what_the_server_takes_is_what_was_sent(mail_counterpart: MailCounterpart, job: MakeJob) -> None:
    provider = smtp(mail_counterpart)
    provider.send(job(note=".en\n..to\nslut"))
    provider.close()
    [taken] = mail_counterpart.taken()
    assert (taken.sender, taken.recipient, taken.message_id) == (
        "billing@shop.test",
        "anna@customer.test",
        f"<{ID}@shop.test>",
    )
    assert b"\r\n\r\n.en\r\n..to\r\nslut\r\n" in mail_counterpart.message(taken)


def test_the_servers_queue_id_is_the_reference(job: MakeJob) -> None:
    outcome, _ = try_once(job(), mail("DOT", lambda talk: talk.say(b"250 2.0.0 Ok: queued as 4F2AC0FFEE\r\n")))
    assert (outcome.verdict, outcome.provider_reference) == (Verdict.ACCEPTED, "4F2AC0FFEE")


def test_size_and_dsn_are_asked_for_where_they_are_offered(job: MakeJob) -> None:
    _, heard = try_once(job(token="1+2=3"), mail(ehlo=EXTENSIONS))
    assert heard[0] == b"ehlo shop.test"
    options = heard[1].split(b" ")
    assert options[:2] == [b"MAIL", b"FROM:<billing@shop.test>"]
    assert options[2].startswith(b"SIZE=")
    assert options[3:] == [b"RET=HDRS", b"ENVID=1+2B2+3D3"]
    assert heard[2] == b"RCPT TO:<anna@customer.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;anna@customer.test"


def test_nothing_is_asked_for_that_is_not_offered(job: MakeJob) -> None:
    _, heard = try_once(job(), mail())
    assert heard[1:3] == [b"MAIL FROM:<billing@shop.test>", b"RCPT TO:<anna@customer.test>"]


def test_a_server_without_ehlo_is_greeted_with_helo(job: MakeJob) -> None:
    def old(talk: Talk) -> None:
        talk.say(GREETING)
        for reply in (b"502 5.5.1 what?\r\n", OK, OK, OK, b"354 go on\r\n"):
            talk.hear()
            talk.say(reply)
        talk.hear_message()
        talk.say(OK)

    outcome, heard = try_once(job(), old)
    assert (outcome.verdict, heard[1]) == (Verdict.ACCEPTED, b"helo shop.test")


def test_a_message_over_the_offered_size_is_final_and_stays_here(job: MakeJob) -> None:
    outcome, heard = try_once(job(document=Document("a.pdf", "application/pdf", bytes(200_000))), mail(ehlo=EXTENSIONS))
    assert (outcome.verdict, outcome.status, outcome.reason.code) == (Verdict.REFUSED, 350, "MESSAGE_TOO_LARGE")
    assert outcome.reason.values["largest"] == 200_000
    assert not any(line.startswith(b"MAIL") for line in heard)


def test_a_non_ascii_local_part_uses_smtputf8_where_offered(job: MakeJob) -> None:
    outcome, heard = try_once(job(to_address="søren@customer.test"), mail(ehlo=EXTENSIONS))
    assert outcome.verdict is Verdict.ACCEPTED
    assert heard[1].endswith(b"SMTPUTF8 RET=HDRS ENVID=" + str(ID).encode())
    assert heard[2] == "RCPT TO:<søren@customer.test> NOTIFY=FAILURE,DELAY".encode()


def test_a_non_ascii_local_part_is_final_without_smtputf8(job: MakeJob) -> None:
    outcome, heard = try_once(job(to_address="søren@customer.test"), mail())
    assert (outcome.verdict, outcome.status, outcome.reason.code) == (Verdict.REFUSED, 320, "SMTPUTF8_NOT_OFFERED")
    assert not any(line.startswith(b"MAIL") for line in heard)


def test_a_non_ascii_from_of_the_sends_own_is_final_without_smtputf8(job: MakeJob) -> None:
    outcome, heard = try_once(job(options=Options(sender="søren@shop.test")), mail())
    assert (outcome.status, outcome.reason.code, outcome.reason.field) == (300, "SMTPUTF8_NOT_OFFERED", "From")
    assert not any(line.startswith(b"MAIL") for line in heard)


def test_a_non_ascii_address_of_the_account_waits_for_an_operator_without_smtputf8(job: MakeJob) -> None:
    outcome, heard = try_once(job(), mail(), sender="søren@shop.test")
    assert (outcome.verdict, outcome.status, outcome.alarm) == (Verdict.WAIT, 310, True)
    assert not any(line.startswith(b"MAIL") for line in heard)


def test_another_receivers_non_ascii_address_needs_no_smtputf8(job: MakeJob) -> None:
    shown = Options(shown_to="søren@customer.test, anna@customer.test")
    outcome, _ = try_once(job(options=shown), mail())
    assert outcome.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("ehlo", [EXTENSIONS, b"250 mail.test\r\n"])
def test_a_non_ascii_domain_goes_by_idna(job: MakeJob, ehlo: bytes) -> None:
    outcome, heard = try_once(job(to_address="anna@blåbær.dk"), mail(ehlo=ehlo))
    assert outcome.verdict is Verdict.ACCEPTED
    assert heard[2].startswith(b"RCPT TO:<anna@xn--blbr-roah.dk>")


@pytest.mark.parametrize(
    "address",
    [
        "a@b.test,c@d.test",
        "a@b.test>\r\nRCPT TO:<eve@evil.test",
        "a@b.test\0",
        "a\n@b.test",
        "a@b.test\r",
        "a b@c.test",
        "<a@b.test>",
        "Anna <a@b.test>",
        "a@b@c.test",
        "@b.test",
        "a@",
        "nobody",
        "a@b.test\u2028",
        "a@\ud800.test",
        "a@-.test",
        "a@b.test SIZE=1",
        "a" * 250 + "@b.test",
    ],
)
def test_what_is_not_one_address_is_final_and_never_reaches_the_wire(job: MakeJob, address: str) -> None:
    provider = Smtp(host="127.0.0.1", port=1, tls="none", sender="billing@shop.test")
    outcome = provider.send(job(to_address=address))
    assert (outcome.verdict, outcome.status, outcome.reason.field) == (Verdict.REFUSED, 320, "ToAddress")
    assert outcome.reason.code == "ADDRESS_INVALID"


@pytest.mark.parametrize("address", [None, ""])
def test_a_send_without_address_is_missing_one(job: MakeJob, address: str | None) -> None:
    provider = Smtp(host="127.0.0.1", port=1, tls="none", sender="billing@shop.test")
    assert provider.send(job(to_address=address)).status == 400


def test_a_subject_with_a_line_break_is_final_and_names_its_field(job: MakeJob) -> None:
    provider = Smtp(host="127.0.0.1", port=1, tls="none", sender="billing@shop.test")
    outcome = provider.send(job(subject="Faktura\r\nBcc: eve@evil.test"))
    assert (outcome.verdict, outcome.status, outcome.reason.field) == (Verdict.REFUSED, 300, "Subject")


@pytest.mark.parametrize("bad", ["a@b.test\r\nBcc: eve@evil.test", "a@b.test>\r\nRCPT TO:<eve@evil.test", "a@b.test\0"])
@pytest.mark.parametrize(("field", "option"), [("From", "sender"), ("ToAddress", "shown_to")])
def test_an_address_in_a_header_brings_nothing_along(job: MakeJob, field: str, option: str, bad: str) -> None:
    provider = Smtp(host="127.0.0.1", port=1, tls="none", sender="billing@shop.test")
    outcome = provider.send(job(options=Options(**{option: bad})))  # type: ignore[arg-type]
    assert (outcome.verdict, outcome.reason.field) == (Verdict.REFUSED, field)


def test_a_sender_that_is_no_address_stops_the_process_that_reads_it() -> None:
    with pytest.raises(ConfigError):
        Smtp(host="127.0.0.1", port=1, sender="billing")


def test_a_ca_file_that_holds_no_certificate_stops_the_process_that_reads_it(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(OSError, match=r"(?i)no.certificate"):
        Smtp(host="127.0.0.1", port=1, sender="billing@shop.test", ca_file=tmp_path / "ca.pem")

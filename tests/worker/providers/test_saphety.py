"""Is a document mailed by SIN once, as the send asks, and does each of its answers mean the right?"""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from duepost.options import Options
from duepost.sends import Channel
from sandbox.http_behaviour import Answer, Fault
from sandbox.saphety_counterpart import SaphetyCounterpart
from tests.worker.providers.saphety_account import DOCUMENT, PASSWORD, Said, account, said
from worker.providers.port import Job, Verdict

MakeJob = Callable[..., Job]
# What a client of the vendor's puts on the wire for a resend.
SAMPLE = (
    b'{"OutboundFinancialDocumentId": "fc5e547d-8537-4e05-97d5-1159c62efd6f", "DestinationEmails": '
    b'[{"Email": "sin_api_documentation_user@saphety.com", "SendAttachment": true, "LanguageCode": "PT"}]}'
)
HTML = {"content-type": "text/html"}
PENDING = (Verdict.PENDING, 100, "IN_PROGRESS")
ASTRAY = (Verdict.WAIT, 310, "API_NOT_FOUND")


@pytest.fixture
def point(tmp_path: Path) -> Iterator[SaphetyCounterpart]:
    with SaphetyCounterpart(tmp_path / "sin", password=PASSWORD) as server:
        yield server


@pytest.fixture
def mail(job: MakeJob) -> MakeJob:
    return lambda **changes: job(**{"reference": DOCUMENT} | changes)


def test_the_request_is_the_one_that_the_vendors_clients_make(point: SaphetyCounterpart, mail: MakeJob) -> None:
    address = "sin_api_documentation_user@saphety.com"
    account(point).send(mail(to_address=address, options=Options(language="pt")))
    request = point.requests[-1]
    assert json.loads(request.body) == json.loads(SAMPLE)
    expected = "/Dcn.Sandbox.WebApi/api/OutboundFinancialDocumentMaintenance/sendAdditionalNotifications"
    assert (request.method, request.path) == ("POST", expected)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == f"bearer {point.tokens.given[0]}"


def test_the_login_is_the_one_that_the_vendors_clients_make(point: SaphetyCounterpart, mail: MakeJob) -> None:
    account(point).send(mail())
    login = point.requests[0]
    assert (login.method, login.path) == ("POST", "/Dcn.Sandbox.WebApi/api/Account/getToken")
    assert json.loads(login.body) == {"Username": "shop@example.test", "Password": PASSWORD}


@pytest.mark.parametrize(
    ("attach", "expected"), [(None, True), (("pdf",), True), (("pdf", "other"), True), (("xml",), False), ((), False)]
)
def test_the_pdf_goes_along_unless_the_send_leaves_it_out(
    point: SaphetyCounterpart, mail: MakeJob, attach: tuple[str, ...] | None, *, expected: bool
) -> None:
    account(point).send(mail(options=Options(attach=attach)))
    [email] = json.loads(point.requests[-1].body)["DestinationEmails"]
    assert email["SendAttachment"] is expected


@pytest.mark.parametrize(("asked", "told"), [(None, "PT"), ("en", "EN"), ("pt", "PT"), ("pt-BR", "PT"), ("da", "PT")])
def test_a_language_that_sin_has_no_words_in_is_the_accounts(
    point: SaphetyCounterpart, mail: MakeJob, asked: str | None, told: str
) -> None:
    account(point, language="pt").send(mail(options=Options(language=asked)))
    [email] = json.loads(point.requests[-1].body)["DestinationEmails"]
    assert email["LanguageCode"] == told


def test_words_and_a_from_of_the_sends_own_go_along(point: SaphetyCounterpart, mail: MakeJob) -> None:
    options = Options(sender="billing@shop.test", sender_name="Shop A/S")
    account(point).send(mail(subject="Faktura 1", note="Til Anna & Bo,\nå < b", options=options))
    [email] = json.loads(point.requests[-1].body)["DestinationEmails"]
    assert b64decode(email.pop("Body")).decode() == "<html><body>Til Anna &amp; Bo,<br>\r\nå &lt; b</body></html>"
    usual = {"Email": "anna@customer.test", "SendAttachment": True, "LanguageCode": "EN"}
    own = {"From": "billing@shop.test", "FromDisplayName": "Shop A/S", "Subject": "Faktura 1"}
    assert email == usual | own | {"BodyContentType": "application/html"}


@pytest.mark.parametrize("reference", [None, "", "1001", "fc5e547d-8537-4e05-97d5"])
def test_a_send_whose_reference_is_no_id_of_sins_is_refused_without_a_call(
    point: SaphetyCounterpart, mail: MakeJob, reference: str | None
) -> None:
    outcome = account(point).send(mail(reference=reference))
    assert said(outcome) == (Verdict.REFUSED, 300, "DOCUMENT_MISSING")
    assert outcome.reason.field == "Reference"
    assert account(point).ask(mail(reference=reference)) is None
    assert point.requests == []


@pytest.mark.parametrize("reference", [DOCUMENT.upper(), f" {{{DOCUMENT}}} "])
def test_the_id_may_be_written_as_guids_are(point: SaphetyCounterpart, mail: MakeJob, reference: str) -> None:
    account(point).send(mail(reference=reference))
    assert json.loads(point.requests[-1].body)["OutboundFinancialDocumentId"] == DOCUMENT


def test_without_an_address_nothing_is_called(point: SaphetyCounterpart, mail: MakeJob) -> None:
    assert said(account(point).send(mail(to_address=None))) == (Verdict.REFUSED, 400, "ADDRESS_MISSING")
    assert point.requests == []


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.PRINT])
def test_what_sin_does_not_carry_is_refused(point: SaphetyCounterpart, mail: MakeJob, channel: Channel) -> None:
    assert said(account(point).send(mail(channel=channel.value))) == (Verdict.REFUSED, 300, "CHANNEL_MISMATCH")


def test_a_yes_for_the_address_is_provisional_and_names_the_call(point: SaphetyCounterpart, mail: MakeJob) -> None:
    outcome = account(point).send(mail(to_address="Anna@Customer.test"))
    assert said(outcome) == PENDING
    assert outcome.provider_reference is not None
    assert outcome.provider_reference in (outcome.answer or "")
    assert point.mails() == ["Anna@Customer.test"]


def test_without_polling_a_yes_is_final(point: SaphetyCounterpart, mail: MakeJob) -> None:
    assert said(account(point, poll=False).send(mail())) == (Verdict.ACCEPTED, 200, "ACCEPTED")


def no(code: str, about: str = "null") -> bytes:
    """A refusal, to the byte as SIN writes it."""
    errors = f'[{{"Code":"{code}","Field":{about},"Values":["a",null]}}]'
    return f'{{"CorrelationId":"1","IsValid":false,"Errors":{errors},"Data":null}}'.encode()


YES = b'{"CorrelationId":"1","IsValid":true,"Errors":[],"Data":["anna@customer.test"]}'


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        # any system: 429 and 5xx are tried again; a page of a load balancer says what its status says
        (Answer(429, b"<html>slow down</html>", HTML), (Verdict.WAIT, 310, "THROTTLED")),
        (Answer(503, b"<html>no backend</html>", HTML), (Verdict.TRANSIENT, 310, "TEMPORARY")),
        # a server that broke in its work may have mailed
        (Answer(500, b"<html>Server Error</html>", HTML), (Verdict.UNKNOWN, 300, "TEMPORARY")),
        (Answer(502, b"<html>bad gateway</html>", HTML), (Verdict.UNKNOWN, 300, "GATEWAY_LOST_IT")),
        # a document that SIN does not know; its noes may come with a 4xx
        (Answer(404, no("DOCUMENT_NOT_FOUND")), (Verdict.REFUSED, 300, "NOT_FOUND")),
        (Answer(400, no("INVALID_EMAIL")), (Verdict.REFUSED, 320, "ADDRESS_INVALID")),
        (Answer(400, no("SOME_RULE")), (Verdict.REFUSED, 300, "REFUSED_BY_PROVIDER")),
        (Answer(422, no("SOME_RULE")), (Verdict.REFUSED, 300, "REFUSED_BY_PROVIDER")),
        # what stands before SIN, or elsewhere, refuses no mail
        (Answer(400, b"<html>", HTML), ASTRAY),
        (Answer(404), ASTRAY),
        (Answer(404, b"<html>", HTML), ASTRAY),
        (Answer(404, b'{"Message":"No HTTP resource was found"}'), ASTRAY),
        (Answer(400, YES), ASTRAY),
        (Answer(405, b"<html>", HTML), ASTRAY),
        (Answer(501, b"<html>", HTML), ASTRAY),
        (Answer(200, no("DOCUMENT_NOT_FOUND"), taken=False), (Verdict.REFUSED, 300, "NOT_FOUND")),
        # a no of its own
        (Answer(200, no("INVALID_EMAIL"), taken=False), (Verdict.REFUSED, 320, "ADDRESS_INVALID")),
        (Answer(200, no("OUTBOUND_FINANCIAL_DOCUMENT_ALREADY_SENT")), (Verdict.REFUSED, 300, "REFUSED_BY_PROVIDER")),
        (Answer(200, no("REQUIRED_FILED_IS_EMPTY")), (Verdict.REFUSED, 300, "PROTOCOL")),
        (Answer(200, no("INVALID_ENUM")), (Verdict.REFUSED, 300, "PROTOCOL")),
        (Answer(200, b'{"IsValid":false,"Errors":null,"Data":null}'), (Verdict.REFUSED, 300, "REFUSED_BY_PROVIDER")),
        # a yes, its keys in any case, its content type a wrong one
        (Answer(200, YES, HTML), PENDING),
        (Answer(200, YES.replace(b"IsValid", b"isValid").replace(b"Data", b"data")), PENDING),
        # half a yes, and none
        (Answer(200, YES[:-20]), (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")),
        (Answer(200, YES.replace(b"anna", b"bo")), (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")),
        (Answer(200, YES.replace(b'["anna@customer.test"]', b"null")), (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")),
        (Answer(200, YES.replace(b"true", b"false")), (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")),
        (Answer(200, YES.replace(b"true", b'"yes"')), (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")),
        (Answer(200, b"<!doctype html><title>Log in</title>", HTML), (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")),
        (Answer(200, b"[" * 100_000), (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")),
        (Answer(200, b"\xff\xfe"), (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")),
        (Answer(204), (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")),
        (Answer(302, headers={"location": "http://127.0.0.1:1/"}), ASTRAY),
        (Fault.CUT, (Verdict.UNKNOWN, 300, "CONNECTION_LOST")),
    ],
)
def test_every_answer_means_what_it_says(
    point: SaphetyCounterpart, mail: MakeJob, answer: Answer | Fault, expected: Said
) -> None:
    point.reply("notify", answer)
    assert said(account(point).send(mail())) == expected


def test_a_code_of_theirs_is_kept_and_their_words_stand_in_the_answer_alone(
    point: SaphetyCounterpart, mail: MakeJob
) -> None:
    point.reply("notify", Answer(200, no("SOME_RULE", '"DestinationEmails"').replace(b'"a"', b'"Anna"')))
    outcome = account(point).send(mail())
    assert outcome.reason.values == {"http": 200, "code": "SOME_RULE", "about": "DestinationEmails"}
    assert "Anna" in (outcome.answer or "")


def test_a_silence_after_taking_is_unknown_within_the_deadline(point: SaphetyCounterpart, mail: MakeJob) -> None:
    provider = account(point, total_limit=timedelta(seconds=0.5))
    point.reply("notify", Fault.HANG_TAKEN)
    assert said(provider.send(mail())) == (Verdict.UNKNOWN, 300, "TIMED_OUT")
    assert len(point.taken()) == 1


def test_an_outcome_shows_no_secret_even_where_sin_quotes_it(point: SaphetyCounterpart, mail: MakeJob) -> None:
    provider = account(point)
    provider.send(mail())
    token = point.tokens.given[0]
    quoting = f'{{"CorrelationId":"{token}","IsValid":true,"Errors":[],"Data":["anna@customer.test","{PASSWORD}"]}}'
    point.reply("notify", Answer(200, quoting.encode()))
    outcome = provider.send(mail())
    told = f"{provider!r} {outcome!r} {outcome.answer} {outcome.provider_reference} {outcome.reason.values}"
    assert token not in told
    assert PASSWORD not in told

"""Does the Acumulus adapter ask as its clients do, and take no answer for more than it says?"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from lxml import etree

from duepost.options import Options
from duepost.statuses import Status
from sandbox.acumulus_counterpart import AcumulusCounterpart
from sandbox.acumulus_words import told
from sandbox.http_behaviour import Answer, Fault
from worker.providers.acumulus import Acumulus
from worker.providers.acumulus_request import Contract
from worker.providers.port import Job, Outcome, Verdict

MakeJob = Callable[..., Job]
TOKEN = "JrJ8bS0aTBxFOLn7ClNBYBHNdMJR8d96"
SECRET = "my<secret>&ü"


@pytest.fixture
def acumulus(tmp_path: Path) -> Iterator[AcumulusCounterpart]:
    with AcumulusCounterpart(tmp_path, password=SECRET) as server:
        yield server


@pytest.fixture
def provider(acumulus: AcumulusCounterpart) -> Iterator[Acumulus]:
    contract = Contract("288252", "APIGebruiker12345", SECRET, "errors@shop.test")
    made = Acumulus(contract=contract, url=acumulus.url, language="nl", total_limit=timedelta(seconds=2))
    yield made
    made.close()


@pytest.fixture
def send(job: MakeJob, provider: Acumulus) -> Callable[..., Outcome]:
    """Send one; each argument changes a field of its send."""
    return lambda **changes: provider.send(job(**{"document": None, "reference": TOKEN, **changes}))


def facts(outcome: Outcome) -> tuple[Verdict, Status, str]:
    return outcome.verdict, outcome.status, outcome.reason.code


def asked(acumulus: AcumulusCounterpart) -> etree._Element:
    [request] = acumulus.requests
    [xml] = parse_qs(request.body.decode())["xmlstring"]
    return etree.fromstring(xml.encode())


def test_the_request_is_what_clients_of_acumulus_send(
    acumulus: AcumulusCounterpart, send: Callable[..., Outcome]
) -> None:
    options = Options(
        sender="shop@example.com",
        confirm_read=True,
        attach=("pdf", "xml"),
        internal_note="regel 1\nregel 2\tx",
        provider_documents=("11", "12"),
    )
    outcome = send(kind="reminder", subject="Herinnering & meer", note="Beste klant,\nzie <bijlage>", options=options)
    [request] = acumulus.requests
    assert request.path == "/acumulus/stable/invoices/invoice_mail.php"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    told_of = {element.tag: element.text for element in asked(acumulus).iter() if len(element) == 0}
    assert told_of == {
        "contractcode": "288252",
        "username": "APIGebruiker12345",
        "password": SECRET,
        "emailonerror": "errors@shop.test",
        "emailonwarning": "errors@shop.test",
        "format": "json",
        "testmode": "0",
        "lang": "nl",
        "token": TOKEN,
        "invoicetype": "1",
        "invoicenotes": "regel 1\\nregel 2\\tx",
        "emailto": "anna@customer.test",
        "emailfrom": "shop@example.com",
        "subject": "Herinnering & meer",
        "message": "Beste klant,\\nzie <bijlage>",
        "confirmreading": "1",
        "ubl": "1",
        "docid": "12",
    }
    assert facts(outcome) == (Verdict.ACCEPTED, Status.SENT, "ACCEPTED")
    [mailed] = acumulus.mailed()
    assert (mailed.to, mailed.reminder, mailed.ubl) == ("anna@customer.test", True, True)
    assert (mailed.message, mailed.notes) == ("Beste klant,\nzie <bijlage>", "regel 1\nregel 2\tx")
    assert mailed.documents == ("11", "12")


def test_what_was_not_asked_for_is_left_to_the_template(
    acumulus: AcumulusCounterpart, send: Callable[..., Outcome]
) -> None:
    send()
    mail = asked(acumulus).find("emailaspdf")
    assert mail is not None
    assert {element.tag: element.text for element in mail} == {
        "emailto": "anna@customer.test",
        "confirmreading": "0",
        "ubl": "0",
    }


def test_a_character_that_xml_cannot_have_becomes_a_blank(
    acumulus: AcumulusCounterpart, send: Callable[..., Outcome]
) -> None:
    assert send(note="a\x0bb\ufffe😀").verdict is Verdict.ACCEPTED
    assert acumulus.mailed()[0].message == "a b 😀"


@pytest.mark.parametrize("reference", [None, "", "1001", TOKEN[:-1], TOKEN + "x", "-" * 32])
def test_without_the_invoices_token_nothing_is_asked(
    acumulus: AcumulusCounterpart, send: Callable[..., Outcome], reference: str | None
) -> None:
    assert facts(send(reference=reference)) == (Verdict.REFUSED, Status.ERROR, "INVOICE_TOKEN_MISSING")
    assert acumulus.requests == []


@pytest.mark.parametrize("address", [None, "", " "])
def test_without_an_address_acumulus_does_not_choose_one(
    acumulus: AcumulusCounterpart, send: Callable[..., Outcome], address: str | None
) -> None:
    outcome = send(to_address=address)
    assert facts(outcome) == (Verdict.REFUSED, Status.MISSING_EMAIL_ADDRESS, "ADDRESS_MISSING")
    assert acumulus.requests == []


ADDRESS = ("400 Warning", "X1", "Incorrect email address")
TYPE = ("400 Warning", "GK6FKHU52", "Invalid invoicetype")
ROLE = ("553 Warning", "XUPR7NEC8", "Old role")
OTHER = ("600 Warning", "X2", "The document could not be attached")
DUTCH = ("400 Warning", "X1", "Het opgegeven adres is onjuist")
ACCEPTED = (Verdict.ACCEPTED, Status.SENT, "ACCEPTED")
WRONG = (Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS, "ADDRESS_REFUSED")
DOUBT = (Verdict.UNKNOWN, Status.ERROR, "WARNED")
LATER = (Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "TEMPORARY")
PAGE = (Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "ANSWER_UNREADABLE")
REFUSED = (Verdict.REFUSED, Status.ERROR, "REFUSED_BY_PROVIDER")
LOGIN = (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "CREDENTIALS_REFUSED")
LOST = (Verdict.UNKNOWN, Status.ERROR, "GATEWAY_LOST_IT")
ASTRAY = (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "API_NOT_FOUND")
GONE = (Verdict.REFUSED, Status.ERROR, "NOT_FOUND")


def html(status: int) -> Answer:
    return Answer(status, b"<!DOCTYPE html><title>Sorry</title>", {"content-type": "text/html"})


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        (told(None, 0), ACCEPTED),
        (told(None, 2, warnings=[TYPE]), ACCEPTED),
        (told(None, 2, warnings=[ROLE, TYPE]), ACCEPTED),
        (told(None, 2, warnings=[ADDRESS]), WRONG),
        (told(None, 2, warnings=[TYPE, ADDRESS]), WRONG),
        (told(None, 2, warnings=[DUTCH]), WRONG),
        (told(None, 2, warnings=[OTHER]), DOUBT),
        (told(None, 2), DOUBT),
        (told(None, 1, errors=[("400 Bad Request", "TNFE4035G", "Unknown token")], code=400), GONE),
        (told(None, 1, errors=[("400 Bad Request", "TNFE4035G", "Unknown token")]), GONE),
        (told(None, 1, errors=[("404 Not Found", "X3", "Nothing")], code=404), GONE),
        (told(None, 1, errors=[("403 Forbidden", "AF1001MCS", "No")], code=403), LOGIN),
        (told(None, 1, errors=[("403 Forbidden", "A8N403GCN", "No")]), LOGIN),
        (told(None, 1, errors=[("640 Other", "X4", "No")]), REFUSED),
        (told(None, 1, errors=[("640 A", "X4", "No"), ("641 B", "X5", "No")]), REFUSED),
        (told(None, 3, errors=[("500 Exception", "X6", "Oh")]), LATER),
        (told(None, 3, code=500), LATER),
        (html(200), PAGE),
        (html(500), LOST),
        (Answer(500), LOST),
        (Answer(500, b"<br /><b>Fatal error</b>"), LOST),
        (told(None, 1, errors=[("640 Other", "X4", "No")], code=500), LOST),
        (told(None, 1, errors=[("640 Other", "X4", "No")], code=429), (Verdict.WAIT, LATER[1], "THROTTLED")),
        (told(None, 1, errors=[("640 Other", "X4", "No")], code=503), LATER),
        (told(None, 0, errors=[("640 Other", "X4", "No")]), DOUBT),
        (told(None, 2, errors=[("640 Other", "X4", "No")], warnings=[TYPE]), DOUBT),
        (told(None, 2, warnings=[("600 Warning", "X7", "The e-mail was sent without UBL")]), DOUBT),
        (html(503), PAGE),
        (html(429), (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "THROTTLED")),
        (html(403), (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "CREDENTIALS_REFUSED")),
        (html(502), (Verdict.UNKNOWN, Status.ERROR, "GATEWAY_LOST_IT")),
        (html(504), (Verdict.UNKNOWN, Status.ERROR, "GATEWAY_LOST_IT")),
        (Answer(404), ASTRAY),
        (html(404), ASTRAY),
        (html(302), ASTRAY),
        (Answer(301, headers={"location": "http://127.0.0.1:1/"}), ASTRAY),
        (html(405), ASTRAY),
        (html(400), ASTRAY),
        (Answer(501), ASTRAY),
        (Answer(200, b""), (Verdict.UNKNOWN, Status.ERROR, "ANSWER_UNREADABLE")),
        (Answer(200, b'{"status": '), (Verdict.UNKNOWN, Status.ERROR, "ANSWER_UNREADABLE")),
        (Answer(200, b"<response><status>0"), (Verdict.UNKNOWN, Status.ERROR, "ANSWER_UNREADABLE")),
        (Answer(200, b'{"status": "7"}'), (Verdict.UNKNOWN, Status.ERROR, "ANSWER_UNREADABLE")),
        (Answer(200, b'{"status": 0, "errors": [], "warnings": {}}'), ACCEPTED),
        (Answer(200, b"\xef\xbb\xbf" + told(None, 0).body), ACCEPTED),
        (
            Answer(200, b'<!DOCTYPE response [<!ENTITY a "0">]><response><status>&a;</status></response>'),
            (Verdict.UNKNOWN, Status.ERROR, "ANSWER_UNREADABLE"),
        ),
    ],
)
def test_every_answer_has_its_meaning(
    acumulus: AcumulusCounterpart,
    send: Callable[..., Outcome],
    answer: Answer,
    meant: tuple[Verdict, Status, str],
) -> None:
    acumulus.then(answer)
    assert facts(send()) == meant


def test_a_wrong_base_address_is_the_operators_and_no_sends(
    acumulus: AcumulusCounterpart, provider: Acumulus, job: MakeJob
) -> None:
    astray = replace(provider, url=f"{acumulus.url}/v2")
    outcome = astray.send(job(document=None, reference=TOKEN))
    astray.close()
    assert (facts(outcome), outcome.alarm, outcome.reason.values) == (ASTRAY, True, {"http": 404})


def test_tags_are_in_the_reason(acumulus: AcumulusCounterpart, send: Callable[..., Outcome]) -> None:
    acumulus.then(told(None, 2, warnings=[TYPE, OTHER]))
    assert send().reason.values == {"http": 200, "status": 2, "tags": "GK6FKHU52 X2"}


def test_a_wrong_address_is_a_warning_and_nothing_leaves(
    acumulus: AcumulusCounterpart, send: Callable[..., Outcome]
) -> None:
    assert facts(send(to_address="anna@@customer")) == WRONG
    assert acumulus.mailed() == []


def test_silence_is_in_doubt(acumulus: AcumulusCounterpart, send: Callable[..., Outcome]) -> None:
    assert send(reference=TOKEN[:-3] + "903").verdict is Verdict.UNKNOWN
    assert len(acumulus.mailed()) == 1


@pytest.mark.parametrize(("digits", "first"), [("902", "TEMPORARY"), ("904", "THROTTLED")])
def test_what_fails_for_now_leaves_once(
    acumulus: AcumulusCounterpart, send: Callable[..., Outcome], digits: str, first: str
) -> None:
    assert send(reference=TOKEN[:-3] + digits).reason.code == first
    assert send(reference=TOKEN[:-3] + digits).verdict is Verdict.ACCEPTED
    assert len(acumulus.mailed()) == 1


@pytest.mark.parametrize("digits", ["905", "906"])
def test_neither_xml_nor_a_wrong_content_type_hides_a_yes(send: Callable[..., Outcome], digits: str) -> None:
    assert send(reference=TOKEN[:-3] + digits).verdict is Verdict.ACCEPTED


def test_a_connection_that_breaks_before_anything_was_sent_is_transient(
    acumulus: AcumulusCounterpart, send: Callable[..., Outcome]
) -> None:
    acumulus.then(Fault.RESET)
    assert send().verdict in {Verdict.TRANSIENT, Verdict.UNKNOWN}
    assert acumulus.mailed() == []


def test_the_password_is_in_no_answer_and_no_repr(
    acumulus: AcumulusCounterpart, provider: Acumulus, send: Callable[..., Outcome]
) -> None:
    acumulus.then(Answer(500, f"password {SECRET}".encode()))
    outcome = send()
    assert SECRET not in f"{outcome.answer} {outcome!r} {provider!r} {provider.contract!r}"


def test_words_that_the_ledger_cannot_keep_are_made_so_that_it_can(
    acumulus: AcumulusCounterpart, send: Callable[..., Outcome]
) -> None:
    acumulus.then(
        Answer(200, b'{"status": 2, "warnings": {"warning": {"codetag": "X\\u0000\\ud800", "message": "m"}}}')
    )
    outcome = send()
    f"{outcome.reason.values} {outcome.answer}".encode()
    assert outcome.reason.values["tags"] == "X??"

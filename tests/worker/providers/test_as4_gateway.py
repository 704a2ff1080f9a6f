"""Does an e-invoice reach an access point once, under its own name, and does each word of the answer mean the right?"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

import pytest

from duepost.errors import ConfigError
from duepost.statuses import Status
from sandbox.access_point import UNREGISTERED, UNRESOLVED, AccessPoint
from sandbox.behaviour_file import behave
from sandbox.http_behaviour import Fault
from sandbox.http_standing import HttpStanding
from sandbox.invoice_xml import invoice_xml
from tests.worker.providers.conftest import ID
from worker.providers.as4_gateway import As4Gateway
from worker.providers.port import Document, Job, Outcome, Verdict

TOKEN = "ap-secret"
XML = invoice_xml()
MakeJob = Callable[..., Job]


@pytest.fixture
def access_point(tmp_path: Path) -> Iterator[AccessPoint]:
    with AccessPoint(tmp_path / "ap", token=TOKEN, calls=True) as server:
        yield server


@pytest.fixture
def xml_job(job: MakeJob) -> Job:
    document = Document("1001.xml", "application/xml", XML)
    return job(channel="xml", to_address="5790000435975", document=document)


def gateway(point: AccessPoint, *, token: str = TOKEN, seconds: float = 10) -> As4Gateway:
    limit = timedelta(seconds=seconds)
    return As4Gateway(url=point.url, sender="0184:DK12345674", country="DK", token=token, total_limit=limit)


def said(outcome: Outcome | None) -> tuple[Verdict, int, str] | None:
    return None if outcome is None else (outcome.verdict, outcome.status, outcome.reason.code)


def test_the_document_is_handed_over_under_the_sends_own_token(access_point: AccessPoint, xml_job: Job) -> None:
    outcome = gateway(access_point).send(xml_job)
    [taken] = access_point.taken()
    assert said(outcome) == (Verdict.ACCEPTED, 200, "ACCEPTED")
    assert (taken.key, taken.sha256) == (str(ID), sha256(XML).hexdigest())
    *_, sender, receiver, document, process, country = taken.path.partition("?")[0].split("/")
    assert unquote(sender) == "iso6523-actorid-upis::0184:DK12345674"
    assert unquote(receiver) == "iso6523-actorid-upis::0088:5790000435975"
    assert unquote(document).startswith("busdox-docid-qns::urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::")
    assert unquote(process) == "cenbii-procid-ubl::urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
    assert country == "DK"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("failed",), (Verdict.PENDING, 100, "IN_PROGRESS")),
        (("pending",), (Verdict.PENDING, 100, "IN_PROGRESS")),
        (("sending",), (Verdict.PENDING, 100, "IN_PROGRESS")),
        (("rejected",), (Verdict.REFUSED, 350, "REJECTED")),
        (("permanently_failed",), (Verdict.REFUSED, 330, "NOT_DELIVERED")),
        (("a new word",), (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")),
    ],
)
def test_a_failed_report_is_followed_by_a_question_whose_word_counts(
    tmp_path: Path, xml_job: Job, words: tuple[str, ...], expected: tuple[Verdict, int, str]
) -> None:
    with AccessPoint(tmp_path / "ap", words=words) as point:
        assert said(gateway(point).send(xml_job)) == expected


# Of AS4 and SMP. What AS4 itself faults, connection or security, never reaches us as such: the access point repeats it
# by itself, as `failed`, and calls its own operator.
@pytest.mark.parametrize(
    ("word", "details", "status"),
    [
        ("permanently_failed", UNREGISTERED.format("x", "no NAPTR record"), 320),
        ("permanently_failed", UNRESOLVED.format("x", "y", "z"), 320),
        ("permanently_failed", "Handshake failed. Technical details: " + UNRESOLVED, 330),
        ("failed", UNRESOLVED.format("x", "y", "z") + " [static] - server error", 100),  # it goes on asking
        ("sent", None, 200),
        ("permanently_failed", "Connect to ap.example:443 timed out", 330),
        ("permanently_failed", "TLS version not supported by peer", 330),
        ("permanently_failed", "certificate of the receiver is not registered", 330),
    ],
)
def test_what_the_network_says_of_a_receiver_is_the_sends_status(
    tmp_path: Path, xml_job: Job, word: str, details: str | None, status: int
) -> None:
    with AccessPoint(tmp_path / "ap", words=("pending", word), details=details) as point:
        gateway(point).send(xml_job)
        outcome = gateway(point).ask(xml_job)
    assert outcome is not None
    assert outcome.status == status


def test_a_send_at_work_is_asked_for_until_it_is_sent(tmp_path: Path, xml_job: Job) -> None:
    with AccessPoint(tmp_path / "ap", words=("pending", "sending", "failed", "sent")) as point:
        provider = gateway(point)
        first, *later = provider.send(xml_job), *(provider.ask(xml_job) for _ in range(3))
        assert len(point.taken()) == 1
    assert [one.verdict for one in (first, *later) if one] == [Verdict.PENDING] * 3 + [Verdict.ACCEPTED]


def test_an_instance_id_that_never_came_is_unknown_to_it(access_point: AccessPoint, xml_job: Job) -> None:
    assert gateway(access_point).ask(xml_job) is None


def test_what_it_took_without_answering_is_found_by_asking(access_point: AccessPoint, xml_job: Job) -> None:
    behave(access_point.folder, HttpStanding(Fault.HANG_TAKEN))
    assert gateway(access_point, seconds=0.5).send(xml_job).verdict is Verdict.UNKNOWN
    assert said(gateway(access_point).ask(xml_job)) == (Verdict.ACCEPTED, 200, "ACCEPTED")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, (Verdict.REFUSED, 350, "REJECTED")),
        (404, (Verdict.WAIT, 310, "SENDING_DISABLED")),
        (422, (Verdict.TRANSIENT, 310, "TEMPORARY")),  # and it knows no such transaction
        (429, (Verdict.WAIT, 310, "THROTTLED")),
        (500, (Verdict.UNKNOWN, 300, "GATEWAY_LOST_IT")),  # it may have stored the document: it is asked
        (502, (Verdict.UNKNOWN, 300, "GATEWAY_LOST_IT")),
        (503, (Verdict.TRANSIENT, 310, "TEMPORARY")),
    ],
)
def test_what_http_says_is_what_it_means(
    access_point: AccessPoint, xml_job: Job, status: int, expected: tuple[Verdict, int, str]
) -> None:
    access_point.answer(status)
    assert said(gateway(access_point).send(xml_job)) == expected


def test_a_200_without_a_good_report_is_no_yes(access_point: AccessPoint, xml_job: Job) -> None:
    for body in (b"", b"<html>", b'{"overallSuccess": false}', b"[" * 100_000):
        access_point.answer(200, body)
        assert gateway(access_point).send(xml_job).verdict is Verdict.UNKNOWN


def test_a_404_with_words_says_nothing_about_the_send(access_point: AccessPoint, xml_job: Job) -> None:
    access_point.answer(404, b"no such page")
    assert said(gateway(access_point).ask(xml_job)) == (Verdict.TRANSIENT, 310, "ASKED_IN_VAIN")


def test_a_wrong_token_pauses_the_account_and_is_shown_nowhere(access_point: AccessPoint, xml_job: Job) -> None:
    provider = gateway(access_point, token="wrong-secret")
    outcome = provider.send(xml_job)
    assert said(outcome) == (Verdict.WAIT, 310, "CREDENTIALS_REFUSED")
    assert outcome.alarm
    assert "wrong-secret" not in f"{provider!r}{outcome!r}{outcome.answer}"
    assert access_point.taken() == []


@pytest.mark.parametrize("content", [b"%PDF-1.4", b"<?xml version='1.0'?><Order/>"])
def test_what_is_no_e_invoice_is_refused_without_a_call(
    access_point: AccessPoint, job: MakeJob, content: bytes
) -> None:
    outcome = gateway(access_point).send(job(to_address="5790000435975", document=Document("1", "x/y", content)))
    assert said(outcome) == (Verdict.REFUSED, Status.ERROR, "NOT_AN_EINVOICE")
    assert access_point.requests == []


def test_an_address_that_cannot_be_called_stops_the_process() -> None:
    with pytest.raises(ConfigError):
        As4Gateway(url="https://", sender="0184:DK12345674", country="DK")

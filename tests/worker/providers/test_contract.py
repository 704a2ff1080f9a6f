"""Does every adapter keep the port's promises? A new adapter is one line in ADAPTERS."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from duepost.statuses import Status
from sandbox.http_counterpart import HttpCounterpart
from sandbox.invoice_xml import invoice_xml
from sandbox.mail_counterpart import MailCounterpart
from sandbox.ports import free_port
from tests.worker.providers.misbehaving import Misbehaving, Talk
from worker.providers.as4_gateway import As4Gateway
from worker.providers.gatewayapi import GatewayApi
from worker.providers.http_json import HttpJson
from worker.providers.ipp import Ipp
from worker.providers.kannel import Kannel
from worker.providers.port import Document, Job, Provider, Verdict
from worker.providers.saphety import Saphety
from worker.providers.smtp import Smtp
from worker.providers.twilio import Twilio

SECRET = "correct-horse-battery"
DOCUMENT = "fc5e547d-8537-4e05-97d5-1159c62efd6f"
SHORT = timedelta(seconds=0.4)
SLACK = 0.5  # seconds, on a busy machine
Make = Callable[[str, int], Provider]
MakeJob = Callable[..., Job]

# name -> an adapter for a host and port, with a secret and with short limits
ADAPTERS: dict[str, Make] = {
    "smtp": lambda host, port: Smtp(
        host=host,
        port=port,
        tls="none",
        sender="billing@shop.test",
        user="shop",
        password=SECRET,
        command_limit=SHORT,
        final_dot_limit=SHORT,
    ),
    "smtp with starttls": lambda host, port: Smtp(
        host=host, port=port, sender="billing@shop.test", password=SECRET, command_limit=SHORT, final_dot_limit=SHORT
    ),
    "smtp with implicit tls": lambda host, port: Smtp(
        host=host,
        port=port,
        tls="implicit",
        sender="billing@shop.test",
        password=SECRET,
        command_limit=SHORT,
        final_dot_limit=SHORT,
    ),
    "http": lambda host, port: HttpJson(url=f"http://{host}:{port}/", bearer=SECRET, total_limit=SHORT),
    "kannel": lambda host, port: Kannel(
        url=f"http://{host}:{port}/cgi-bin/sendsms", user="shop", password=SECRET, sender="Acme", total_limit=SHORT
    ),
    "gatewayapi": lambda host, port: GatewayApi(
        url=f"http://{host}:{port}/rest/mtsms", token=SECRET, sender="Acme", total_limit=SHORT
    ),
    "twilio": lambda host, port: Twilio(
        url=f"http://{host}:{port}", sid="AC1", token=SECRET, sender="Acme", total_limit=SHORT
    ),
    "https": lambda host, port: HttpJson(url=f"https://{host}:{port}/", bearer=SECRET, total_limit=SHORT),
    "as4": lambda host, port: As4Gateway(
        url=f"http://{host}:{port}", sender="0184:DK12345674", country="DK", token=SECRET, total_limit=SHORT
    ),
    "ipp": lambda host, port: Ipp(
        uri=f"ipp://{host}:{port}/ipp/print", user="shop", password=SECRET, call_limit=SHORT, print_limit=SHORT
    ),
    "saphety": lambda host, port: Saphety(
        url=f"http://{host}:{port}/Dcn.Sandbox.WebApi", user="shop", password=SECRET, total_limit=SHORT
    ),
}


XML = {"channel": "xml", "to_address": "5790000435975", "document": Document("1.xml", "application/xml", invoice_xml())}
# name -> what its send has otherwise than the usual
JOBS: dict[str, dict[str, object]] = {"as4": XML, "saphety": {"reference": DOCUMENT}}


@pytest.fixture
def job(job: MakeJob, request: pytest.FixtureRequest) -> MakeJob:
    """A send that the adapter under test can deliver."""
    parameters: dict[str, str] = (getattr(request.node, "callspec", None) and request.node.callspec.params) or {}
    usual = JOBS.get(parameters.get("make", ""), {})
    return lambda **changes: job(**usual | changes)


@pytest.fixture(params=ADAPTERS)
def make(request: pytest.FixtureRequest) -> Make:
    return ADAPTERS[request.param]


def test_a_refused_connection_is_transient(make: Make, job: MakeJob) -> None:
    outcome = make("127.0.0.1", free_port()).send(job())
    assert (outcome.verdict, outcome.status) == (Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL)
    assert outcome.reason.code == "CONNECTION_REFUSED"


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "a..b", "x" * 64 + ".test"])
def test_a_host_that_is_not_there_is_transient_within_the_deadline(make: Make, job: MakeJob, host: str) -> None:
    provider = make(host, 25)
    began = time.monotonic()
    assert provider.send(job()).verdict is Verdict.TRANSIENT
    assert time.monotonic() - began < provider.total_deadline.total_seconds() + SLACK


def test_a_hang_ends_within_the_total_deadline(make: Make, job: MakeJob) -> None:
    with Misbehaving(Talk.hang) as server:
        provider = make(server.host, server.port)
        began = time.monotonic()
        outcome = provider.send(job())
        took = time.monotonic() - began
    assert outcome.verdict in {Verdict.TRANSIENT, Verdict.UNKNOWN}
    assert took < provider.total_deadline.total_seconds() + SLACK


def test_a_trickle_ends_within_the_total_deadline(make: Make, job: MakeJob) -> None:
    with Misbehaving(lambda talk: talk.repeat(b"2", pause_seconds=0.05)) as server:
        provider = make(server.host, server.port)
        began = time.monotonic()
        provider.send(job())
        took = time.monotonic() - began
    assert took < provider.total_deadline.total_seconds() + SLACK


@pytest.mark.parametrize("words", [b"\0\0\0\0\r\n\r\n", b"<html>\r\n\r\n", b"2" * 100_000 + b"\r\n", b""])
def test_garbage_is_never_sent_and_never_raises(make: Make, job: MakeJob, words: bytes) -> None:
    with Misbehaving(lambda talk: talk.say(words)) as server:
        outcome = make(server.host, server.port).send(job())
    assert outcome.verdict in {Verdict.TRANSIENT, Verdict.UNKNOWN}


def test_secrets_are_in_no_repr_no_answer_and_no_log(
    make: Make, job: MakeJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    provider = make("127.0.0.1", free_port())
    outcome = provider.send(job())
    told = f"{provider!r} {provider} {outcome!r} {outcome.answer} {caplog.text}"
    assert SECRET not in told
    assert "anna@customer.test" not in f"{provider!r} {outcome!r} {caplog.text}"


@pytest.mark.parametrize("name", ["smtp", "http"])
def test_threads_share_an_adapter(
    name: str, mail_counterpart: MailCounterpart, http_counterpart: HttpCounterpart, job: MakeJob
) -> None:
    ports = {"smtp": mail_counterpart.port, "http": http_counterpart.port}
    makers: dict[str, Callable[[int], Provider]] = {
        "smtp": lambda port: Smtp(host="127.0.0.1", port=port, tls="none", sender="billing@shop.test"),
        "http": lambda port: HttpJson(url=f"http://127.0.0.1:{port}/"),
    }
    provider = makers[name](ports[name])
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda number: provider.send(job(token=f"t{number}")), range(40)))
    provider.close()
    assert {outcome.verdict for outcome in outcomes} == {Verdict.ACCEPTED}
    taken = [*mail_counterpart.taken(), *http_counterpart.taken()]
    assert len(taken) == 40


def test_closing_an_adapter_that_never_sent_is_allowed(make: Make) -> None:
    make("127.0.0.1", 1).close()

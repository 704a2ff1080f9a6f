"""Does every adapter keep the port's promises? A new adapter is one line in ADAPTERS."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import pytest

from config.accounts import ProviderAccount
from sandbox.http_counterpart import HttpCounterpart
from sandbox.invoice_xml import invoice_xml
from sandbox.mail_counterpart import MailCounterpart
from tests.worker.providers.contract import SECRET, SHORT, Contract, Make, MakeJob
from worker.providers.abillify import Abillify
from worker.providers.acumulus import Acumulus
from worker.providers.acumulus_request import Contract as AcumulusContract
from worker.providers.as4_gateway import As4Gateway
from worker.providers.farpay import FarPay
from worker.providers.gatewayapi import GatewayApi
from worker.providers.http_json import HttpJson
from worker.providers.ipp import Ipp
from worker.providers.kannel import Kannel
from worker.providers.port import Document, Provider, Verdict
from worker.providers.saphety import Saphety
from worker.providers.smtp import Smtp
from worker.providers.twilio import Twilio

DOCUMENT = "fc5e547d-8537-4e05-97d5-1159c62efd6f"  # a GUID, as SIN's ids are

# kinds that call nobody, and what holds them to the port instead
ELSEWHERE = {
    "folder": "test_drops.py",
    "sftp": "test_drops.py, against a real sshd: what hangs there is not HTTP or SMTP",
    "einvoice-rules": "test_einvoice_rules.py",
    "print-run": "print_run/: sends gather, and the run is handed over apart from them",
}
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
    "abillify": lambda host, port: Abillify(
        url=f"http://{host}:{port}/api", user="shop", password=SECRET, total_limit=SHORT
    ),
    "acumulus": lambda host, port: Acumulus(
        contract=AcumulusContract("1", "shop", SECRET), url=f"http://{host}:{port}/acumulus/stable", total_limit=SHORT
    ),
    "farpay": lambda host, port: FarPay(url=f"http://{host}:{port}/v2", key=SECRET, total_limit=SHORT),
    "ipp": lambda host, port: Ipp(
        uri=f"ipp://{host}:{port}/ipp/print", user="shop", password=SECRET, call_limit=SHORT, print_limit=SHORT
    ),
    "saphety": lambda host, port: Saphety(
        url=f"http://{host}:{port}/Dcn.Sandbox.WebApi", user="shop", password=SECRET, total_limit=SHORT
    ),
}


XML = {"channel": "xml", "to_address": "5790000435975", "document": Document("1.xml", "application/xml", invoice_xml())}
# name -> what its send has otherwise than the usual
JOBS: dict[str, dict[str, object]] = {
    "as4": XML,
    "acumulus": {"reference": "a" * 32},
    "saphety": {"reference": DOCUMENT},
}


@pytest.fixture
def job(job: MakeJob, request: pytest.FixtureRequest) -> MakeJob:
    """A send that the adapter under test can deliver."""
    parameters: dict[str, str] = (getattr(request.node, "callspec", None) and request.node.callspec.params) or {}
    usual = JOBS.get(parameters.get("make", ""), {})
    return lambda **changes: job(**usual | changes)


@pytest.fixture(params=ADAPTERS)
def make(request: pytest.FixtureRequest) -> Make:
    return ADAPTERS[request.param]


class TestEveryAdapter(Contract):
    """Each line of ADAPTERS."""


def test_every_kind_of_provider_account_is_put_through_it() -> None:
    kinds = {kind.model_fields["kind"].default for kind in get_args(get_args(ProviderAccount)[0])}
    assert kinds - set(ADAPTERS) == set(ELSEWHERE)


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

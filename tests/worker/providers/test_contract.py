"""Does every adapter keep the port's promises? A new adapter is one line in `adapters.py`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import pytest

from config.accounts import ProviderAccount
from sandbox.http_counterpart import HttpCounterpart
from sandbox.mail_counterpart import MailCounterpart
from tests.worker.providers.adapters import ADAPTERS, JOBS, OVER_HTTP
from tests.worker.providers.contract import Contract, Make, MakeJob
from tests.worker.providers.contract_http import Calls, HttpContract
from worker.providers.http_json import HttpJson
from worker.providers.port import Provider, Verdict
from worker.providers.smtp import Smtp

# kinds that call nobody, and what holds them to the port instead
ELSEWHERE = {
    "folder": "test_drops.py: a disk, no host and no answer",
    "einvoice-rules": "test_einvoice_rules.py: an engine in the process",
    "print-run": "print_run/: sends gather, and the run is handed over apart from them",
}


@pytest.fixture
def job(job: MakeJob, request: pytest.FixtureRequest) -> MakeJob:
    """A send that the adapter under test can deliver."""
    parameters: dict[str, str] = (getattr(request.node, "callspec", None) and request.node.callspec.params) or {}
    usual = JOBS.get(parameters.get("make", ""), {})
    return lambda **changes: job(**usual | changes)


@pytest.fixture(params=[name for name in ADAPTERS if name != "sftp"])
def make(request: pytest.FixtureRequest) -> Make:
    return ADAPTERS[request.param]


class TestEveryAdapter(Contract):
    """Each line of ADAPTERS."""


class TestSftp(Contract):
    """The line whose reasons are those of a drop."""

    refused_as = "DROP_FAILED"

    @pytest.fixture
    def make(self) -> Make:
        return ADAPTERS["sftp"]


STEPS = [(name, step) for name, before in OVER_HTTP.items() for step in range(len(before) + 1)]


class TestEveryAdapterOverHttp(HttpContract):
    """Each line of OVER_HTTP, at each of its calls."""

    @pytest.fixture(params=STEPS, ids=lambda step: f"{step[0]}-{step[1]}")
    def calls(self, request: pytest.FixtureRequest) -> Calls:
        name, step = request.param
        return Calls(ADAPTERS[name], OVER_HTTP[name][:step], JOBS.get(name, {}))


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

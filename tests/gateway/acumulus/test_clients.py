"""Do real clients of Acumulus work with the gateway when nothing but their address is changed?"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from acumulus_mcp import server
from acumulus_mcp.client import AcumulusClient
from httpx import HTTPStatusError
from lxml import etree
from mcp.server.fastmcp.exceptions import ToolError

from duepost.options import Options
from duepost.statuses import Status
from tests.gateway.acumulus.conftest import CODE, CONTRACT, PASSWORD, PLACE, TOKEN, UBL, USER, Hold, Kept, document, xml
from tests.gateway.conftest import Serve, Served
from tests.gateway.samples import run_program
from tests.worker.providers.conftest import ID
from worker.providers.acumulus import Acumulus
from worker.providers.acumulus_request import Contract
from worker.providers.port import Job, Outcome, Verdict

Sends = Callable[[], list[Kept]]
MAIL = {"emailto": "klant@example.com", "subject": "Factuur & co", "message": "Hallo\\nwereld", "ubl": True}


@pytest.fixture
def ready(hold: Hold, login: Callable[..., None]) -> None:
    """An invoice with its UBL is held, and the login is known."""
    hold(Attachments=[document(UBL, "ubl.xml")])
    login()


@pytest.fixture
def mcp(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Calls the tool of acumulus-mcp that reaches any function of Acumulus; the client is its own."""
    monkeypatch.setenv("ACUMULUS_CONTRACT_CODE", CODE)
    monkeypatch.setenv("ACUMULUS_USERNAME", USER)
    monkeypatch.setenv("ACUMULUS_API_TOKEN", PASSWORD)

    def call(gateway: Served, fields: dict[str, Any], **more: Any) -> Any:
        async def tool() -> Any:
            async with AcumulusClient(base_url=f"{gateway.url}/acumulus/stable/", **more) as client:
                monkeypatch.setattr(server, "_client", client)
                given = {"api_path": "invoices/invoice_mail.php", "fields": fields}
                said, _ = await server.mcp.call_tool("acumulus_request", given)
                return json.loads(said[0].text)

        return asyncio.run(tool())

    return call


@pytest.mark.usefixtures("ready")
def test_acumulus_mcp_mails_an_invoice(gateway: Served, mcp: Callable[..., Any], sends: Sends) -> None:
    said = mcp(gateway, {"token": TOKEN, "invoicetype": 0, "emailaspdf": MAIL, "docids": {"docid": [11, 12]}})
    assert said["status"] == "0"
    [sent] = sends()
    assert (sent.to_address, sent.subject, sent.note) == ("klant@example.com", "Factuur & co", "Hallo\nwereld")
    assert sent.options["provider_documents"] == ["11", "12"]


@pytest.mark.usefixtures("ready")
def test_acumulus_mcp_reads_a_warning(gateway: Served, mcp: Callable[..., Any], sends: Sends) -> None:
    said = mcp(gateway, {"token": TOKEN, "emailaspdf": {**MAIL, "emailto": "nobody"}})
    assert (said["status"], said["warnings"]["warning"]["codetag"], sends()) == ("2", "DPADDRESS", [])


@pytest.mark.usefixtures("ready")
def test_acumulus_mcp_in_testmode_mails_nothing(gateway: Served, mcp: Callable[..., Any], sends: Sends) -> None:
    assert mcp(gateway, {"token": TOKEN, "emailaspdf": MAIL}, testmode=1)["status"] == "0"
    assert sends() == []


@pytest.mark.usefixtures("ready")
def test_acumulus_mcp_takes_a_400_for_a_passing_trouble(gateway: Served, mcp: Callable[..., Any]) -> None:
    with pytest.raises(ToolError) as raised:
        mcp(gateway, {"token": "0" * 32, "emailaspdf": MAIL}, max_retries=1)
    assert isinstance(raised.value.__cause__, HTTPStatusError)


@pytest.mark.usefixtures("ready")
def test_acumulus_mcp_reads_an_error_that_is_answered_as_200(
    serve: Serve, database_url: str, mcp: Callable[..., Any]
) -> None:
    gateway = serve(database_url, gateway={"errors_as_200": True})
    said = mcp(gateway, {"token": "0" * 32, "emailaspdf": MAIL})
    assert (said["status"], said["errors"]) == ("error", ["Onbekend of ongeldig token."])


@pytest.fixture
def adapter(gateway: Served) -> Iterator[Acumulus]:
    """The adapter by which duepost itself mails at Acumulus."""
    contract = Contract(CODE, USER, PASSWORD, "errors@shop.test")
    with closing(
        Acumulus(contract=contract, url=f"{gateway.url}/acumulus/stable", total_limit=timedelta(seconds=30))
    ) as it:
        yield it


def job(**changes: Any) -> Job:
    """A send as an adapter sees it."""
    usual: dict[str, Any] = {
        "id": ID,
        "token": str(ID),
        "channel": "email",
        "kind": "reminder",
        "invoice": "1001",
        "account": "default",
        "to_address": "anna@customer.example",
        "reference": TOKEN,
        "subject": None,
        "note": None,
        "document": None,
    }
    return Job(**usual | changes)


def facts(outcome: Outcome) -> tuple[Verdict, Status, str]:
    return outcome.verdict, outcome.status, outcome.reason.code


@pytest.mark.usefixtures("ready")
def test_our_own_adapter_mails(adapter: Acumulus, sends: Sends) -> None:
    options = Options(
        sender="shop@example.com",
        confirm_read=True,
        attach=("pdf", "xml"),
        internal_note="a\nb\tc",
        provider_documents=("11",),
    )
    outcome = adapter.send(job(subject="Überfällig", note="Linje 1\nLinje 2", options=options))
    assert facts(outcome) == (Verdict.ACCEPTED, Status.SENT, "ACCEPTED")
    [sent] = sends()
    assert (sent.to_address, sent.kind) == ("anna@customer.example", "reminder")
    assert (sent.subject, sent.note) == ("Überfällig", "Linje 1\nLinje 2")
    assert sent.options["internal_note"] == "a\nb\tc"


@pytest.mark.usefixtures("ready")
def test_our_own_adapter_understands_what_is_wrong(adapter: Acumulus, sends: Sends) -> None:
    assert facts(adapter.send(job(reference="0" * 32)))[0] is Verdict.REFUSED
    wrong = facts(adapter.send(job(to_address="nobody")))
    assert wrong == (Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS, "ADDRESS_REFUSED")
    assert sends() == []


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("form", [["--data-urlencode", "xmlstring@call.xml"], ["--form", "xmlstring=<call.xml"]])
def test_curl_as_the_vendor_shows_it(gateway: Served, tmp_path: Path, sends: Sends, form: list[str]) -> None:
    """The page's own document with contract and token filled in; the answer is the page's, element by element."""
    mail = dict.fromkeys(("emailto", "emailbcc", "emailfrom", "subject", "message", "confirmreading", "ubl"), "")
    tree = {"contract": CONTRACT, "token": TOKEN, "invoicetype": "", "invoicenotes": "", "emailaspdf": mail}
    call = xml({**tree, "docids": {"docid": ["", ""]}})
    (tmp_path / "call.xml").write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{call}\n')
    options = ("--silent", "--show-error", "--fail", "--noproxy", "*")
    said = run_program("curl", *options, *form, gateway.url + PLACE, needs="curl", folder=tmp_path)
    root = etree.fromstring(said.encode())
    assert [(one.tag, one.text) for one in root.iter() if not len(one)] == [
        ("token", TOKEN),
        ("invoicetype", "0"),
        ("count_errors", "0"),
        ("count_warnings", "0"),
        ("status", "0"),
    ]
    assert [one.tag for one in (root, *root)] == ["response", "invoice", "errors", "warnings", "status"]
    assert [one.to_address for one in sends()] == ["contact@example.com"]

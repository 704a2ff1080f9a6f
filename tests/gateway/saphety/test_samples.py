"""Does the Python of SIN's pages run when `server_base_adress` names the gateway?

The fragments of "Resend invoice by email notification" and "Get invoice status transitions", in the pages' order. The
pages build https addresses, so a proxy with a certificate stands before the gateway.
"""

import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine

from sandbox.ports import HOST
from tests.gateway.conftest import Served
from tests.gateway.dialects import happened, hold, register, rename, sends
from tests.gateway.proxy import Proxy
from tests.gateway.samples import moved, run_python
from tests.gateway.saphety.conftest import DOCUMENT, PASSWORD, USER
from tests.worker.providers.conftest import Certificate, certificate

__all__ = ["certificate"]  # the fixture

GET_TOKEN = """
import requests
import json

service_url = "https://" + server_base_adress + "/api/Account/getToken"

payload = {
      'Username': username,
      'Password': password
}
request_data=json.dumps(payload)
headers = {
    'content-type': 'application/json'
}
response = requests.request("POST", service_url, data=request_data, headers=headers)

json_response = json.loads(response.text)
print(json.dumps(json_response, indent=4))
token = json_response["Data"];
"""
NOTIFY = """
service_url = \"\"\"{ServerBaseUrl}/api/OutboundFinancialDocumentMaintenance/sendAditionalNotifications\"\"\".format(
    ServerBaseUrl=server_base_adress
)
service_url = "https://" + service_url
headers = {
    'Content-Type': 'application/json',
    'Authorization': 'bearer ' + token
}
payload = {
  'OutboundFinancialDocumentId': 'fc5e547d-8537-4e05-97d5-1159c62efd6f',
  'DestinationEmails': [{
    'Email': 'sin_api_documentation_user@saphety.com',
    'SendAttachment': True,
    'LanguageCode': 'PT'
  }]
}
request_data=json.dumps(payload)
response = requests.request("POST", service_url, data=request_data, headers=headers)

json_response = json.loads(response.text)
print(json.dumps(json_response, indent=4))
formats = json_response["Data"];
"""
TRANSITIONS = """
outboundFinancialDocumentId = "fc5e547d-8537-4e05-97d5-1159c62efd6f"
service_url = (
    "https://" + server_base_adress + "/api/OutboundFinancialDocument/statusTransitions/" + outboundFinancialDocumentId
)
headers = {
    'Authorization': 'bearer ' + token
}
response = requests.request("GET", service_url, headers=headers)

json_response = json.loads(response.text)
print(json.dumps(json_response["Data"], indent=4))
"""


@pytest.fixture
def proxy(gateway: Served, certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Host and port of the gateway by https, with a certificate that the readers of the page trust."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.certificate))
    with Proxy(gateway, certificate) as server:
        thread = Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield f"{HOST}:{server.server_address[1]}"
        server.shutdown()
        thread.join(30)


@pytest.fixture
def page(gateway: Served, proxy: str, key: str, engine: Engine) -> dict[str, Any]:
    """What the reader of a page has filled in; the document of the page is held."""
    register(engine, "saphety", USER, PASSWORD)
    rename(engine, hold(gateway, key, "FT-1", Email=None), DOCUMENT)
    return {"server_base_adress": f"{proxy}/Dcn.Sandbox.WebApi", "username": USER, "password": PASSWORD}


def envelope(printed: str) -> dict[str, Any]:
    """A yes, as the page shows one."""
    said: dict[str, Any] = json.loads(printed)
    assert list(said) == ["CorrelationId", "IsValid", "Errors", "Data"]
    assert (said["IsValid"], said["Errors"]) == (True, [])
    return said


def test_a_token_is_got(page: dict[str, Any]) -> None:
    assert envelope(run_python(GET_TOKEN, page))["Data"] == page["token"]
    assert page["token"].count(".") == 2


@pytest.mark.parametrize("call", ["sendAditionalNotifications", "sendAdditionalNotifications"])
def test_the_document_is_mailed_by_the_pages_name_of_the_call_and_by_todays(
    page: dict[str, Any], engine: Engine, call: str
) -> None:
    run_python(GET_TOKEN, page)
    said = envelope(run_python(moved(NOTIFY, "sendAditionalNotifications", call), page))
    assert said["Data"] == page["formats"] == [USER]
    assert sends(engine, "to_address, filename, options ->> 'language'") == [(USER, "FT-1.pdf", "pt")]


def test_a_call_that_forgets_its_payload_is_told_what_is_missing(page: dict[str, Any], engine: Engine) -> None:
    """Without the line that serialises it, the login of the fragment before is what goes out."""
    run_python(GET_TOKEN, page)
    said = json.loads(run_python(NOTIFY.replace("request_data=json.dumps(payload)\n", ""), page))
    assert [one["Field"] for one in said["Errors"]] == ["OutboundFinancialDocumentId", "DestinationEmails"]
    assert sends(engine, "to_address") == []


def test_the_transitions_are_read(page: dict[str, Any], engine: Engine) -> None:
    for fragment in (GET_TOKEN, NOTIFY):
        run_python(fragment, page)
    [(send_id,)] = sends(engine, "send.id")
    happened(engine, send_id, (100, 200, "ACCEPTED", None, "2021-11-04 11:54:09"))
    told = json.loads(run_python(TRANSITIONS, page))
    assert [list(one) for one in told] == [
        ["Id", "OutboundFinancialDocumentId", "IntegrationStatus", "PreviousStatus", "StatusDate", "Reason"]
    ] * len(told)
    assert {one["OutboundFinancialDocumentId"] for one in told} == {DOCUMENT}
    assert [(one["PreviousStatus"], one["IntegrationStatus"], one["Reason"]) for one in told] == [
        ("Not_Sent", "Sending", None),
        ("Sending", "Sent", None),
    ]
    assert told[-1]["StatusDate"] == "2021-11-04 12:54:09"

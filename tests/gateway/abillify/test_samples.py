"""Do the samples of Abillify's page "Resend Invoice" run when their address is the gateway's?

The page's curl and Python bring no credentials, so the reader's own files do: `.netrc` and `.curlrc`. Its JavaScript
is a GET with a body, which `fetch` itself refuses, and its Go does not compile.
"""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.gateway.abillify.test_resend import PASSWORD, USER
from tests.gateway.conftest import Served
from tests.gateway.dialects import CUSTOMER, hold, register, sends
from tests.gateway.samples import moved, run_program, run_python

THERE = "https://staging1.abillify.dev/api"
PYTHON = """
import requests

url = "https://staging1.abillify.dev/api/invoices/string/resendInvoice"
body = {
  "data": "123"
}
response = requests.request("POST", url, json = body, headers = {
  "Idempotency-Key": "string",
  "Content-Type": "application/json"
})

print(response.text)
"""
CURL = """
curl -X POST "https://staging1.abillify.dev/api/invoices/string/resendInvoice" \\
  -H "Idempotency-Key: string" \\
  -H "Content-Type: application/json" \\
  -d '{
    "data": "123"
  }'
"""


@pytest.fixture
def here(gateway: Served, key: str, engine: Engine) -> str:
    """The address of the gateway, which knows the login and holds the samples' invoice, `string`."""
    register(engine, "abillify", USER, PASSWORD)
    hold(gateway, key, "string")
    return f"{gateway.url}/api"


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Credentials as `requests` finds them."""
    file = tmp_path / "netrc"
    file.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    monkeypatch.setenv("NETRC", str(file))
    return file


@pytest.fixture
def curlrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Credentials as curl finds them."""
    file = tmp_path / ".curlrc"
    file.write_text(f'user = "{USER}:{PASSWORD}"\nsilent\n')
    monkeypatch.setenv("CURL_HOME", str(tmp_path))
    return file


def job_of(printed: str) -> str:
    """Of an answer as the page shows it."""
    said = json.loads(printed)
    assert list(said) == ["job", "result", "resultcode"]
    assert (said["result"], said["resultcode"]) == ("OK", "0")
    return str(said["job"])


@pytest.mark.usefixtures("netrc")
def test_python_sends_the_invoice_again_and_once_for_its_key(here: str, engine: Engine) -> None:
    sample = moved(PYTHON, THERE, here)
    jobs = {job_of(run_python(sample, {})) for _ in range(2)}
    [(send_id, *sent)] = sends(engine, "send.id, to_address, filename")
    assert (jobs, sent) == ({str(send_id)}, [CUSTOMER, "string.pdf"])


@pytest.mark.usefixtures("curlrc")
def test_curl_sends_the_invoice_again(here: str, engine: Engine, tmp_path: Path) -> None:
    printed = run_program("sh", "-c", moved(CURL, THERE, here), needs="curl", folder=tmp_path)
    [(send_id,)] = sends(engine, "send.id")
    assert job_of(printed) == str(send_id)


def test_without_credentials_the_answer_has_the_pages_form_of_an_error(here: str, engine: Engine, netrc: Path) -> None:
    netrc.write_text("")
    said = json.loads(run_python(moved(PYTHON, THERE, here), {}))
    assert list(said) == ["code", "details", "message", "name", "type"]
    assert (said["code"], said["type"], sends(engine, "send.id")) == (401, "ERR_UNAUTHORIZED", [])

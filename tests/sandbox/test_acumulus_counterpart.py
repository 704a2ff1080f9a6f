"""Does the Acumulus of the sandbox understand what its real clients send?"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from sandbox.acumulus_counterpart import AcumulusCounterpart
from tests.sandbox.program import Program

# a form as clients of Acumulus put it on the wire: any root, empty elements, numbers of further documents
FORM = urlencode(
    {
        "xmlstring": """<?xml version="1.0" encoding="UTF-8"?>
<myxml><format>json</format><testmode>0</testmode><lang>nl</lang><contract><contractcode>1</contractcode>
<username>u</username><password>tok&amp;en</password></contract><token>0123456789abcdefABCDEF0123456789</token>
<invoicetype>0</invoicetype><emailaspdf><emailto>klant@firma.test</emailto><subject>Factuur &amp; co</subject>
<message/></emailaspdf><docids><docid>11</docid><docid>12</docid></docids></myxml>"""
    }
).encode()


@pytest.fixture
def acumulus(tmp_path: Path) -> Iterator[AcumulusCounterpart]:
    with AcumulusCounterpart(tmp_path, password="tok&en") as server:
        yield server


def xml(root: str = "myxml", password: str = "tok&amp;en", token: str = "a" * 32, more: str = "") -> str:  # noqa: S107
    login = f"<contract><contractcode>1</contractcode><username>u</username><password>{password}</password></contract>"
    return f"<{root}>{login}<format>json</format><token>{token}</token>{more}</{root}>"


def post(acumulus: AcumulusCounterpart, document: str, *, form: bool = False) -> requests.Response:
    url = f"{acumulus.url}/invoices/invoice_mail.php"
    if form:
        return requests.post(url, files={"xmlstring": (None, document)}, timeout=10)
    return requests.post(url, data={"xmlstring": document}, timeout=10)


TWO = "<emailaspdf><emailto>a@firma.test; b@firma.test</emailto></emailaspdf>"


@pytest.mark.parametrize("form", [True, False])
@pytest.mark.parametrize("root", ["myxml", "acumulus", "EmailInvoice"])
def test_either_form_and_any_root_are_read(acumulus: AcumulusCounterpart, root: str, form: bool) -> None:  # noqa: FBT001
    assert post(acumulus, xml(root, more=TWO), form=form).json()["status"] == "0"
    assert [one.to for one in acumulus.mailed()] == ["a@firma.test", "b@firma.test"]


def test_one_error_stands_alone_and_none_is_a_count(acumulus: AcumulusCounterpart) -> None:
    said = post(acumulus, xml(token="short"))
    assert said.status_code == 400
    assert said.json()["errors"]["error"]["codetag"] == "TNFE4035G"
    assert said.json()["warnings"] == {"count_warnings": "0"}


def test_a_wrong_password_is_403(acumulus: AcumulusCounterpart) -> None:
    assert post(acumulus, xml(password="x")).status_code == 403


def test_a_wrong_address_is_a_warning_and_no_mail(acumulus: AcumulusCounterpart) -> None:
    said = post(acumulus, xml(more="<emailaspdf><emailto>a@@</emailto></emailaspdf>"))
    assert (said.status_code, said.json()["status"]) == (200, "2")
    assert acumulus.mailed() == []


def test_a_form_as_clients_write_it_is_taken(acumulus: AcumulusCounterpart) -> None:
    url = f"{acumulus.url}/invoices/invoice_mail.php"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    said = requests.post(url, data=FORM, headers=kind, timeout=10)
    assert said.json()["status"] == "0"
    [mailed] = acumulus.mailed()
    assert (mailed.subject, mailed.documents) == ("Factuur & co", ("11", "12"))


def test_it_runs_by_itself(tmp_path: Path) -> None:
    with Program("sandbox.acumulus_counterpart", tmp_path) as program:
        place = f"http://127.0.0.1:{program.port}/acumulus/stable/invoices/nothing.php"
        assert requests.post(place, timeout=10).status_code == 404

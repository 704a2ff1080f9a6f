"""Is every way read in which clients send the XML, and nothing that is dangerous?"""

import socket
from collections.abc import Callable
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from lxml import etree
from sqlalchemy import Engine

from gateway.acumulus.router import LIMIT
from tests.gateway.acumulus.conftest import CONTRACT, PLACE, TOKEN, UBL, Ask, Hold, Kept, document, xml
from tests.gateway.conftest import Served
from tests.gateway.test_sends import count

Sends = Callable[[], list[Kept]]
RECORDED = Path(__file__).parent / "recorded"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CALL = {"contract": CONTRACT, "format": "json", "token": TOKEN, "emailaspdf": {"emailto": "a@example.com"}}
WHOLE = xml(CALL)
DECLARED = '<?xml version="1.0"?>' + WHOLE


def over_the_wire(gateway: Served, request: bytes) -> tuple[int, str, bytes]:
    """These bytes, and nothing else."""
    place = urlsplit(gateway.url)
    assert place.hostname
    with socket.create_connection((place.hostname, place.port or 80), 30) as line:
        line.sendall(request)
        with HTTPResponse(line) as answer:
            answer.begin()
            return answer.status, answer.headers["Content-Type"], answer.read()


def post(gateway: Served, body: bytes | str, path: str = PLACE, headers: Any = FORM) -> Any:
    return gateway.call("POST", path, data=body if isinstance(body, bytes) else body.encode(), headers=headers)


@pytest.mark.parametrize(
    ("name", "password", "media_type", "to"),
    [
        (
            "acumulus-multipart-reminder",
            "mysecret&<ü>",
            "application/json",
            ["a@example.com", "b@example.com", "boekhouding@example.com"],
        ),
        ("acumulus-root-EmailInvoice", "p&w", "text/xml", ["klant@example.com"]),
        ("acumulus-urlencoded", "tok&en", "application/json", ["klant@example.com"]),
    ],
)
def test_a_recorded_request_of_a_real_client_is_taken(
    gateway: Served,
    login: Callable[..., None],
    hold: Hold,
    sends: Sends,
    name: str,
    password: str,
    media_type: str,
    to: list[str],
) -> None:
    login(password)
    hold(number="1", Attachments=[document(UBL, "ubl.xml")])
    hold("qegwDbCcka3sQvzgJCnKyM7IAu0gigtV", "2", Attachments=[document(UBL, "ubl.xml")])
    status, kind, body = over_the_wire(gateway, (RECORDED / f"{name}.bin").read_bytes())
    assert (status, kind.partition(";")[0]) == (200, media_type), body
    assert b'"status": "0"' in body or b"<status>0</status>" in body
    assert [one.to_address for one in sends()] == to


def test_the_reminder_is_read_to_its_last_letter(
    gateway: Served, login: Callable[..., None], hold: Hold, sends: Sends
) -> None:
    login()
    hold()
    over_the_wire(gateway, (RECORDED / "acumulus-multipart-reminder.bin").read_bytes())
    sent = sends()[0]
    assert (sent.kind, sent.subject) == ("reminder", "Herinnering 2026-001 & meer")
    assert sent.note == "Beste klant,\nzie bijlage."
    assert sent.options["internal_note"] == "regel 1\nregel 2\tx\nechte newline"
    assert (sent.options["sender"], sent.options["confirm_read"]) == ("shop@example.com", True)


BOUNDARY = "----------------------------4a25b23323172121"
PART = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="xmlstring"{{more}}\r\n\r\n{{xml}}\r\n'
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
OTHER = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n'
END = f"--{BOUNDARY}--\r\n"


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (FORM, f"xmlstring={quote(WHOLE)}"),
        (FORM, f"other=1&xmlstring={quote(WHOLE)}&xmlstring=second"),
        ({"Content-Type": "Application/X-WWW-Form-URLEncoded; charset=UTF-8"}, f"xmlstring={quote(WHOLE)}"),
        ({}, f"xmlstring={quote(WHOLE)}"),
        (FORM, f"xmlstring={WHOLE}"),  # nothing escaped, and the password has an &
        (FORM, f"xmlstring={quote(xml(CALL, 'acumulus'))}"),
        (FORM, f"xmlstring=%EF%BB%BF{quote(DECLARED)}%0A"),
        (FORM, f"xmlstring=%0A+{quote(DECLARED)}"),
        (MULTIPART, PART.format(more="", xml=WHOLE) + END),
        (MULTIPART, OTHER + PART.format(more='; filename="a.xml"\r\nContent-Type: text/xml', xml=WHOLE) + END),
    ],
    ids=["form", "several fields", "odd type", "no type", "unescaped", "other root", "mark", "blanks", "part", "file"],
)
def test_every_form_is_read(gateway: Served, sends: Sends, headers: Any, body: str) -> None:
    answer = post(gateway, body, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "0"), answer.text
    assert len(sends()) == 1


@pytest.mark.usefixtures("ready")
def test_the_declaration_says_which_characters_they_are(gateway: Served, sends: Sends) -> None:
    call = xml({**CALL, "emailaspdf": {"emailto": "a@example.com", "subject": "Café"}})
    answer = post(
        gateway, "xmlstring=" + quote(('<?xml version="1.0" encoding="ISO-8859-1"?>' + call).encode("latin-1"))
    )
    assert answer.json()["status"] == "0"
    assert sends()[0].subject == "Café"


@pytest.mark.usefixtures("ready")
def test_any_order_will_do(gateway: Served, sends: Sends) -> None:
    assert post(gateway, f"xmlstring={quote(xml(dict(reversed(CALL.items()))))}").json()["status"] == "0"
    assert len(sends()) == 1


@pytest.mark.parametrize("tree", ["stable", "dev", "v3"])
def test_any_tree_will_do(ask: Ask, tree: str) -> None:
    assert ask(path=f"/acumulus/{tree}/invoices/invoice_mail.php").json()["status"] == "0"


@pytest.mark.parametrize(
    ("of_xml", "query", "media_type"),
    [
        ("json", "", "application/json"),
        ("JSON", "?format=xml", "application/json"),
        ("xml", "?format=json", "text/xml"),
        (None, "?format=json", "application/json"),
        (None, "?format=other", "text/xml"),
        ("other", "", "text/xml"),
        (None, "", "text/xml"),
    ],
)
def test_the_xml_says_the_format_before_the_query(ask: Ask, of_xml: str | None, query: str, media_type: str) -> None:
    answer = ask(path=PLACE + query, format=of_xml)
    assert answer.headers["Content-Type"].partition(";")[0] == media_type


def test_the_xml_answer_has_the_shape_of_the_page(ask: Ask) -> None:
    answer = ask(format="xml", invoicetype=9)
    root = etree.fromstring(answer.content)
    assert [one.tag for one in root] == ["invoice", "errors", "warnings", "status"]
    assert root.findtext("invoice/token") == TOKEN
    assert root.findtext("invoice/invoicetype") == "0"
    assert [one.tag for one in root.iterfind("warnings/*")] == ["warning", "count_warnings"]
    assert [one.tag for one in root.iterfind("warnings/warning/*")] == ["code", "codetag", "message"]
    assert (root.findtext("errors/count_errors"), root.findtext("warnings/count_warnings")) == ("0", "1")
    assert root.findtext("status") == "2"


def test_several_errors_are_a_list(ask: Ask) -> None:
    answer = ask(emailaspdf={"emailto": "a@example.com", "subject": "x" * 300, "message": "y" * 20_000})
    errors = answer.json()["errors"]
    assert errors["count_errors"] == "2"
    assert [one["message"].partition(" ")[0] for one in errors["error"]] == ["subject", "message"]


BOMB = "<!DOCTYPE a [<!ENTITY b 'bbbbbbbb'>]>" + WHOLE.replace("a@example.com", "&b;@example.com")
FETCHED = "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>" + WHOLE.replace("a@example.com", "&b;")


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"xmlstring",
        b"xmlstring=",
        b"other=1",
        b"xmlstring=%00",
        b"xmlstring=<myxml>",
        b"xmlstring=" + quote("<myxml>").encode(),
        b"xmlstring=" + quote(BOMB).encode(),
        b"xmlstring=" + quote(FETCHED).encode(),
        b"xmlstring=" + BOMB.encode(),
        b"xmlstring=" + quote("<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'>" + WHOLE).encode(),
        b"xmlstring=" + b"<a>" * 200 + b"</a>" * 200,
        b"&".join([b"a=1"] * 100),
        b"\xff\xfe\x00",
        WHOLE.encode(),
    ],
)
def test_what_is_no_xml_or_dangerous_is_an_error(gateway: Served, engine: Engine, body: bytes) -> None:
    answer = post(gateway, body, f"{PLACE}?format=json")
    assert (answer.status_code, answer.json()["status"]) == (400, "1"), answer.text
    assert count(engine, "send") == 0


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", PART.format(more="", xml=WHOLE) + END),
        (MULTIPART["Content-Type"], PART.format(more="", xml=WHOLE)),
        (MULTIPART["Content-Type"], PART.format(more="", xml=WHOLE) + f"--{BOUNDARY}"),
        (MULTIPART["Content-Type"], OTHER * 50 + PART.format(more="", xml=WHOLE) + END),
        (MULTIPART["Content-Type"], PART.format(more="\r\nX: " + "y" * 10_000, xml=WHOLE) + END),
        ("multipart/form-data; boundary=" + "b" * 300, "x"),
        ("multipart/form-data; boundary=", "x"),
        ('multipart/form-data; boundary="', "x"),
    ],
)
def test_a_broken_or_swollen_form_is_an_error(gateway: Served, engine: Engine, kind: str, body: str) -> None:
    answer = post(gateway, body, f"{PLACE}?format=json", {"Content-Type": kind})
    assert (answer.status_code, answer.json()["errors"]["error"]["codetag"]) == (400, "DPFORM")
    assert count(engine, "send") == 0


def test_a_body_past_the_limit_is_an_error(gateway: Served) -> None:
    answer = post(gateway, b"xmlstring=" + b"x" * LIMIT, f"{PLACE}?format=json")
    assert (answer.status_code, answer.json()["errors"]["error"]["codetag"]) == (400, "DPLARGE")


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_to_fetch_the_xml_from_is_refused(gateway: Served, engine: Engine, method: str) -> None:
    query = "?format=json&xmlfile=http://127.0.0.1:1/a.xml"
    answer = gateway.call(method, PLACE + query, data={"xmlstring": WHOLE} if method == "POST" else None)
    assert (answer.status_code, answer.json()["errors"]["error"]["codetag"]) == (400, "DPXMLFILE")
    within = post(gateway, f"xmlfile=http://127.0.0.1:1/a.xml&xmlstring={quote(WHOLE)}", f"{PLACE}?format=json")
    assert (within.status_code, within.json()["errors"]["error"]["codetag"]) == (400, "DPXMLFILE")
    assert count(engine, "send") == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/acumulus/stable/invoices/invoice_add.php"),
        ("GET", "/acumulus/stable/picklists/picklist_accounts.php"),
        ("PUT", PLACE),
        ("GET", "/acumulus/"),
    ],
)
def test_a_script_that_is_not_here_is_a_page(gateway: Served, method: str, path: str) -> None:
    answer = gateway.call(method, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")

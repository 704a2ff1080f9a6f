"""Does a client that speaks XML get XML, and JSON otherwise?"""

import pytest
from lxml import etree

from tests.gateway.farpay.conftest import SEND, Client

XML = {"Content-Type": "application/xml"}
BODY = """<?xml version="1.0" encoding="utf-8"?>
<Invoice xmlns="http://schemas.example/invoice" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
  <InvoiceNumber>77</InvoiceNumber><InvoiceAmount>125.50</InvoiceAmount><Buyer i:nil="true"/>
  <Recepient><Name>Ærø &amp; Co</Name><Email>anna@customer.dk</Email></Recepient>
  <InvoiceLines><InvoiceLine><Amount>1</Amount></InvoiceLine><InvoiceLine><Amount>2</Amount></InvoiceLine></InvoiceLines>
  <Send><Channel>Email</Channel><Status>Queue</Status></Send>
</Invoice>"""


def test_an_invoice_in_xml_is_answered_in_xml(client: Client) -> None:
    answer = client.call("POST", "", data=BODY.encode(), headers=XML)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    root = etree.fromstring(answer.content)
    assert root.tag == "Invoice"
    assert [one.text for one in root.iterfind("InvoiceLines/InvoiceLine/Amount")] == ["1", "2"]
    assert [root.findtext(path) for path in ("InvoiceAmount", "Recepient/Name", "SendStatus", "Send/ToAddress")] == [
        "125.50",
        "Ærø & Co",
        "100",
        "anna@customer.dk",
    ]
    assert client.get(root.findtext("Id"))["InvoiceLines"] == [{"Amount": "1"}, {"Amount": "2"}]


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        ({}, "json"),
        ({"Accept": "application/xml"}, "xml"),
        ({"Accept": "application/json, application/xml"}, "json"),
        ({"Accept": "text/xml;q=1, application/json;q=0.5"}, "xml"),
        ({"Accept": "*/*", "Content-Type": "application/json"}, "json"),
    ],
)
def test_accept_says_the_form(client: Client, headers: dict[str, str], form: str) -> None:
    made = client.create()
    for method, path in [("GET", f"/{made['Id']}"), ("GET", ""), ("GET", "/1"), ("DELETE", "")]:
        answer = client.call(method, path, headers=headers)
        assert answer.headers["Content-Type"] == f"application/{form}; charset=utf-8"
        if form == "xml":
            assert etree.fromstring(answer.content).tag in {"Invoice", "ArrayOfInvoiceReference", "Error"}


def test_a_list_and_an_error_in_xml(client: Client) -> None:
    client.create()
    listed = etree.fromstring(client.call("GET", "", headers={"Accept": "application/xml"}).content)
    assert [one.findtext("SendStatus") for one in listed.iterfind("InvoiceReference")] == ["Queue"]
    wrong = Client(client.served, "wrong").call("GET", "", headers={"Accept": "application/xml"})
    assert etree.fromstring(wrong.content).findtext("Message") == "9000::X-API-KEY is not authenticated"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<a>",
        "<a>text</a>",
        "<a><b/><b/></a>",
        "<a>" * 300 + "</a>" * 300,
        '<!DOCTYPE a [<!ENTITY e "x">]><a><b>&e;</b></a>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a><InvoiceNumber>&e;</InvoiceNumber></a>',
    ],
)
def test_xml_that_is_none_or_a_trap_is_refused(client: Client, body: str) -> None:
    answer = client.call("POST", "", data=body.encode(), headers=XML)
    assert answer.status_code == 400
    assert str(etree.fromstring(answer.content).findtext("Message")).startswith("10000::")


def test_a_byte_order_mark_is_passed_over(client: Client) -> None:
    assert client.call("POST", "", data=b'\xef\xbb\xbf{"InvoiceNumber": "1"}').status_code == 200
    marked = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><Invoice><InvoiceNumber>2</InvoiceNumber></Invoice>'
    assert client.call("POST", "", data=marked, headers=XML).status_code == 200


def test_what_xml_cannot_say_is_left_out(client: Client) -> None:
    made = client.create(SEND, **{"a b": 1, "Note\0": "x", "Text": "a\0b\x0b", "Flag": True, "List": [1, None]})
    answer = client.call("GET", f"/{made['Id']}", headers={"Accept": "application/xml"})
    root = etree.fromstring(answer.content)
    assert [root.findtext("Text"), root.findtext("Flag"), root.findtext("List/Item")] == ["ab", "true", "1"]
    assert client.get(made["Id"])["Text"] == "a\0b\x0b"

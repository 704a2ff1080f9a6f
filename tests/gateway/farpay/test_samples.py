"""Do the samples of FarPay's page about the `Send` node run when their address is the gateway's?"""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from requests import Response
from sqlalchemy import Engine

from duepost.statuses import Status
from sandbox.invoice_xml import invoice_xml
from tests.gateway.conftest import ZONE, Serve
from tests.gateway.dialects import sends
from tests.gateway.farpay.conftest import INVOICE, Client, message, ok
from tests.gateway.samples import moved, run_program, run_python
from tests.papers import PDF

THERE = "https://api.farpay.io"
CREATE_IN_PYTHON = """
import requests
from datetime import datetime, timedelta

def create_invoice_with_send(invoice_data, send_config, api_key):
    invoice_with_send = {
        **invoice_data,
        "Send": send_config
    }
    response = requests.post(
        'https://api.farpay.io/v2/invoices',
        headers={
            'X-API-KEY': api_key,
            'Content-Type': 'application/json'
        },
        json=invoice_with_send
    )
    return response.json()

invoice_data = {
    "CustomerNumber": "12345",
    "InvoiceNumber": "INV-001",
    "Amount": 125.50,
    "Currency": "DKK",
    "DueDate": "2023-02-15",
    "Description": "Monthly subscription"
}
tomorrow = datetime.now() + timedelta(days=1)
schedule_time = tomorrow.strftime("%Y-%m-%d 10:00")
email_send_config = {
    "Channel": "Email",
    "Status": "Queue",
    "ToAddress": "accounts@customer.dk ",
    "ScheduleSendDate": schedule_time,
    "Note": "Please find your invoice attached."
}
result = create_invoice_with_send(invoice_data, email_send_config, 'your-api-key')
print('Invoice created with email delivery:', result)
"""
CREATE_IN_JAVASCRIPT = """
async function createInvoiceWithSend(invoiceData, sendConfig) {
  const invoiceWithSend = {
    ...invoiceData,
    Send: sendConfig
  };
  const response = await fetch('https://api.farpay.io/v2/invoices', {
    method: 'POST',
    headers: {
      'X-API-KEY': 'your-api-key',
      'Content-Type': 'application/json'
    },
    body: JSON.stringify(invoiceWithSend)
  });
  return await response.json();
}
const invoiceData = {
  CustomerNumber: "12345",
  InvoiceNumber: "INV-001",
  Amount: 125.50,
  Currency: "DKK",
  DueDate: "2023-02-15",
  Description: "Monthly subscription"
};
const smsSendConfig = {
  Channel: "SMS",
  Status: "Queue",
  ToAddress: "+4533445566",
  ScheduleSendDate: "2024-05-31 15:55",
  Note: "Your invoice is ready for payment"
};
createInvoiceWithSend(invoiceData, smsSendConfig)
  .then(result => {
    console.log('Invoice created with SMS delivery:', result);
  })
  .catch(error => {
    console.error('Failed to create invoice:', error);
  });
"""
ASK_IN_JAVASCRIPT = """
async function checkSendStatus(invoiceId) {
  const response = await fetch(`https://api.farpay.io/v2/invoices/${invoiceId}`, {
    headers: {
      'X-API-KEY': 'your-api-key',
      'Accept': 'application/json'
    }
  });
  const invoice = await response.json();
  return invoice.SendStatus;
}
const status = await checkSendStatus(12345);
console.log('Send status:', status);
if (status === 200) {
  console.log('Invoice sent successfully');
} else if (status >= 300) {
  console.log('Send error occurred');
}
"""


def run_javascript(sample: str, folder: Path) -> str:
    (folder / "sample.mjs").write_text(sample)
    return run_program("node", "sample.mjs", needs="node", folder=folder)


def test_python_creates_an_invoice_that_is_mailed_tomorrow_at_ten(client: Client, engine: Engine) -> None:
    names: dict[str, Any] = {}
    printed = run_python(moved(CREATE_IN_PYTHON, THERE, client.served.url), names)
    assert printed.startswith("Invoice created with email delivery: {'CustomerNumber': '12345', ")
    made = names["result"]
    assert made == client.get(made["Id"])
    assert (made["SendStatus"], made["Send"]["Status"]) == (100, "Queue")
    wanted = datetime.strptime(names["schedule_time"], "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(ZONE))
    assert made["Send"]["ScheduleSendDate"] == f"{wanted.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert sends(engine, "invoice, to_address, note, due_at") == [
        ("INV-001", "accounts@customer.dk", "Please find your invoice attached.", wanted)
    ]


def test_javascript_creates_an_invoice_that_goes_by_sms(client: Client, engine: Engine, tmp_path: Path) -> None:
    printed = run_javascript(moved(CREATE_IN_JAVASCRIPT, THERE, client.served.url), tmp_path)
    assert printed.startswith("Invoice created with SMS delivery: {")
    assert "SendStatus: 100," in printed
    assert sends(engine, "invoice, channel, to_address, note") == [
        ("INV-001", "sms", "+4533445566", "Your invoice is ready for payment")
    ]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.SENT, "Send status: 200\nInvoice sent successfully\n"),
        (Status.EMAIL_REJECTED, "Send status: 350\nSend error occurred\n"),
    ],
)
def test_javascript_asks_for_the_send_status(
    client: Client, deliver: Callable[..., int], tmp_path: Path, status: Status, said: str
) -> None:
    made = client.create()
    sample = moved(moved(ASK_IN_JAVASCRIPT, THERE, client.served.url), "12345", str(made["Id"]))
    assert run_javascript(sample, tmp_path) == "Send status: 100\n"
    assert deliver(status) == 1
    assert run_javascript(sample, tmp_path) == said


def posted(client: Client, document: bytes, **send: str) -> Response:
    """An invoice with a Send node of the page."""
    brought = {"Filename": "INV-001", "Data": b64encode(document).decode()}
    return client.call("POST", "", json={**INVOICE, "PdfInvoice": brought, "Send": {**send, "Status": "Queue"}})


@pytest.mark.parametrize(
    "send",
    [
        {"Channel": "SMS", "ToAddress": "+4533445566", "ScheduleSendDate": "2024-05-31 15:55", "Note": "Here it is!"},
        {"Channel": "Email", "ToAddress": "a@b.dk ", "ScheduleSendDate": "2024-05-31 10:00", "Note": "Attached."},
        {"Channel": "Print", "ScheduleSendDate": "2024-05-31 08:00"},
    ],
    ids=lambda one: str(one["Channel"]),
)
def test_the_send_nodes_of_the_page_are_accepted(client: Client, engine: Engine, send: dict[str, str]) -> None:
    assert ok(posted(client, PDF, **send))["SendStatus"] == 100
    assert sends(engine, "channel") == [(send["Channel"].lower(),)]


@pytest.mark.usefixtures("login")
def test_the_pages_gln_has_a_wrong_check_digit_and_goes_where_that_is_only_warned_of(
    client: Client, serve: Serve, database_url: str, engine: Engine
) -> None:
    node = {"Channel": "XML", "ToAddress": "5790000123456", "ScheduleSendDate": "2024-05-31 09:00"}
    assert message(posted(client, invoice_xml(), **node))[1].startswith(
        "10000::ToAddress is a GLN with a wrong check digit"
    )
    lenient = Client(serve(database_url, gln_check="warn"), client.key)
    assert ok(posted(lenient, invoice_xml(), **node))["SendStatus"] == 100
    assert sends(engine, "channel, to_address") == [("xml", "5790000123456")]

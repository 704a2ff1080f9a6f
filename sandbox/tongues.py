"""How does a billing app that speaks one of the four systems' APIs hand an invoice over? As their clients would."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import requests

from duepost.errors import Refused

SECONDS = 30.0
SAPHETY = "Dcn.Sandbox.WebApi/api"
ACUMULUS = "acumulus/stable/invoices/invoice_mail.php"
EACH = 25  # invoices of a thousand that come by each tongue


@dataclass(frozen=True)
class Invoice:
    """A line of the month-end file by e-mail, and its PDF."""

    number: str
    address: str
    subject: str
    note: str
    pdf: bytes = field(repr=False)

    @property
    def data(self) -> str:
        """The PDF as JSON carries it."""
        return base64.b64encode(self.pdf).decode()


@dataclass(frozen=True)
class Speaker:
    """A billing app. url: of the gateway. key: opens it, and is the password wherever a system wants one."""

    url: str
    key: str = field(repr=False)
    session: requests.Session = field(repr=False)

    def farpay(self, one: Invoice) -> None:
        """POST /v2/invoices with a Send node."""
        send = {"Channel": "Email", "Status": "Queue", "ToAddress": f"{one.address} ", "Note": one.note}
        invoice = {
            "InvoiceNumber": one.number,
            "Currency": "DKK",
            "Amount": 1250.00,
            "PdfInvoice": {"Filename": f"invoice-{one.number}.pdf", "Data": one.data},
            "Send": send,
        }
        answer = self._post("v2/invoices", json=invoice, headers={"X-API-KEY": self.key})
        _expect(answer.json().get("SendStatus") == 100, "FarPay", answer)

    def saphety(self, one: Invoice) -> None:
        """getToken, then an additional notification of a document that the gateway holds."""
        guid = self._held(one)["guid"]
        login = self._post(f"{SAPHETY}/Account/getToken", json={"Username": "demo", "Password": self.key}).json()
        body = base64.b64encode(one.note.encode()).decode()
        email = {
            "Email": one.address,
            "SendAttachment": True,
            "LanguageCode": "PT",
            "Subject": one.subject,
            "Body": body,
        }
        answer = self._post(
            f"{SAPHETY}/OutboundFinancialDocumentMaintenance/sendAdditionalNotifications",
            json={"OutboundFinancialDocumentId": guid, "DestinationEmails": [email]},
            headers={"Authorization": f"bearer {login['Data']}"},
        )
        _expect(answer.json()["IsValid"], "Saphety", answer)

    def abillify(self, one: Invoice) -> None:
        """resendInvoice, to the address that the document has."""
        self._held(one)
        headers = {"Idempotency-Key": f"month-end-{one.number}"}
        answer = self._post(
            f"api/invoices/{one.number}/resendInvoice", json={}, auth=("demo", self.key), headers=headers
        )
        _expect(answer.json().get("resultcode") == "0", "Abillify", answer)

    def acumulus(self, one: Invoice) -> None:
        """invoice_mail.php."""
        token = self._held(one)["token"]
        words = {"emailto": one.address, "subject": one.subject, "message": one.note.replace("\n", "\\n")}
        mail = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in words.items())
        login = f"<contractcode>1</contractcode><username>demo</username><password>{self.key}</password>"
        xml = f"<myxml><format>json</format><contract>{login}</contract><token>{token}</token>"
        xml += f"<emailaspdf>{mail}</emailaspdf></myxml>"
        answer = self._post(ACUMULUS, data={"xmlstring": xml})
        _expect(str(answer.json().get("status")) == "0", "Acumulus", answer)

    def _held(self, one: Invoice) -> Mapping[str, Any]:
        """The names of an invoice that the gateway is given to hold."""
        invoice = {
            "InvoiceNumber": one.number,
            "Email": one.address,
            "Document": {"Filename": f"invoice-{one.number}.pdf", "Data": one.data},
        }
        answer = self._post("v1/invoices", json=invoice, headers={"Authorization": f"Bearer {self.key}"})
        _expect(answer.status_code == 201, "the gateway", answer)
        held: Mapping[str, Any] = answer.json()
        return held

    def _post(self, path: str, **more: Any) -> requests.Response:
        return self.session.post(f"{self.url}/{path}", timeout=SECONDS, **more)


# tongue -> how an invoice is handed over in it
TONGUES: Mapping[str, Callable[[Speaker, Invoice], None]] = {
    "FarPay": Speaker.farpay,
    "Saphety": Speaker.saphety,
    "Abillify": Speaker.abillify,
    "Acumulus": Speaker.acumulus,
}


def speak(url: str, key: str, file: Path, *, each: int = EACH) -> dict[str, int]:
    """Hand over the first invoices by e-mail of the file, so many in each tongue; returns how many in which.

    Raises: Refused with the first answer that is no yes.
    """
    spoken: dict[str, int] = {}
    with requests.Session() as session, file.open(encoding="utf-8") as lines:
        session.trust_env = False
        speaker = Speaker(url, key, session)
        rows = (row for row in map(json.loads, lines) if _plain(row))
        for name, tongue in TONGUES.items():
            for row in islice(rows, each):
                tongue(speaker, _invoice(row, file.parent))
                spoken[name] = spoken.get(name, 0) + 1
    return spoken


def _plain(row: Mapping[str, str]) -> bool:
    """By e-mail, at once and with nothing that only one of the systems could say."""
    return row["Channel"].lower() == "email" and "Lane" not in row and "ScheduleSendDate" not in row


def _invoice(row: Mapping[str, str], folder: Path) -> Invoice:
    pdf = (folder / row["Document"]).read_bytes()
    return Invoice(row["InvoiceNumber"], row["ToAddress"].strip(), row["Subject"], row["Note"], pdf)


def _expect(fits: bool, who: str, answer: requests.Response) -> None:  # noqa: FBT001 - what was found out
    if not fits:
        raise Refused(f"{who} answered {answer.status_code}: {answer.text[:300]}")

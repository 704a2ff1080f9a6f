"""What has the FarPay counterpart really been given to send, and how does each invoice stand?"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.append_only import AppendOnlyFile, read_records

FIRST_ID = 10_000_001  # FarPay's have eight digits
UNSENT = "0001-01-01T00:00:00"
ZONE = ZoneInfo("Europe/Copenhagen")
LABELS: Mapping[int, str] = {
    100: "Queue",
    110: "PendingApproval",
    150: "ReadyToPrint",
    200: "Sent",
    300: "Error",
    310: "ErrorSendingEmail",
    320: "WrongEmailAddress",
    330: "EmailBounced",
    340: "EmailMarkedAsSpam",
    350: "EmailRejected",
    400: "MissingEmailAddress",
    1000: "NA",
    9999: "NotSent",
}


@dataclass(frozen=True)
class GivenSend:
    """One Send node that was taken. how: `POST` or `PATCH`. pdf: SHA-256 of PdfInvoice, None when there was none."""

    at: datetime
    id: int
    number: str
    how: str
    channel: str
    to: str
    note: str | None
    pdf: str | None
    due: str | None


@dataclass
class Standing:
    """An invoice: its fields as they came, and the statuses that it has yet to go through."""

    number: int
    fields: dict[str, Any]
    created: datetime
    statuses: list[int]
    sent: str = UNSENT
    status: int = field(init=False)

    def __post_init__(self) -> None:
        self.status = self.statuses.pop(0)

    def go_on(self, moment: datetime) -> None:
        """To the next status."""
        if self.statuses:
            self.status = self.statuses.pop(0)
            if self.status == 200:
                self.sent = moment.astimezone(ZONE).replace(tzinfo=None).isoformat(timespec="seconds")

    def shown(self, *, by_name: bool) -> dict[str, Any]:
        """As GET shows it; by_name: the status as the list writes it."""
        send = {"ScheduleSendDate": None, **self.fields.get("Send", {}), "SentDate": self.sent}
        label = LABELS[self.status]
        return {
            **self.fields,
            "Id": self.number,
            "Created": self.created.astimezone(ZONE).replace(tzinfo=None).isoformat(timespec="milliseconds"),
            "SendStatus": label if by_name else self.status,
            "PaymentStatus": 100,
            "InvoiceStatus": "Ok",
            "Send": {**send, "Status": label, "ErrorCode": 0, "ErrorDescription": ""},
        }


class FarPayLedger:
    """The folder's `sends.ndjson`, a line for each Send node; a folder used before is gone on with.

    statuses: of a send, those that it will go through.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], datetime], statuses: Callable[[Mapping[str, Any]], list[int]]
    ) -> None:
        self._clock, self._statuses = clock, statuses
        self.invoices: dict[int, Standing] = {}
        self._numbers: dict[str, int] = {}
        for given in read_sends(folder):
            send = {"Channel": given.channel, "ToAddress": given.to, "Note": given.note}
            self._stand(given.id, {"InvoiceNumber": given.number, "PaymentDueDate": given.due, "Send": send}, given.at)
        self._file = AppendOnlyFile(folder / "sends.ndjson")

    def by_number(self, number: str) -> Standing | None:
        """The invoice that took this InvoiceNumber."""
        return self.invoices.get(self._numbers.get(number, 0))

    def create(self, fields: dict[str, Any]) -> Standing:
        """Of a POST."""
        identifier = FIRST_ID + len(self.invoices)
        fields = {**fields, "InvoiceNumber": str(fields.get("InvoiceNumber") or identifier)}
        self._write(identifier, fields, "POST")
        return self._stand(identifier, fields, self._clock())

    def again(self, invoice: Standing, send: dict[str, Any]) -> Standing:
        """Of a PATCH."""
        fields = {**invoice.fields, "Send": send}
        self._write(invoice.number, fields, "PATCH")
        return self._stand(invoice.number, fields, invoice.created)

    def close(self) -> None:
        self._file.close()

    def now(self) -> datetime:
        return self._clock()

    def _stand(self, identifier: int, fields: dict[str, Any], created: datetime) -> Standing:
        statuses = self._statuses(fields) if fields.get("Send") else [1000]
        known = self.invoices.get(identifier)
        self.invoices[identifier] = Standing(identifier, fields, created, statuses, known.sent if known else UNSENT)
        self._numbers[fields["InvoiceNumber"]] = identifier
        return self.invoices[identifier]

    def _write(self, identifier: int, fields: Mapping[str, Any], how: str) -> None:
        send, pdf = fields.get("Send") or {}, fields.get("PdfInvoice") or {}
        line = {
            "at": self._clock().isoformat(),
            "id": identifier,
            "number": fields["InvoiceNumber"],
            "how": how,
            "channel": str(send.get("Channel", "")).lower(),
            "to": str(send.get("ToAddress") or "").strip(),
            "note": send.get("Note"),
            "pdf": sha256(str(pdf["Data"]).encode()).hexdigest() if pdf.get("Data") else None,
            "due": fields.get("PaymentDueDate") or fields.get("DueDate"),
        }
        self._file.append([line])


def read_sends(folder: Path) -> list[GivenSend]:
    """Everything given so far, oldest first; any process may ask, also while the counterpart runs."""
    return [*_read(folder)]


def _read(folder: Path) -> Iterator[GivenSend]:
    for record in read_records(folder / "sends.ndjson"):
        yield GivenSend(**record | {"at": datetime.fromisoformat(record["at"])})

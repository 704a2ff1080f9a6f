"""Which FarPay can the demo and the tests give invoices to send, and ask afterwards what it was given?

FarPay's API v2 as far as duepost uses it: POST /v2/invoices, PATCH, GET and DELETE /v2/invoices/{id}, the list. What
becomes of a send is in the digits of its address (`farpay_fates.py`) and goes on with each question. Whole answers are
scripted as the HTTP counterpart's are (`http_standing.py`).
"""

import argparse
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from sandbox.counterpart import now
from sandbox.farpay_fates import DONE, fate_of
from sandbox.farpay_ledger import LABELS, FarPayLedger, GivenSend, Standing, read_sends
from sandbox.http_behaviour import Act, Answer
from sandbox.http_counterpart import HttpCounterpart
from sandbox.http_request import Request
from sandbox.http_session import HttpSession

INVOICES = "/v2/invoices"
KEY = "your-api-key"
CHANNELS = {"sms", "email", "xml", "print"}


class FarPayCounterpart(HttpCounterpart):
    """FarPay on 127.0.0.1, which has written a Send node down before it answers.

    key: what X-API-KEY has to be; None: anything. statuses: of sends whose digits say nothing. by_name: GET shows
    SendStatus by its name, as the list does.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        key: str | None = KEY,
        statuses: tuple[int, ...] = (100, 200),
        by_name: bool = False,
        calls: bool = False,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(folder, port=port, calls=calls, forgetful=True, clock=clock)
        self.key, self.statuses, self.by_name = key, statuses, by_name
        self.met: set[str] = set()  # invoices of a fate that is met once
        self.book = FarPayLedger(folder, clock, self._statuses_of)

    @property
    def api(self) -> str:
        """What a client is given as its address."""
        return f"{self.url}/v2"

    def session(self) -> "FarPaySession":
        return FarPaySession(self)

    def close(self) -> None:
        self.book.close()
        super().close()

    def given(self) -> list[GivenSend]:
        """Every Send node that it took, oldest first."""
        return read_sends(self.folder)

    def _statuses_of(self, fields: Mapping[str, Any]) -> list[int]:
        fate = fate_of(fields)
        if fate == "mail trouble":
            number = str(fields["InvoiceNumber"])
            again = number in self.met
            self.met.add(number)
            return [100, 200] if again else [100, 310]
        return [*(fate if isinstance(fate, tuple) else self.statuses)]


class FarPaySession(HttpSession):
    """One connection to it."""

    def __init__(self, farpay: FarPayCounterpart) -> None:
        super().__init__(farpay._ledger, farpay._script, farpay._calls, timedelta(0), farpay.connections)
        self.farpay, self.book = farpay, farpay.book

    def serve(self, request: Request) -> None:
        if self.act is None and request.method in {"POST", "PATCH"} and self._authenticated(request):
            self.act = self._first_met(request)
        super().serve(request)

    def _first_met(self, request: Request) -> Act | None:
        fields = {**(self._patched(request) or {}), **_fields(request)}
        fate, met = fate_of(fields), f"{request.method} {fields.get('InvoiceNumber')}"
        if not isinstance(fate, str) or fate not in DONE or met in self.farpay.met:
            return None
        self.farpay.met.add(met)
        return DONE[fate]

    def _patched(self, request: Request) -> dict[str, Any] | None:
        known = self._known(request)
        return known.fields if known else None

    def take(self, request: Request) -> None:
        self.done(request)

    def remember(self, key: str | None, answer: Answer) -> None:
        """Nothing: FarPay knows no key."""

    def usual_answer(self, request: Request) -> Answer:
        if not self._authenticated(request):
            return refusal(401, "9000::X-API-KEY is not authenticated")
        if request.method == "GET" and _place(request) == INVOICES:
            return _json(200, [*self.listed(request)])
        known = self._known(request)
        if request.method == "GET" and known:
            answer = _json(200, known.shown(by_name=self.farpay.by_name))
            known.go_on(self.book.now())
            return answer
        if request.method == "DELETE" and known:
            known.statuses[:] = [300]
            known.go_on(self.book.now())
            return _json(200, known.shown(by_name=False))
        return self.done(request) or refusal(404, "Not found")

    def done(self, request: Request) -> Answer | None:
        """Take a POST or PATCH; None when it is about nothing that is here."""
        fields, known = _fields(request), self._known(request)
        send = fields.get("Send")
        creating = request.method == "POST" and _place(request) == INVOICES
        if not creating and not (request.method == "PATCH" and known and send):
            return None
        if (send is not None and not _right(send)) or (creating and not fields.get("Currency")):
            return refusal(400, "10000::Invoice not received")
        if creating and self.book.by_number(str(fields.get("InvoiceNumber"))):
            return refusal(400, "10009::Invoice number used")
        self.ledger.take(request)
        standing = self.book.again(known, send or {}) if known else self.book.create(fields)
        return _json(200, standing.shown(by_name=False))

    def listed(self, request: Request) -> list[dict[str, Any]]:
        """References to the invoices; those without a due date only where none is asked for."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        first, last = asked.get("fromDueDate"), asked.get("toDueDate")

        def fits(invoice: Standing) -> bool:
            due = str(invoice.fields.get("PaymentDueDate") or invoice.fields.get("DueDate") or "")[:10]
            return (not first or due >= first) and (not last or "" < due <= last)

        names = ("Id", "Created", "InvoiceNumber", "PaymentDueDate", "InvoiceAmount", "ToBePaidAmount")
        return [
            {name: one.shown(by_name=True).get(name) for name in names}
            | {"PaymentReferenceStatus": "Ok", "SendStatus": LABELS[one.status], "ErrorDescription": ""}
            for one in self.book.invoices.values()
            if fits(one)
        ]

    def _known(self, request: Request) -> Standing | None:
        name = _place(request).removeprefix(f"{INVOICES}/")
        return self.book.invoices.get(int(name)) if name.isdecimal() else None

    def _authenticated(self, request: Request) -> bool:
        return self.farpay.key in {None, request.headers.get("x-api-key")}


def _right(send: object) -> bool:
    if not isinstance(send, dict) or str(send.get("Channel")).lower() not in CHANNELS:
        return False
    return str(send.get("Status", "Queue")).lower() == "queue"


def _place(request: Request) -> str:
    return urlsplit(request.path).path.rstrip("/")


def _fields(request: Request) -> dict[str, Any]:
    try:
        said = json.loads(request.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _json(status: int, said: object) -> Answer:
    return Answer(status, json.dumps(said).encode(), {"Content-Type": "application/json; charset=utf-8"})


def refusal(status: int, message: str) -> Answer:
    """As FarPay words one, `code::text`."""
    return _json(status, {"Message": message, "CorrelationId": str(uuid4()), "Details": []})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.farpay_counterpart", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for the ledger and the file `port`")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--key", default=KEY, help="what X-API-KEY has to be")
    parser.add_argument("--statuses", type=int, nargs="+", default=[100, 200], help="at each question the next")
    parser.add_argument("--by-name", action="store_true", help="show SendStatus by its name")
    parser.add_argument("--calls", action="store_true", help="write every request down, taken or not")
    asked = parser.parse_args()
    FarPayCounterpart(
        asked.folder,
        port=asked.port,
        key=asked.key,
        statuses=tuple(asked.statuses),
        by_name=asked.by_name,
        calls=asked.calls,
    ).run()


if __name__ == "__main__":
    main()

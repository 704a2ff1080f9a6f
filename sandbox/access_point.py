"""Which access point can the demo and the tests hand e-invoices to, and ask afterwards what it took?

The REST interface of phoss-ap as far as duepost uses it. Everything else, misbehaviour and ledger, is the HTTP
counterpart's: `taken.ndjson` has each document's path (receiver, document type), instance id and SHA-256.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.counterpart import now
from sandbox.http_behaviour import Answer, Fault
from sandbox.http_counterpart import HttpCounterpart
from sandbox.http_request import Request
from sandbox.http_session import HttpSession

SUBMIT = "/api/outbound/submit/"
STATUS = "/api/outbound/status/"
SENT = ("sent",)

# last three digits of a receiver before its check digit -> the words of its documents, or what is done to them
RECEIVERS: Mapping[str, str | tuple[str, ...]] = {
    "901": ("pending", "permanently_failed"),  # UNREGISTERED
    "902": ("pending", "rejected"),
    "903": "silent",  # taken, and the connection is closed unanswered
    "904": "busy once",  # 503, and taken when it comes again
    "905": ("pending", "permanently_failed"),  # UNRESOLVED
}
# what phoss-ap says of a receiver that the network does not know, and phase4 of one without an entry for the document
UNREGISTERED = "The participant ID '{}' is not registered in the Peppol Network. Technical details: {}"
UNRESOLVED = "Failed to resolve SMP endpoint ({}, {}, {}, peppol-transport-as4-v2_0)"


class AccessPoint(HttpCounterpart):
    """An access point on 127.0.0.1.

    A repeated instance id is a further transaction, as phoss-ap has it. words: what the status of each transaction is
    at the first question, the second, and so on; the last stays. Unless that is `sent` at once, handing over is
    answered 422. Some receivers meet what RECEIVERS says. details: errorDetails of every status. token: what X-Token
    has to be; None: anything.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        words: tuple[str, ...] = SENT,
        details: str | None = None,
        token: str | None = None,
        calls: bool = False,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(folder, port=port, calls=calls, forgetful=True, clock=clock)
        self.words = words
        self.details = details
        self.token = token
        self.asked: Counter[str] = Counter()
        self.fates: dict[str, tuple[str, ...]] = {}  # instance id -> the words of its status
        self.told: dict[str, str] = {}  # instance id -> its errorDetails, once it has failed
        self.busy: set[str] = set()

    def session(self) -> "AccessPointSession":
        return AccessPointSession(self)

    def receivers(self) -> list[str]:
        """Of everything taken, oldest first, without the scheme."""
        return [receiver_of(one.path) for one in self.taken()]


class AccessPointSession(HttpSession):
    """One connection to it."""

    def __init__(self, point: AccessPoint) -> None:
        super().__init__(point._ledger, point._script, point._calls, timedelta(0), point.connections)
        self.point = point

    def serve(self, request: Request) -> None:
        if self.act is None and self.fate(request) == "silent":
            self.act = Fault.CUT
        super().serve(request)

    def fate(self, request: Request) -> str | tuple[str, ...]:
        """What RECEIVERS says of a document that is handed over; the point's words otherwise."""
        if request.method != "POST" or not request.path.startswith(SUBMIT):
            return self.point.words
        names = _names(request.path)
        return RECEIVERS.get(names[1][-4:-1] if len(names) > 1 else "", self.point.words)

    def take(self, request: Request) -> None:
        if request.method == "POST":
            self.ledger.take(_keyed(request))

    def usual_answer(self, request: Request) -> Answer:
        if self.point.token not in {None, request.headers.get("x-token")}:
            return _json(401, {"error": "Invalid or missing API token"})
        if request.method == "POST" and request.path.startswith(SUBMIT):
            return self.submitted(_keyed(request))
        if request.method == "GET" and request.path.startswith(STATUS):
            return self.status_of(request.key or "")
        return _json(404, {"status": 404, "error": "Not Found", "path": request.path})

    def submitted(self, request: Request) -> Answer:
        names = _names(request.path)
        if len(names) != 5 or not all("::" in name for name in names[:4]):
            return _json(400, "Failed to parse the receiving participant ID")
        fate = self.fate(request)
        if fate == "busy once" and str(request.key) not in self.point.busy:
            self.point.busy.add(str(request.key))
            return _json(503, {"status": 503, "error": "Service Unavailable"})
        self.ledger.take(request)
        words = fate if isinstance(fate, tuple) else self.point.words
        self.point.fates[str(request.key)] = words
        if (details := _details(names)) is not None:
            self.point.told[str(request.key)] = details
        done = words[0] == "sent"
        report = {"sbdhInstanceIdentifier": request.key, "sendingSuccess": done, "overallSuccess": done}
        return _json(200 if done else 422, report)

    def status_of(self, instance: str) -> Answer:
        known = self.ledger.look_up(instance)
        if known is None:
            return Answer(404)
        words = self.point.fates.get(instance, self.point.words)
        word = words[min(self.point.asked[instance], len(words) - 1)]
        self.point.asked[instance] += 1
        details = self.point.told.get(instance, self.point.details)
        fields = {"id": known, "sbdhInstanceID": instance, "status": word, "errorDetails": details}
        return _json(200, fields)


def _keyed(request: Request) -> Request:
    """With its instance id where the ledger looks for a key."""
    [instance] = parse_qs(urlsplit(request.path).query).get("sbdhInstanceID", ["none"])
    return replace(request, headers={**request.headers, "idempotency-key": instance})


def receiver_of(path: str) -> str:
    """SCHEME:ID that a document was handed over for."""
    return _names(path)[1].partition("::")[2]


def _details(names: list[str]) -> str | None:
    """Why a document of such a receiver fails for good; None of any other."""
    _, receiver, document, process, _ = names
    return {
        "901": UNREGISTERED.format(receiver, "no NAPTR record"),
        "905": UNRESOLVED.format(receiver, document, process),
    }.get(receiver[-4:-1])


def _names(path: str) -> list[str]:
    return [unquote(part) for part in urlsplit(path).path.removeprefix(SUBMIT).split("/")]


def _json(status: int, said: object) -> Answer:
    return Answer(status, json.dumps(said).encode())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.access_point", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for the ledger and the file `port`")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--words", nargs="+", default=SENT, help="the status at the first question, the second, …")
    parser.add_argument("--details", help="errorDetails of every status")
    parser.add_argument("--token", help="what X-Token has to be")
    parser.add_argument("--calls", action="store_true", help="write every request down, taken or not")
    asked = parser.parse_args()
    AccessPoint(
        asked.folder,
        port=asked.port,
        words=tuple(asked.words),
        details=asked.details,
        token=asked.token,
        calls=asked.calls,
    ).run()


if __name__ == "__main__":
    main()

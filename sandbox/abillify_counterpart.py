"""Which Abillify can the demo and the tests ask for e-mails, and see afterwards which it sent?

POST …/invoices/REFERENCE/resendInvoice as Abillify's public pages have it, idempotency included: what was processed is
answered again under its key, errors as well; what was refused before is not kept. Some references meet what REFERENCES
says. Everything else, misbehaviour and ledger, is the HTTP counterpart's: `taken.ndjson` has every e-mail's key.
"""

import argparse
import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sandbox.counterpart import now
from sandbox.http_behaviour import Answer, Fault
from sandbox.http_counterpart import HttpCounterpart
from sandbox.http_request import Request
from sandbox.http_session import HttpSession

KEPT = timedelta(hours=24)
LONGEST_KEY = 255
# end of a reference -> what becomes of its e-mail
REFERENCES = {
    "-901": "unknown",  # 404
    "-902": "fails once",  # 500 under its first key, and under that key for good
    "-903": "silent",  # sent, and the connection is closed unanswered
    "-904": "overloaded once",  # the load balancer's 429
    "-905": "refused",  # resultcode 1
    "-906": "mislabelled",  # sent, answered as text/html
    "-907": "cut short",  # sent, and the answer breaks off
    "-908": "in use",  # 409, kept under the key
}
TYPES = {400: "ERR_INVALID_VALUE", 401: "ERR_UNAUTHORIZED", 404: "ERR_NOT_FOUND", 409: "ERR_UNIQUE_VIOLATION"}
NOWHERE = Answer(404, b"<html><h1>404 Not Found</h1></html>", {"content-type": "text/html"}, taken=False)
BALANCER = Answer(429, b"<html><h1>429 Too Many Requests</h1></html>", {"content-type": "text/html"}, taken=False)


class AbillifyCounterpart(HttpCounterpart):
    """An Abillify on 127.0.0.1. user, password: of the Basic login that it wants."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        user: str = "demo",
        password: str = "pass",  # noqa: S107 - a sandbox on loopback
        calls: bool = False,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(folder, port=port, calls=calls, forgetful=True, clock=clock)
        self.login = f"{user}:{password}"
        self.clock = clock
        self.answers: dict[str, tuple[datetime, Answer]] = {}  # key -> first request, its answer
        self.met: set[str] = set()

    def session(self) -> "AbillifySession":
        return AbillifySession(self)


class AbillifySession(HttpSession):
    """One connection to it."""

    def __init__(self, abillify: AbillifyCounterpart) -> None:
        super().__init__(abillify._ledger, abillify._script, abillify._calls, timedelta(0), abillify.connections)
        self.abillify = abillify

    def serve(self, request: Request) -> None:
        if self.act is None and self.allowed(request) and not self.known(request):
            self.misbehave(request)
        super().serve(request)

    def misbehave(self, request: Request) -> None:
        reference = reference_of(request.path) or ""
        fate = REFERENCES.get(reference[-4:])
        if fate == "silent":
            self.act = Fault.CUT
        if fate == "cut short":
            whole = self.done(request)
            self.act = replace(
                whole, body=whole.body[:10], headers={"content-length": str(len(whole.body))}, taken=False
            )
            self.last = True
        if fate == "overloaded once" and reference not in self.abillify.met:
            self.abillify.met.add(reference)
            self.act = BALANCER

    def take(self, request: Request) -> None:
        """Of what is cut off: done, and kept."""
        self.done(request)

    def allowed(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            return scheme.lower() == "basic" and b64decode(token).decode() == self.abillify.login
        except ValueError:
            return False

    def known(self, request: Request) -> Answer | None:
        kept = self.abillify.answers.get(request.key or "")
        return kept[1] if kept and self.abillify.clock() - kept[0] < KEPT else None

    def usual_answer(self, request: Request) -> Answer:
        if not request.path.startswith("/api/"):
            return NOWHERE
        if not self.allowed(request):
            return error(401, "Unauthorized")
        reference = reference_of(request.path)
        if reference is None or request.method != "POST":
            return error(404, "ClientError")
        if len(request.key or "") > LONGEST_KEY or not is_object(request.body):
            return error(400, "ClientError")
        known = self.known(request)
        return known or self.processed(request, REFERENCES.get(reference[-4:], ""), reference)

    def processed(self, request: Request, fate: str, reference: str) -> Answer:
        if fate == "unknown":
            return error(404, "ClientError")
        if fate == "in use":
            return self.keep(request, error(409, "ClientError"))
        if fate == "refused":
            return self.keep(request, result("ERROR", "1"))
        if fate == "fails once" and reference not in self.abillify.met:
            self.abillify.met.add(reference)
            return self.keep(request, error(500, "ServerError"))
        whole = self.done(request)
        return replace(whole, headers={"content-type": "text/html"}) if fate == "mislabelled" else whole

    def done(self, request: Request) -> Answer:
        job = self.ledger.take(request)
        return self.keep(request, result("OK", "0", str(int(job))))

    def keep(self, request: Request, answer: Answer) -> Answer:
        if request.key:
            self.abillify.answers[request.key] = (self.abillify.clock(), answer)
        return answer


def reference_of(path: str) -> str | None:
    """The invoice that a request is about; None when it is about none."""
    parts = urlsplit(path).path.strip("/").split("/")
    return unquote(parts[-2]) if len(parts) >= 3 and parts[-3] == "invoices" and parts[-1] == "resendInvoice" else None


def is_object(body: bytes) -> bool:
    """True for none, and for any JSON object."""
    try:
        return not body or isinstance(json.loads(body), dict)
    except ValueError:
        return False


def result(word: str, code: str, job: str = "0") -> Answer:
    """Its answer to what was processed."""
    return Answer(200, json.dumps({"job": job, "result": word, "resultcode": code}).encode())


def error(status: int, name: str) -> Answer:
    """Its answer to what went wrong."""
    kind = TYPES.get(status, "ERR_SERVER")
    details = [{"error": "see type", "fields": [], "hint": "none"}]
    fields = {"code": status, "details": details, "message": f"{name}, see error details", "name": name, "type": kind}
    return Answer(status, json.dumps(fields).encode())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.abillify_counterpart", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for the ledger and the file `port`")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    asked = parser.parse_args()
    AbillifyCounterpart(asked.folder, port=asked.port).run()


if __name__ == "__main__":
    main()

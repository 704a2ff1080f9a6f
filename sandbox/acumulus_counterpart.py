"""Which Acumulus can the demo and the tests have mail sent by, and see afterwards what it sent?

POST …/invoices/invoice_mail.php as Acumulus' public pages and its clients have it: `xmlstring` urlencoded or as a part
of a form, any root element, answers in JSON or XML. Some tokens meet what TOKENS says; whole answers are scripted as
the HTTP counterpart's are. `taken.ndjson` has a line for each mail.
"""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from lxml import etree

from sandbox.acumulus_words import addresses, asked_for, is_address, text, told, written_out
from sandbox.append_only import AppendOnlyFile, read_records
from sandbox.behaviour_file import BehaviourFile
from sandbox.counterpart import Counterpart, now
from sandbox.http_behaviour import Act, Answer, Fault
from sandbox.http_request import Request
from sandbox.http_script import Script
from sandbox.http_session import HttpTalk
from sandbox.http_standing import standing_of

TREE = "/acumulus/stable"
RESOURCE = f"{TREE}/invoices/invoice_mail.php"
# end of a token -> what becomes of its mail
TOKENS = {
    "901": "unknown",
    "902": "exception once",  # status 3, then mailed
    "903": "silent",  # mailed, and the connection is closed unanswered
    "904": "overloaded once",  # the load balancer's page
    "905": "in xml",  # mailed, answered as XML
    "906": "mislabelled",  # mailed, answered as text/html
}
BALANCER = Answer(429, b"<html><h1>429 Too Many Requests</h1></html>", {"content-type": "text/html"}, taken=False)


@dataclass(frozen=True)
class Mailed:
    """One mail to one address."""

    at: datetime
    token: str
    to: str
    reminder: bool
    subject: str
    message: str
    ubl: bool
    notes: str
    documents: tuple[str, ...]


class AcumulusCounterpart(Counterpart):
    """An Acumulus on 127.0.0.1 that has written a mail down before it answers."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        password: str = "pass",  # noqa: S107 - a sandbox on loopback
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(folder, port)
        self.password = password
        self.clock = clock
        self.met: set[str] = set()
        self._taken = AppendOnlyFile(folder / "taken.ndjson")
        self._script = Script(BehaviourFile(folder, standing_of))

    @property
    def url(self) -> str:
        """Of the API's tree."""
        return f"http://{self.host}:{self.port}{TREE}"

    @property
    def requests(self) -> list[Request]:
        """The newest hundred that were read whole, oldest first."""
        return list(self._script.requests)

    def session(self) -> "AcumulusSession":
        return AcumulusSession(self)

    def close(self) -> None:
        self._taken.close()

    def then(self, act: Act, times: int = 1) -> None:
        """Do this to the next requests; from any thread."""
        self._script.acts.extend([act] * times)

    def mailed(self) -> list[Mailed]:
        """Everything, oldest first."""
        return read_mailed(self.folder)


class AcumulusSession(HttpTalk):
    """One connection to it."""

    def __init__(self, acumulus: AcumulusCounterpart) -> None:
        super().__init__(acumulus._script, None, timedelta(0), acumulus.connections)
        self.acumulus = acumulus

    def serve(self, request: Request) -> None:
        asked = asked_for(request)
        token = text(asked, "token") if asked is not None else ""
        fate = TOKENS.get(token[-3:])
        if self.act is None and fate == "silent":
            self.act = Fault.CUT
        if self.act is None and fate == "overloaded once" and token not in self.acumulus.met:
            self.acumulus.met.add(token)
            self.act = BALANCER
        super().serve(request)

    def take(self, request: Request) -> None:
        asked = asked_for(request)
        if asked is not None:
            self.mail(asked, addresses(text(asked, "emailaspdf/emailto")))

    def usual_answer(self, request: Request) -> Answer:
        asked = asked_for(request)
        if request.path.partition("?")[0] != RESOURCE:
            return Answer(404)
        if asked is None:
            return told(None, 1, errors=[("400 Bad Request", "XNONE001", "No XML found")], code=400)
        if asked.find("contract") is None or text(asked, "contract/password") != self.acumulus.password:
            return told(asked, 1, errors=[("403 Forbidden", "AF1001MCS", "Forbidden")], code=403)
        token = text(asked, "token")
        fate = TOKENS.get(token[-3:])
        if len(token) != 32 or not token.isalnum() or fate == "unknown":
            return told(asked, 1, errors=[("400 Bad Request", "TNFE4035G", "Unknown token")], code=400)
        if fate == "exception once" and token not in self.acumulus.met:
            self.acumulus.met.add(token)
            return told(asked, 3, errors=[("500 Exception", "EX500", "Exception")])
        return self.checked(asked, fate)

    def checked(self, asked: etree._Element, fate: str | None) -> Answer:
        to = addresses(text(asked, "emailaspdf/emailto"))
        if not all(is_address(one) for one in [*to, *addresses(text(asked, "emailaspdf/emailbcc"))]):
            return told(asked, 2, warnings=[("400 Warning", "MAIL400", "Incorrect email address")])
        self.mail(asked, to)
        odd = text(asked, "invoicetype") not in {"", "0", "1"}
        warnings = [("400 Warning", "GK6FKHU52", "Invalid invoicetype")] if odd else []
        answer = told(asked, 2 if odd else 0, warnings=warnings, xml=fate == "in xml")
        return Answer(answer.status, answer.body, {"content-type": "text/html"}) if fate == "mislabelled" else answer

    def mail(self, asked: etree._Element, to: Iterable[str]) -> None:
        at = self.acumulus.clock().isoformat()
        line = {
            "at": at,
            "token": text(asked, "token"),
            "reminder": text(asked, "invoicetype") == "1",
            "subject": text(asked, "emailaspdf/subject"),
            "message": written_out(text(asked, "emailaspdf/message")),
            "ubl": text(asked, "emailaspdf/ubl") == "1",
            "notes": written_out(text(asked, "invoicenotes")),
            "documents": [one.text or "" for one in asked.findall("docids/docid")],
        }
        self.acumulus._taken.append([{**line, "to": one} for one in to or ["the contact"]])

    def remember(self, key: str | None, answer: Answer) -> None:
        """Nothing: it knows no repeat."""


def read_mailed(folder: Path) -> list[Mailed]:
    """Everything mailed into this folder so far, oldest first; from any process."""
    return [
        Mailed(**one | {"at": datetime.fromisoformat(one["at"]), "documents": tuple(one["documents"])})
        for one in read_records(folder / "taken.ndjson")
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.acumulus_counterpart", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for the ledger and the file `port`")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    asked = parser.parse_args()
    AcumulusCounterpart(asked.folder, port=asked.port).run()


if __name__ == "__main__":
    main()

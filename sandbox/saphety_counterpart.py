"""Which invoice network of Saphety's (SIN) can the demo and the tests mail through, and ask afterwards what it took?

getToken, sendAdditionalNotifications under each of its names, the document's state, its mails and its transitions,
below any prefix. What becomes of a mail or an e-invoice is in the digits of its address or its document
(`saphety_fates.py`); whole answers are scripted as the HTTP counterpart's are, or with `reply` for the next request of
one call. `taken.ndjson` has one line for each address of each notification, its key `DOCUMENT ADDRESS`.
"""

import argparse
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sandbox.counterpart import now
from sandbox.http_behaviour import Act, Answer, Fault
from sandbox.http_counterpart import HttpCounterpart
from sandbox.http_request import Request
from sandbox.http_session import HttpSession
from sandbox.saphety_fates import UNKNOWN, of_address, of_document
from sandbox.saphety_shapes import (
    BALANCER,
    NOTIFY,
    Asked,
    document,
    invalid,
    keyed,
    mail,
    refused,
    said,
    tracking,
    transitions,
    understood,
)
from sandbox.saphety_tokens import TokenDesk

EIGHT_HOURS = timedelta(hours=8)


class SaphetyCounterpart(HttpCounterpart):
    """SIN on 127.0.0.1. It mails a repeat again.

    password: what getToken takes; None: any. token_life: of a token. mailed_before: NotificationStatus of a document
    that was mailed elsewhere. last_state_reason: of mails in error.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        password: str | None = None,
        token_life: timedelta = EIGHT_HOURS,
        mailed_before: str = "NoEmails",
        last_state_reason: str | None = None,
        calls: bool = False,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(folder, port=port, calls=calls, forgetful=True, clock=clock)
        self.password = password
        self.tokens = TokenDesk(token_life, clock)
        self.clock = clock
        self.mailed_before = mailed_before
        self.last_state_reason = last_state_reason
        self.questions: Counter[str] = Counter()
        self.busy: set[str] = set()
        self.scripted: deque[tuple[str, Act]] = deque()
        self.keys = [one.key or "" for one in self.taken()]  # of every mail, oldest first
        self.numbers: dict[str, list[int]] = {}  # document -> numbers of its mails, from 0
        for number, key in enumerate(self.keys):
            self.numbers.setdefault(key.partition(" ")[0], []).append(number)

    def session(self) -> "SaphetySession":
        return SaphetySession(self)

    def reply(self, call: str, act: Act, times: int = 1) -> None:
        """Do this to the next requests of a call: `getToken`, `notify`, `document`, `statusTransitions`, …"""
        self.scripted.extend([(call.lower(), act)] * times)

    def mails(self) -> list[str]:
        """The addresses of everything taken, oldest first."""
        return [(one.key or "").partition(" ")[2] for one in self.taken()]


class SaphetySession(HttpSession):
    """One connection to it."""

    def __init__(self, point: SaphetyCounterpart) -> None:
        super().__init__(point._ledger, point._script, point._calls, timedelta(0), point.connections)
        self.point = point

    def serve(self, request: Request) -> None:
        asked = understood(request)
        self.act = self.act or self.scripted_act(asked)
        if self.act is None and any(of_address(one) == "silent" for one in asked.addresses):
            self.act = Fault.CUT
        super().serve(request)

    def scripted_act(self, asked: Asked) -> Act | None:
        found = next((one for one in self.point.scripted if one[0] == asked.call), None)
        if found is None:
            return None
        self.point.scripted.remove(found)
        return found[1]

    def take(self, request: Request) -> None:
        asked = understood(request)
        for address in asked.addresses:
            self.ledger.take(keyed(request, f"{asked.document} {address}"))
            self.point.numbers.setdefault(str(asked.document), []).append(len(self.point.keys))
            self.point.keys.append(f"{asked.document} {address}")

    def usual_answer(self, request: Request) -> Answer:
        asked = understood(request)
        if asked.call == "gettoken":
            return self.login(asked)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self.point.tokens.takes(token):
            return Answer(401)
        if asked.call == NOTIFY:
            return self.notified(request, asked)
        answers: dict[str, Callable[[str], Answer]] = {
            "document": self.state_of,
            "statustransitions": self.transitions_of,
            "emailtrackingids": lambda one: tracking(one, self.point.numbers.get(one, ())),
            "emailstatus": self.mail_of,
        }
        if asked.call not in answers:
            return Answer(404, b"<html><body>404</body></html>", {"content-type": "text/html"})
        if asked.document is None or asked.document[-3:] == UNKNOWN:
            return refused("DOCUMENT_NOT_FOUND", "OutboundFinancialDocumentId", asked.document)
        return answers[asked.call](asked.document)

    def login(self, asked: Asked) -> Answer:
        user, password = (str(asked.fields.get(name) or "") for name in ("username", "password"))
        missing = next((name for name in ("Username", "Password") if not asked.fields.get(name.lower())), None)
        if missing:
            return refused("REQUIRED_FILED_IS_EMPTY", missing, None)
        if self.point.password not in {None, password}:
            return refused("INVALID_AUTHENTICATION_DATA", "Username", user)
        return said(self.point.tokens.give(user))

    def notified(self, request: Request, asked: Asked) -> Answer:
        wrong = invalid(asked)
        if wrong:
            return wrong
        fates = {address: of_address(address) for address in asked.addresses}
        for address, fate in fates.items():
            if fate == "invalid":
                return refused("INVALID_EMAIL", "Email", address)
            if fate == "busy once" and address not in self.point.busy:
                self.point.busy.add(address)
                return BALANCER
        self.take(request)
        if "broken" in fates.values():
            return Answer(
                500, b"<html><body>Server Error in '/' Application.</body></html>", {"content-type": "text/html"}
            )
        return said([] if "half" in fates.values() else list(asked.addresses))

    def state_of(self, identifier: str) -> Answer:
        mails = self.point.numbers.get(identifier)
        if not mails:
            return document(identifier, self.point.mailed_before, self.point.clock())
        fate = of_address(self.address(mails[-1]))
        states = fate if isinstance(fate, tuple) else ("Sent",)
        return document(identifier, states[self.question(f"mail {identifier}", len(states))], self.point.clock())

    def transitions_of(self, identifier: str) -> Answer:
        steps = of_document(identifier)
        return transitions(identifier, steps[: self.question(f"xml {identifier}", len(steps) + 1)], self.point.clock())

    def question(self, about: str, most: int) -> int:
        """How often it was asked before; the last answer stays."""
        asked = min(self.point.questions[about], most - 1)
        self.point.questions[about] += 1
        return asked

    def mail_of(self, identifier: str) -> Answer:
        number = UUID(identifier).int - 1
        address = self.address(number) if number < len(self.point.keys) else None
        return mail(identifier, address, self.point.last_state_reason)

    def address(self, number: int) -> str:
        return self.point.keys[number].partition(" ")[2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.saphety_counterpart", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for the ledger and the file `port`")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--password", help="what getToken takes; any other is refused")
    parser.add_argument("--token-seconds", type=float, default=EIGHT_HOURS.total_seconds(), help="life of a token")
    parser.add_argument("--mailed-before", default="NoEmails", help="NotificationStatus of what was not mailed here")
    parser.add_argument("--last-state-reason", help="of mails in error")
    parser.add_argument("--calls", action="store_true", help="write every request down, taken or not")
    asked = parser.parse_args()
    SaphetyCounterpart(
        asked.folder,
        port=asked.port,
        password=asked.password,
        token_life=timedelta(seconds=asked.token_seconds),
        mailed_before=asked.mailed_before,
        last_state_reason=asked.last_state_reason,
        calls=asked.calls,
    ).run()


if __name__ == "__main__":
    main()

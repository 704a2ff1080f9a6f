"""How does one connection to a mail server open, and how does one message cross it?

smtplib frames the commands and replies; it is driven one command at a time so that the stage is known when the
connection breaks. What smtplib raises here is always a broken connection: an OSError.
"""

import re
import smtplib
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from duepost.reasons import Reason
from duepost.statuses import Status
from worker.connect import connect
from worker.deadline import Deadline, DeadlineSocket
from worker.providers.port import Outcome, Verdict
from worker.providers.smtp_verdicts import Stage, judge

MOST_SAID = 64 * 1024  # bytes of replies to all commands of one send
POLITENESS = timedelta(seconds=1)  # for QUIT, whose answer nobody waits for
LAST_REPLIES = frozenset({421, 503, -1})  # after these the two sides may not mean the same; a new connection does


@dataclass(frozen=True)
class Server:
    """Where to connect to. `tls` is None for plain text; with `implicit` it comes before the greeting."""

    host: str
    port: int
    hello_name: str
    tls: ssl.SSLContext | None
    implicit: bool
    user: str | None
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one recipient; the addresses are fit for the wire, `data` is dot-stuffed.

    unusual: the first of sender (the account's), From and ToAddress that only a server with SMTPUTF8 can take.
    """

    sender: str
    recipient: str
    unusual: str | None
    token: str
    data: bytes = field(repr=False)


class Link:
    """One connection. `stage` is the command in progress, `begun` True once a byte of the message may have left."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp = smtplib.SMTP(local_hostname=server.hello_name)
        # Addresses were checked; a mere ascii codec would raise UnicodeEncodeError, which is no SMTPException.
        self._smtp.command_encoding = "utf-8"
        self._sock: DeadlineSocket | None = None
        self._unclean = False
        self.stage = Stage.GREETING
        self.begun = False
        self.reused = False
        self.closing = False
        self.messages = 0
        self._opened = time.monotonic()

    @property
    def age(self) -> timedelta:
        """How long ago it was made."""
        return timedelta(seconds=time.monotonic() - self._opened)

    @property
    def dead(self) -> bool:
        """True when the server has closed, or said something since the last reply, such as 421 for idling."""
        return self._sock is None or self._sock.unasked()

    def ready(self, deadline: Deadline) -> Outcome | None:
        """Open, or make ready for the next message, by the deadline; it holds for `deliver` too. None when all is well.

        Raises: OSError when the connection cannot be made or breaks.
        """
        self.begun = False
        if self._sock is None:
            refusal = self._open(deadline)
            self.closing = self.closing or refusal is not None
            return refusal
        self._sock.allow(deadline, MOST_SAID)
        return self._reset() if self._unclean else None

    def deliver(self, letter: Letter, final_dot_limit: timedelta) -> Outcome:
        """Hand over one message. Raises: OSError when the connection breaks; `stage` and `begun` say where."""
        unfit = self._unfit(letter)
        if unfit is not None:
            return unfit
        for stage, line, wanted in self._envelope(letter):
            code, text = self._command(stage, line)
            if code // 100 != wanted:
                self._unclean = True
                return judge(code, text, stage)
        assert self._sock is not None  # noqa: S101 - `ready` has opened it
        self.begun = True
        self._sock.sendall(letter.data)
        if self._sock.unasked():  # it closed or refused early: without the dot nothing is taken
            self.closing = True
            return judge(*self._reply(*self._smtp.getreply()), Stage.DATA)
        self._sock.sendall(b".\r\n")
        self.stage = Stage.DOT
        self._sock.allow(Deadline(final_dot_limit), MOST_SAID)
        code, text = self._reply(*self._smtp.getreply())
        self.messages += 1
        self._unclean = code // 100 != 2
        return judge(code, text, Stage.DOT)

    def quit(self) -> None:
        """Say goodbye and close."""
        with suppress(OSError):  # it is closed either way
            if self._sock is not None:
                self._sock.allow(Deadline(POLITENESS), 0)
                self._sock.sendall(b"QUIT\r\n")
        self.close()

    def close(self) -> None:
        """Close without a word."""
        self._smtp.close()
        if self._sock is not None:
            self._sock.close()

    def _open(self, deadline: Deadline) -> Outcome | None:
        server = self._server
        self._sock = DeadlineSocket(connect(server.host, server.port, deadline), deadline, MOST_SAID)
        self._smtp.sock = self._sock  # type: ignore[assignment]  # it has what smtplib uses of a socket
        if server.tls and server.implicit:
            self.stage = Stage.TLS
            self._sock.start_tls(server.tls, server.host)
            self.stage = Stage.GREETING
        code, text = self._reply(*self._smtp.getreply())
        refusal = None if code == 220 else judge(code, text, Stage.GREETING)
        refusal = refusal or self._hello()
        if server.tls and not server.implicit:
            refusal = refusal or self._start_tls(server.tls) or self._hello()
        return refusal or (self._log_in(server.user) if server.user else None)

    def _hello(self) -> Outcome | None:
        self.stage = Stage.HELLO
        code, text = self._reply(*self._smtp.ehlo())
        if 500 <= code <= 599:  # RFC 5321 3.2: a server without extensions
            code, text = self._reply(*self._smtp.helo())
        return None if code == 250 else judge(code, text, Stage.HELLO)

    def _start_tls(self, context: ssl.SSLContext) -> Outcome | None:
        assert self._sock is not None  # noqa: S101 - `_open` has made it
        self.stage = Stage.TLS
        if not self._smtp.has_extn("starttls"):
            return _not_offered("TLS_NOT_OFFERED", Stage.TLS)
        code, text = self._command(Stage.TLS, "STARTTLS")
        if code != 220:
            return judge(code, text, Stage.TLS)
        self._sock.start_tls(context, self._server.host)
        self._smtp.file = None
        return None

    def _log_in(self, user: str) -> Outcome | None:
        self.stage = Stage.AUTH
        password = self._server.password or ""
        plain, name, word = (
            b64encode(secret.encode()).decode() for secret in (f"\0{user}\0{password}", user, password)
        )
        # mechanism -> the lines of its dialogue
        dialogues = {"PLAIN": (f"AUTH PLAIN {plain}",), "LOGIN": ("AUTH LOGIN", name, word)}
        offered = self._smtp.esmtp_features.get("auth", "").upper().split()
        lines = next((lines for mechanism, lines in dialogues.items() if mechanism in offered), ())
        if not lines:
            return _not_offered("LOGIN_NOT_OFFERED", Stage.AUTH)
        code, text = 334, ""
        for line in lines:
            if code == 334:
                code, text = self._command(Stage.AUTH, line)
        if code == 235:
            return None
        outcome = judge(code, text, Stage.AUTH)
        # A server may quote what it was told.
        for secret in filter(None, (plain, word, password)):
            outcome = replace(outcome, answer=(outcome.answer or "").replace(secret, "***"))
        return outcome

    def _reset(self) -> Outcome | None:
        code, text = self._command(Stage.RESET, "RSET")
        self._unclean = self.closing = code != 250
        return judge(code, text, Stage.RESET) if self.closing else None

    def _unfit(self, letter: Letter) -> Outcome | None:
        largest = self._smtp.esmtp_features.get("size", "")
        if largest.isdecimal() and 0 < int(largest) < len(letter.data):
            values = {"size": len(letter.data), "largest": int(largest)}
            reason = Reason("MESSAGE_TOO_LARGE", field="Document", values=values)
            return Outcome(Verdict.REFUSED, Status.EMAIL_REJECTED, reason)
        if letter.unusual and not self._smtp.has_extn("smtputf8"):
            return _ascii_only(letter.unusual)
        return None

    def _envelope(self, letter: Letter) -> Iterator[tuple[Stage, str, int]]:
        """Stage, command, first digit of a yes."""
        offers = self._smtp.has_extn
        mail, rcpt = [f"MAIL FROM:<{letter.sender}>"], [f"RCPT TO:<{letter.recipient}>"]
        if offers("size"):
            mail.append(f"SIZE={len(letter.data)}")
        if letter.unusual:
            mail.append("SMTPUTF8")
        if offers("dsn"):
            mail += ["RET=HDRS", f"ENVID={_xtext(letter.token)}"]
            rcpt.append("NOTIFY=FAILURE,DELAY")
            if letter.recipient.isascii():
                rcpt.append(f"ORCPT=rfc822;{_xtext(letter.recipient)}")
        yield Stage.MAIL, " ".join(mail), 2
        yield Stage.RCPT, " ".join(rcpt), 2
        yield Stage.DATA, "DATA", 3

    def _command(self, stage: Stage, line: str) -> tuple[int, str]:
        self.stage = stage
        return self._reply(*self._smtp.docmd(line))

    def _reply(self, code: int, text: bytes) -> tuple[int, str]:
        self.closing = self.closing or code in LAST_REPLIES
        return code, text.decode(errors="replace")


def _not_offered(code: str, stage: Stage) -> Outcome:
    """What the account asks for is missing, and nothing leaves without it: an operator must look."""
    reason = Reason(code, values={"stage": stage.value})
    return Outcome(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, reason, alarm=True)


def _ascii_only(field: str) -> Outcome:
    """An address is not ASCII and the server takes only that. The account's own is for an operator to mend."""
    if field == "sender":
        return _not_offered("SMTPUTF8_NOT_OFFERED", Stage.MAIL)
    status = Status.WRONG_EMAIL_ADDRESS if field == "ToAddress" else Status.ERROR
    return Outcome(Verdict.REFUSED, status, Reason("SMTPUTF8_NOT_OFFERED", field=field))


def _xtext(value: str) -> str:
    """RFC 3461 4."""
    return re.sub(r"[^!-*,-<>-~]", lambda odd: f"+{ord(odd[0]):02X}", value)

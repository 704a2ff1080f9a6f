"""What does the mail counterpart answer to each line of one SMTP connection?"""

import asyncio
import re
from collections.abc import Callable, Generator
from datetime import timedelta
from functools import partial

from sandbox.mail_behaviour import Fault, behaviour
from sandbox.mail_ledger import MailLedger
from sandbox.mail_login import MECHANISMS, Login

SIZE_LIMIT = 50 * 1024 * 1024  # bytes
_FROM = re.compile(rb"FROM:\s*<([^>]*)>(.*)", re.IGNORECASE)
_TO = re.compile(rb"TO:\s*<([^>]+)>.*", re.IGNORECASE)
_SIZE = re.compile(rb" SIZE=(\d+)", re.IGNORECASE)
_ENVID = re.compile(rb" ENVID=(\S+)", re.IGNORECASE)
_XTEXT = re.compile(rb"\+([0-9A-F]{2})")  # RFC 3461 section 4

OK = b"250 2.0.0 Ok\r\n"
BAD_ARGUMENTS = b"501 5.5.4 Syntax error in parameters\r\n"
BAD_SEQUENCE = b"503 5.5.1 Bad sequence of commands\r\n"
TOO_BIG = b"552 5.3.4 Message size exceeds fixed limit\r\n"
LOGGED_IN = b"235 2.7.0 Authentication successful\r\n"
END = b"\r\n.\r\n"


class MailSession(asyncio.Protocol):
    """One connection; commands may come one by one or pipelined, answers keep their order."""

    def __init__(
        self, ledger: MailLedger, login: Login | None, delay: timedelta, connections: set[asyncio.Transport]
    ) -> None:
        self.ledger, self.login, self.delay, self.connections = ledger, login, delay, connections
        self.buffer = bytearray()
        self.searched = 0  # bytes of the buffer known to hold no end of data
        self.in_data = False
        self.waiting = False  # an answer is being delayed: what follows in the buffer waits with it
        self.deaf = False  # nothing more is read or answered
        self.closing = False
        self.on_line: Callable[[bytes], bytes] = self.command
        self.logged_in = login is None
        self.reset()

    def reset(self) -> None:
        self.sender: str | None = None
        self.envid: str | None = None
        self.recipients: list[str] = []
        self.fault: Fault | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connections.add(transport)
        transport.write(b"220 counterpart ESMTP\r\n")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        self.deaf = True
        self.connections.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        if not self.deaf:
            self.buffer += data
            self.go_on()

    def go_on(self) -> None:
        """Answer everything that is whole in the buffer, in one write."""
        answers = b""
        while not (self.deaf or self.waiting):
            if self.in_data:
                answer = self.message()
                if answer is None:
                    break
            else:
                end = self.buffer.find(b"\r\n")
                if end < 0:
                    break
                line = bytes(self.buffer[:end])
                del self.buffer[: end + 2]
                answer = self.on_line(line)
            answers += answer
        if answers:
            self.transport.write(answers)
        if self.closing:
            self.transport.close()

    def fall_silent(self, *, close: bool) -> bytes:
        self.deaf, self.closing = True, close
        return b""

    def message(self) -> bytes | None:
        """The answer to the message in the buffer; None while it is not whole."""
        if self.fault is Fault.DROP and len(self.buffer) > 2:
            return self.fall_silent(close=True)
        end = self.buffer.find(END, self.searched)
        if end < 0:
            self.searched = max(0, len(self.buffer) - len(END) + 1)
            return None
        message = bytes(self.buffer[: end + 2].replace(b"\r\n..", b"\r\n.")[2:])
        del self.buffer[: end + len(END)]
        self.in_data = False
        answer = self.taken(message)
        self.reset()
        if answer and self.delay:
            self.waiting = True
            asyncio.get_running_loop().call_later(self.delay.total_seconds(), self.answer_late, answer)
            return b""
        return answer

    def taken(self, message: bytes) -> bytes:
        assert self.sender is not None
        if len(message) > SIZE_LIMIT:
            return TOO_BIG
        number = self.ledger.take(self.sender, self.recipients, self.envid, message)
        if self.fault:
            return self.fall_silent(close=self.fault is Fault.CUT)
        return b"250 2.0.0 Ok: queued as %d\r\n" % number

    def answer_late(self, answer: bytes) -> None:
        self.waiting = False
        if not self.deaf:
            self.transport.write(answer)
            self.go_on()

    def command(self, line: bytes) -> bytes:
        verb, _, rest = line.partition(b" ")
        return COMMANDS.get(verb.upper(), MailSession.unknown)(self, rest)

    def ehlo(self, _rest: bytes) -> bytes:
        self.reset()
        offers = ["counterpart", f"SIZE {SIZE_LIMIT}", "8BITMIME", "DSN", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        offers += ["AUTH PLAIN LOGIN"] if self.login else []
        return "".join(f"250-{offer}\r\n" for offer in offers).encode() + b"250 PIPELINING\r\n"

    def helo(self, _rest: bytes) -> bytes:
        self.reset()
        return b"250 counterpart\r\n"

    def mail(self, rest: bytes) -> bytes:
        if not self.logged_in:
            return b"530 5.7.0 Authentication required\r\n"
        if self.sender is not None:
            return BAD_SEQUENCE
        found = _FROM.fullmatch(rest)
        if found is None:
            return BAD_ARGUMENTS
        size, envid = _SIZE.search(found[2]), _ENVID.search(found[2])
        if size and int(size[1]) > SIZE_LIMIT:
            return TOO_BIG
        self.sender = found[1].decode("utf-8", "replace")
        if envid:
            self.envid = _XTEXT.sub(lambda code: bytes.fromhex(code[1].decode()), envid[1]).decode("utf-8", "replace")
        return b"250 2.1.0 Ok\r\n"

    def rcpt(self, rest: bytes) -> bytes:
        if self.sender is None:
            return BAD_SEQUENCE
        found = _TO.fullmatch(rest)
        if found is None:
            return BAD_ARGUMENTS
        recipient = found[1].decode("utf-8", "replace")
        met = behaviour(recipient, self.ledger.tried(recipient))
        if isinstance(met, bytes):
            return met
        if met in {Fault.HANG, Fault.HANGUP}:
            return self.fall_silent(close=met is Fault.HANGUP)
        self.fault = met or self.fault
        self.recipients.append(recipient)
        return b"250 2.1.5 Ok\r\n"

    def data(self, _rest: bytes) -> bytes:
        if not self.recipients:
            return BAD_SEQUENCE
        self.in_data = True
        self.searched = 0
        self.buffer[:0] = b"\r\n"  # so that a dot on the first line is like one on any other
        return b"354 End data with <CR><LF>.<CR><LF>\r\n"

    def rset(self, _rest: bytes) -> bytes:
        self.reset()
        return OK

    def noop(self, _rest: bytes) -> bytes:
        return OK

    def vrfy(self, _rest: bytes) -> bytes:
        return b"252 2.5.0 Cannot VRFY user\r\n"

    def quit(self, _rest: bytes) -> bytes:
        self.fall_silent(close=True)
        return b"221 2.0.0 Bye\r\n"

    def unknown(self, _rest: bytes) -> bytes:
        return b"502 5.5.1 Command not implemented\r\n"

    def auth(self, rest: bytes) -> bytes:
        mechanism, _, initial = rest.partition(b" ")
        if self.logged_in:
            return BAD_SEQUENCE
        if mechanism.upper() not in MECHANISMS:
            return b"504 5.5.4 Unrecognized authentication type\r\n"
        return self.logging_in(MECHANISMS[mechanism.upper()](initial), None)

    def logging_in(self, conversation: Generator[bytes, bytes, Login], line: bytes | None) -> bytes:
        self.on_line = self.command
        try:
            challenge = next(conversation) if line is None else conversation.send(line)
        except StopIteration as end:
            self.logged_in = end.value == self.login
            return LOGGED_IN if self.logged_in else b"535 5.7.8 Authentication credentials invalid\r\n"
        except ValueError:
            return b"501 5.5.2 Cannot decode response\r\n"
        self.on_line = partial(self.logging_in, conversation)
        return b"334 " + challenge + b"\r\n"


# Verb -> what answers it; each is given the rest of the line.
COMMANDS: dict[bytes, Callable[[MailSession, bytes], bytes]] = {
    b"EHLO": MailSession.ehlo,
    b"HELO": MailSession.helo,
    b"AUTH": MailSession.auth,
    b"MAIL": MailSession.mail,
    b"RCPT": MailSession.rcpt,
    b"DATA": MailSession.data,
    b"RSET": MailSession.rset,
    b"NOOP": MailSession.noop,
    b"VRFY": MailSession.vrfy,
    b"QUIT": MailSession.quit,
}

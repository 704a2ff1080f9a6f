"""What does the mail counterpart answer to each command of one SMTP connection?"""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sandbox.behaviour_file import BehaviourFile
from sandbox.mail_behaviour import Fault, behaviour
from sandbox.mail_calls import Event, MailCalls
from sandbox.mail_ledger import MailLedger
from sandbox.mail_login import MECHANISMS, Login
from sandbox.mail_standing import AT_MESSAGE, AT_RCPT, ENDLESS, GREETINGS, UNAVAILABLE, MailStanding

SIZE_LIMIT = 50 * 1024 * 1024  # bytes
_FROM = re.compile(rb"FROM:\s*<([^>]*)>(.*)", re.IGNORECASE)
_TO = re.compile(rb"TO:\s*<([^>]+)>.*", re.IGNORECASE)
_SIZE = re.compile(rb" SIZE=(\d+)", re.IGNORECASE)
_ENVID = re.compile(rb" ENVID=(\S+)", re.IGNORECASE)
_XTEXT = re.compile(rb"\+([0-9A-F]{2})")  # RFC 3461 section 4

GREETING = b"220 counterpart ESMTP\r\n"
OK = b"250 2.0.0 Ok\r\n"
BAD_ARGUMENTS = b"501 5.5.4 Syntax error in parameters\r\n"
BAD_SEQUENCE = b"503 5.5.1 Bad sequence of commands\r\n"
TOO_BIG = b"552 5.3.4 Message size exceeds fixed limit\r\n"
LOGGED_IN = b"235 2.7.0 Authentication successful\r\n"
NOT_LOGGED_IN = b"535 5.7.8 Authentication credentials invalid\r\n"


@dataclass(frozen=True)
class Desk:
    """What every connection of one counterpart shares. login: None lets everybody in; calls: None notes nothing."""

    ledger: MailLedger
    standing: BehaviourFile[MailStanding]
    calls: MailCalls | None
    login: Login | None


class MailDialogue:
    """Commands in, answers out; an answer of no bytes is none."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.on_line: Callable[[bytes], bytes] = self.command
        self.logged_in = desk.login is None
        self.in_data = False  # what comes now is a message
        self.deaf = False  # nothing more is read or answered
        self.closing = False
        self.endless: timedelta | None = None  # from here on comes an answer without end, with such pauses
        self.reset()

    def reset(self) -> None:
        self.sender: str | None = None
        self.envid: str | None = None
        self.recipients: list[str] = []
        self.fault: Fault | None = None

    def note(self, event: Event, done: bytes | str, recipient: str | None = None) -> None:
        if self.desk.calls:
            self.desk.calls.note(event, done, recipient)

    def fall_silent(self, *, close: bool) -> bytes:
        self.deaf, self.closing = True, close
        return b""

    def greeting(self) -> bytes:
        refusal = GREETINGS.get(self.desk.standing.now())
        self.note(Event.CONNECT, refusal or GREETING)
        if refusal:
            self.fall_silent(close=True)
        return refusal or GREETING

    def drop(self) -> None:
        """Close in the middle of a message."""
        self.note(Event.MESSAGE, Fault.DROP.word)
        self.fall_silent(close=True)

    def message(self, message: bytes) -> bytes:
        """A whole message, dots unstuffed, has come."""
        assert self.sender is not None
        sender, recipients, envid, fault = self.sender, self.recipients, self.envid, self.fault
        self.in_data = False
        self.reset()
        if len(message) > SIZE_LIMIT:
            return TOO_BIG
        number = self.desk.ledger.take(sender, recipients, envid, message)
        if fault:
            self.note(Event.MESSAGE, fault.word)
            return self.fall_silent(close=fault is Fault.CUT)
        return b"250 2.0.0 Ok: queued as %d\r\n" % number

    def command(self, line: bytes) -> bytes:
        verb, _, rest = line.partition(b" ")
        return COMMANDS.get(verb.upper(), MailDialogue.unknown)(self, rest)

    def ehlo(self, _rest: bytes) -> bytes:
        self.reset()
        standing = self.desk.standing.now()
        if standing and standing in ENDLESS:
            self.note(Event.EHLO, standing.word)
            self.endless = ENDLESS[standing]
            return self.fall_silent(close=False)
        offers = ["counterpart", f"SIZE {SIZE_LIMIT}", "8BITMIME", "DSN", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        offers += ["AUTH PLAIN LOGIN"] if self.desk.login or standing is MailStanding.REFUSE_LOGIN else []
        return "".join(f"250-{offer}\r\n" for offer in offers).encode() + b"250 PIPELINING\r\n"

    def helo(self, _rest: bytes) -> bytes:
        self.reset()
        return b"250 counterpart\r\n"

    def mail(self, rest: bytes) -> bytes:
        if self.desk.standing.now() is MailStanding.UNAVAILABLE:
            self.note(Event.MAIL, UNAVAILABLE)
            self.fall_silent(close=True)
            return UNAVAILABLE
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
        met = behaviour(recipient, self.desk.ledger.tried(recipient))
        if not (isinstance(met, bytes) or met in {Fault.HANG, Fault.HANGUP}):
            met = AT_RCPT.get(self.desk.standing.now(), met)
        if isinstance(met, bytes):
            self.note(Event.RCPT, met, recipient)
            return met
        if met in {Fault.HANG, Fault.HANGUP}:
            self.note(Event.RCPT, met.word, recipient)
            return self.fall_silent(close=met is Fault.HANGUP)
        self.fault = met or self.fault
        self.recipients.append(recipient)
        answer = b"250 2.1.5 Ok\r\n"
        self.note(Event.RCPT, answer, recipient)
        return answer

    def data(self, _rest: bytes) -> bytes:
        if not self.recipients:
            return BAD_SEQUENCE
        self.fault = self.fault or AT_MESSAGE.get(self.desk.standing.now())
        self.in_data = True
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
        if self.logged_in and not self.refuses_logins:
            return self.login_ends(BAD_SEQUENCE)
        if mechanism.upper() not in MECHANISMS:
            return self.login_ends(b"504 5.5.4 Unrecognized authentication type\r\n")
        return self.logging_in(MECHANISMS[mechanism.upper()](initial), None)

    @property
    def refuses_logins(self) -> bool:
        return self.desk.standing.now() is MailStanding.REFUSE_LOGIN

    def logging_in(self, conversation: Generator[bytes, bytes, Login], line: bytes | None) -> bytes:
        self.on_line = self.command
        try:
            challenge = next(conversation) if line is None else conversation.send(line)
        except StopIteration as end:
            self.logged_in = end.value == self.desk.login and not self.refuses_logins
            return self.login_ends(LOGGED_IN if self.logged_in else NOT_LOGGED_IN)
        except ValueError:
            return self.login_ends(b"501 5.5.2 Cannot decode response\r\n")
        self.on_line = partial(self.logging_in, conversation)
        return b"334 " + challenge + b"\r\n"

    def login_ends(self, answer: bytes) -> bytes:
        self.note(Event.AUTH, answer)  # neither user nor password
        return answer


# Verb -> what answers it; each is given the rest of the line.
COMMANDS: dict[bytes, Callable[[MailDialogue, bytes], bytes]] = {
    b"EHLO": MailDialogue.ehlo,
    b"HELO": MailDialogue.helo,
    b"AUTH": MailDialogue.auth,
    b"MAIL": MailDialogue.mail,
    b"RCPT": MailDialogue.rcpt,
    b"DATA": MailDialogue.data,
    b"RSET": MailDialogue.rset,
    b"NOOP": MailDialogue.noop,
    b"VRFY": MailDialogue.vrfy,
    b"QUIT": MailDialogue.quit,
}

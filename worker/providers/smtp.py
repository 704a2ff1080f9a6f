"""How does a send leave through a mail server?

RFC 5321 submission with STARTTLS (3207) or implicit TLS (8314), AUTH (4954), SIZE (1870), DSN (3461), SMTPUTF8 (6531).
Before the final dot nothing was sent; silence or loss after it is an unknown outcome, and nobody guesses.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from duepost.errors import ConfigError, InvalidSend
from duepost.features import EVERYTHING, OF_INVOICE_SYSTEMS, Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.broken import CERTIFICATE_REFUSED, CONNECTION_LOST, root, word
from worker.connect import verifying
from worker.deadline import Deadline
from worker.providers.finding import raw
from worker.providers.message import Sender, build
from worker.providers.port import Job, Outcome, Verdict
from worker.providers.smtp_address import WireAddress, wire_address
from worker.providers.smtp_link import Letter, Link, Server
from worker.providers.smtp_verdicts import Stage
from worker.spare import Spare

MISSING = Outcome(Verdict.REFUSED, Status.MISSING_EMAIL_ADDRESS, Reason("ADDRESS_MISSING", field="ToAddress"))


class Signature(Protocol):
    """What signs a mail."""

    def sign(self, data: bytes) -> bytes:
        """The dot-stuffed mail with its signature before it."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Smtp:
    """A mail server to submit to.

    ca_file: certificates to trust beside the system's; TLS is always verified. command_limit: for connecting and all
    before the final dot, in sum. final_dot_limit: for the answer to it (RFC 5321 4.5.3.2.6 says 10 minutes).
    idle_limit: how long a connection waits for the next message. messages_per_connection, connection_limit: after so
    many, or so long, a new one is made. signature: signs every mail. The sender's domain is the name in EHLO and in
    Message-IDs; the sender is the envelope's of every mail, so that bounces come home whatever From says.

    Raises: ConfigError when sender is no address; OSError when ca_file holds no certificates.
    """

    host: str
    port: int
    sender: str
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender_name: str | None = None
    ca_file: Path | None = None
    command_limit: timedelta = timedelta(seconds=30)
    final_dot_limit: timedelta = timedelta(minutes=10)
    idle_limit: timedelta = timedelta(seconds=30)
    messages_per_connection: int = 100
    connection_limit: timedelta = timedelta(minutes=5)
    signature: Signature | None = None
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)
    _sender: WireAddress = field(init=False, repr=False, compare=False)
    _server: Server = field(init=False, repr=False, compare=False)
    _spare: Spare[Link] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            sender = wire_address("sender", self.sender)
        except InvalidSend as wrong:
            raise ConfigError(wrong.field, wrong.problem, wrong.hint) from None
        context = None if self.tls == "none" else verifying(self.ca_file)
        server = Server(self.host, self.port, sender.domain, context, self.tls == "implicit", self.user, self.password)
        for name, value in (("_sender", sender), ("_server", server), ("_spare", Spare[Link](self.idle_limit))):
            object.__setattr__(self, name, value)

    @property
    def total_deadline(self) -> timedelta:
        """All before the final dot, and the answer to it."""
        return self.command_limit + self.final_dot_limit

    @property
    def features(self) -> frozenset[Feature]:
        """Everything that a mail can say."""
        return EVERYTHING - OF_INVOICE_SYSTEMS - {Feature.PARTICIPANT}

    def send(self, job: Job) -> Outcome:
        """Submit one message. A reused connection found dead before the message's first byte is replaced once."""
        if not job.to_address:
            return MISSING
        try:
            letter = self._letter(job, job.to_address)
        except InvalidSend as wrong:
            return _unfit(wrong.field)
        deadline = Deadline(self.command_limit)
        spare = self._spare.take()
        if spare is not None and self._worn(spare):
            spare.quit()
        elif spare is not None:
            with suppress(_FoundDead):
                return self._over(spare, letter, deadline)
        return self._over(Link(self._server), letter, deadline)

    def close(self) -> None:
        """Say goodbye on every free connection."""
        while (link := self._spare.take()) is not None:
            link.quit()

    def _letter(self, job: Job, to_address: str) -> Letter:
        recipient = wire_address("ToAddress", to_address)
        own = wire_address("From", job.options.sender) if job.options.sender else self._sender
        addresses = {"sender": self._sender, "From": own, "ToAddress": recipient}
        unusual = next((name for name, address in addresses.items() if address.utf8), None)
        if own is not self._sender:
            job = replace(job, options=replace(job.options, sender=own.address))
        sender = Sender(self._sender.address, self.sender_name, self._sender.domain)
        data = build(job, sender, recipient.address, self.now(), utf8=unusual is not None)
        if self.signature is not None:
            data = self.signature.sign(data)
        return Letter(self._sender.address, recipient.address, unusual, job.token, data)

    def _worn(self, link: Link) -> bool:
        return link.messages >= self.messages_per_connection or link.age >= self.connection_limit

    def _over(self, link: Link, letter: Letter, deadline: Deadline) -> Outcome:
        """Raises: _FoundDead when a reused link turns out dead before the message's first byte."""
        if link.reused and link.dead:
            link.close()
            raise _FoundDead
        try:
            outcome = link.ready(deadline) or link.deliver(letter, self.final_dot_limit)
        except OSError as error:
            link.close()
            if link.reused and not link.begun and word(error) == CONNECTION_LOST:
                raise _FoundDead from error
            return _lost(link.stage, error)
        if link.closing and link.reused and link.stage in {Stage.RESET, Stage.MAIL}:
            link.close()
            raise _FoundDead
        link.reused = True
        if link.closing or self._worn(link):
            link.quit()
        else:
            self._spare.give_back(link)
        return outcome


class _FoundDead(Exception):  # noqa: N818 - it says what happened
    """A connection kept from an earlier send is of no more use; nothing of this send was taken."""


def _lost(stage: Stage, error: OSError) -> Outcome:
    code = word(error)
    reason = Reason(code, values={"stage": stage.value})
    answer = raw(f"{type(root(error)).__name__}: {root(error)}")
    if stage is Stage.DOT:
        return Outcome(Verdict.UNKNOWN, Status.ERROR, reason, answer)
    alarm = code == CERTIFICATE_REFUSED
    return Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, reason, answer, alarm=alarm)


def _unfit(wrong: str) -> Outcome:
    address = wrong == "ToAddress"
    status = Status.WRONG_EMAIL_ADDRESS if address else Status.ERROR
    return Outcome(Verdict.REFUSED, status, Reason("ADDRESS_INVALID" if address else "FIELD_UNSAFE", field=wrong))

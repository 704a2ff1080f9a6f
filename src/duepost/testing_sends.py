"""How does the fake check a send and keep it, without a ledger?"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from duepost.client_rows import content_of
from duepost.documents import DocumentStore
from duepost.errors import InvalidSend
from duepost.kept import einvoice, filename_of, pages, stored
from duepost.leaving import leaving
from duepost.ledger.identifiers import new_id
from duepost.printed_instead import is_printed_instead, letter_of
from duepost.recipients import faults, mended, recipients
from duepost.rules import Rules
from duepost.sends import Attachment, Channel, CheckedSend, DocumentSource, NewSend, Reference
from duepost.standing import Event, Standing
from duepost.statuses import Status
from duepost.validation import business_key, check, problems

ACTOR = "fake"


@dataclass
class Memory:
    """Holds documents by name, for as long as the test takes."""

    kept: dict[str, bytes] = field(default_factory=dict, repr=False)

    def put(self, name: str, content: bytes) -> None:
        self.kept[name] = content

    def mark(self, name: str) -> object:
        return name in self.kept or None

    def read(self, name: str) -> bytes:
        try:
            return self.kept[name]
        except KeyError:
            raise FileNotFoundError(name) from None


@dataclass
class FakeSend:
    """A send that the fake took. asked: as the app gave it, one receiver each. checked: its values normalised.

    standing: as `get` answers it. document: its bytes. events: as `timeline` answers them.
    """

    asked: NewSend
    checked: CheckedSend
    standing: Standing
    document: bytes | None = field(default=None, repr=False)
    events: list[Event] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        """The same as in its receipt."""
        return self.standing.id

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.standing.status

    def move(
        self, to: Status, reason: str, at: datetime, values: Mapping[str, str] | None = None, **more: object
    ) -> None:
        """One change of status, with what else changes in its standing."""
        before = self.standing.status
        self.standing = replace(self.standing, status=to, **{"due_at": None, **more})  # type: ignore[arg-type]
        told = Event(
            at=at,
            what="transition",
            status_from=before,
            status_to=to,
            reason=reason,
            values=values or {},
            actor=ACTOR,
        )
        self.events.append(told)


@dataclass
class Shop:
    """Takes sends of one account. zone: of schedules without an offset."""

    account: str
    zone: str
    rules: Rules
    documents: DocumentStore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.documents = DocumentStore(Memory(), self.rules.document_limit)

    def check(self, send: NewSend, now: datetime) -> list[tuple[NewSend, CheckedSend]]:
        """One for each receiver. Raises: InvalidSend for the first wrong field, the others behind it."""
        send = self._known(send)
        if is_printed_instead(send, self.rules):
            letter, warning, wrong = letter_of(send, dict, self.documents.look)
            if wrong:
                raise InvalidSend(wrong.field, wrong.problem, wrong.hint, others=tuple(self._problems(letter, now)))
            found = self.check(letter, now)
            return [(one, replace(checked, warnings=(warning, *checked.warnings))) for one, checked in found]
        try:
            every = [(one, one.of(self._check(one.send, now))) for one in recipients(send, self.rules)]
            return [(one.send, self._counted(checked)) for one, checked in every]
        except InvalidSend as first:
            others = [one for one in self._problems(send, now) if one.field != first.field]
            raise InvalidSend(first.field, first.problem, first.hint, first.value, others=tuple(others)) from None

    def keep(self, asked: NewSend, checked: CheckedSend, now: datetime, run: str | None) -> FakeSend:
        """As the ledger would."""
        checked, due_at, _ = leaving(checked, now, self.zone, self.rules)
        document = None if checked.document is None else self.documents.content_of(checked.document)
        standing = Standing(
            id=new_id(),
            status=checked.status,
            channel=checked.channel,
            kind=checked.kind.value,
            invoice=checked.invoice,
            account=self.account,
            accepted_at=now,
            due_at=due_at if checked.status.waiting else None,
            scheduled_at=checked.schedule.instant if checked.schedule else None,
            customer=checked.customer,
            reference=checked.reference,
            to_address=checked.to_address or None,
            run=run,
            lane=checked.lane,
            priority=int(checked.priority),
            attempts=0,
            units=checked.units,
            sequence=checked.sequence,
            in_hand=False,
            in_doubt=False,
            paused=False,
            resend_of=None,
        )
        accepted = Event(at=now, what="accepted", status_to=checked.status, reason="ACCEPTED", actor=ACTOR)
        return FakeSend(asked, checked, standing, document, [accepted])

    def key_of(self, checked: CheckedSend) -> UUID:
        """What makes two sends the same."""
        return business_key(self.account, checked)

    def _known(self, send: NewSend) -> NewSend:
        """The send with its documents in the store, named by their digests."""
        if send.account not in {"default", self.account}:
            raise InvalidSend("Account", "is not this key's", "leave it out: the key says it")
        filename = send.filename or (send.document.name if isinstance(send.document, Path) else None)
        document = None if send.document is None else self._put("Document", send.document)
        enclosed = tuple(
            Attachment(
                self._put("Attachments", one.source),
                one.filename or (one.source.name if isinstance(one.source, Path) else None),
            )
            for one in send.attachments
        )
        return replace(send, account=self.account, document=document, filename=filename, attachments=enclosed)

    def _put(self, name: str, source: DocumentSource) -> Reference:
        try:
            if isinstance(source, Reference):
                kept = self.documents.put(source)
            else:
                kept = self.documents.put(content_of(name, source))
        except InvalidSend as wrong:
            raise InvalidSend(name, wrong.problem, wrong.hint) from None
        return Reference(kept.sha256.hex())

    def _check(self, send: NewSend, now: datetime) -> CheckedSend:
        return check(send, zone=self.zone, now=now, rules=self.rules)

    def _counted(self, checked: CheckedSend) -> CheckedSend:
        """With its documents looked at, as each channel wants it."""
        kept = stored(checked, self.documents, {}, self.rules)
        checked = replace(checked, filename=filename_of(checked, kept[0]))
        if checked.channel is Channel.PRINT:
            return replace(checked, units=pages(checked, kept, self.documents))
        if checked.channel is Channel.XML:
            told = einvoice(checked, self.documents, self.rules, kept[0])
            return replace(checked, warnings=(*checked.warnings, *told))
        return checked

    def _problems(self, send: NewSend, now: datetime) -> list[InvalidSend]:
        wrong = faults(send, self.rules)
        if wrong:
            return [*wrong, *self._problems(mended(send, wrong), now)]
        first = next(recipients(send, self.rules)).send
        return problems(first, zone=self.zone, now=now, rules=self.rules)

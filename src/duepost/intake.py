"""How does a checked send become an accepted one, alone or a million at a time?

Everything here happens in the caller's transaction: what it rolls back was never accepted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection

from duepost.documents import DocumentStore
from duepost.errors import InvalidSend
from duepost.fields import LINE_LIMIT, line
from duepost.fitting import unfit
from duepost.kept import einvoice, filename_of, pages, stored, unusable
from duepost.leaving import leaving
from duepost.ledger.accept import Accepted, accept_one, add_documents, copy_in, first_sends, nudge
from duepost.ledger.accept_few import accept_few
from duepost.ledger.accounts import Account
from duepost.ledger.identifiers import new_id
from duepost.mail_fields import language
from duepost.printed_instead import is_printed_instead, letter_of
from duepost.recipients import alone, faults, mended, recipients
from duepost.rules import Rules
from duepost.sends import Channel, CheckedSend, NewSend, Receipt
from duepost.surroundings import Memory, Surroundings
from duepost.templates import rendered
from duepost.trying import undelivered
from duepost.validation import business_key, check, problems


@dataclass(frozen=True)
class Door:
    """What every way in shares: the rules of validation and the store of documents."""

    rules: Rules
    documents: DocumentStore


class Intake:
    """Takes sends in on one connection, within one transaction. `run`: name of the batch they belong to."""

    def __init__(
        self, connection: Connection, door: Door, *, source: str, run: str | None = None, memory: Memory | None = None
    ) -> None:
        """memory: what is known already, and at most some seconds old; None: nothing."""
        self._connection = connection
        self._door = door
        self._source = source
        self._documents: set[bytes] = set()
        self._alone = Lock()  # whoever uses the connection: one thread may check while another accepts
        named = None if run is None else line("Run", run, LINE_LIMIT)
        self._around = Surroundings(connection, self._alone, named, memory or Memory())

    def check(self, send: NewSend) -> list[CheckedSend]:
        """The send with every value normalised, one for each recipient.

        Raises: InvalidSend for the first wrong field.
        """
        account = self._around.account(send.account)
        if is_printed_instead(send, self._door.rules):
            letter, warning, wrong = self._letter_of(send)
            if wrong:
                raise wrong
            return [replace(one, warnings=(warning, *one.warnings)) for one in self.check(letter)]
        if alone(send):
            found = [self._worded(send, account)]
        else:
            found = [one.of(self._worded(one.send, account)) for one in recipients(send, self._door.rules)]
        for checked in found:
            problem = unfit(checked, self._around.lanes(), self._door.rules)
            if problem:
                raise problem
        return found

    def problems(self, send: NewSend) -> list[InvalidSend]:
        """Every wrong field of the send, its document among them; only the account when that is unknown."""
        try:
            account = self._around.account(send.account)
        except InvalidSend as unknown:
            return [unknown]
        if is_printed_instead(send, self._door.rules):
            send, _, missing = self._letter_of(send)
            if missing:
                return [missing, *problems(send, zone=account.zone, now=account.now, rules=self._door.rules)]
        wrong = faults(send, self._door.rules)
        if wrong:
            return [*wrong, *self.problems(mended(send, wrong))]
        first = next(recipients(send, self._door.rules)).send
        found = problems(first, zone=account.zone, now=account.now, rules=self._door.rules)
        if not found:
            try:
                self.check(send)
            except InvalidSend as problem:
                found.append(problem)
        found += unusable(send, self._door.documents, {problem.field for problem in found})
        if not found:
            found += self._of_einvoice(send)
        return found

    def _of_einvoice(self, send: NewSend) -> list[InvalidSend]:
        for checked in self.check(send):
            if checked.channel is Channel.XML:
                try:
                    einvoice(checked, self._door.documents, self._door.rules)
                except InvalidSend as refused:
                    return [refused]
        return []

    def _letter_of(self, send: NewSend) -> tuple[NewSend, str, InvalidSend | None]:
        return letter_of(send, self._around.lanes, self._door.documents.look)

    def _worded(self, send: NewSend, account: Account) -> CheckedSend:
        """The checked send, with the account's own words where it brings none."""

        def checked_with(given: NewSend) -> CheckedSend:
            found = check(given, zone=account.zone, now=account.now, rules=self._door.rules)
            return found if account.delivers else undelivered(found)

        checked = checked_with(send)
        templates = self._around.templates_of(account)
        if not templates:
            return checked
        own = checked.note if send.note and send.note.strip() else None
        subject, text = rendered(templates, checked, own, language(send.language)[0])
        if (subject, text) == (checked.subject, own):
            return checked
        # An SMS is counted anew; a mail's words need no other look.
        if checked.channel is Channel.SMS:
            return checked_with(replace(send, note=text))
        return replace(checked, subject=subject, note=text)

    def accept(self, prepared: Accepted) -> Receipt:
        """Accept one send."""
        self._add_documents([prepared])
        receipt = accept_one(self._connection, prepared)
        if not receipt.duplicate and prepared.due_at <= self._around.account(prepared.send.account).now:
            nudge(self._connection)
        return receipt

    def prepare(self, checked: CheckedSend) -> Accepted:
        """Give the send its id and its business key, and store its documents' bytes.

        Raises: InvalidSend when a document cannot be taken; OSError when the store cannot be written.
        """
        account = self._around.account(checked.account)
        document, attachments = stored(checked, self._door.documents, self._around.lanes(), self._door.rules)
        if (name := filename_of(checked, document)) != checked.filename:
            checked = replace(checked, filename=name)
        if checked.channel is Channel.PRINT:
            checked = replace(checked, units=pages(checked, (document, attachments), self._door.documents))
        if checked.channel is Channel.XML:
            told_of = einvoice(checked, self._door.documents, self._door.rules, document)
            checked = replace(checked, warnings=(*checked.warnings, *told_of))
        checked, due_at, not_after = leaving(checked, account.now, account.zone, self._door.rules)
        return Accepted(
            id=new_id(),
            account_id=account.id,
            run_id=self._around.run_of(account),
            business_key=business_key(account.name, checked),
            send=checked,
            document=document,
            attachments=attachments,
            due_at=due_at,
            source=self._source,
            not_after=not_after,
        )

    def accept_few(self, prepared: Sequence[Accepted]) -> list[Receipt]:
        """As `accept_many`, a handful in one statement. Wants READ COMMITTED."""
        with self._alone:
            self._add_documents(prepared)
            asked = {one.business_key: one for one in reversed(prepared)}  # of equal ones the first
            new = accept_few(self._connection, list(asked.values())) if asked else set()
            known = asked.keys() - new
            first = first_sends(self._connection, list(known)) if known else {}
            return self._told(prepared, first, {key: asked[key] for key in new})

    def accept_many(self, prepared: Sequence[Accepted]) -> list[Receipt]:
        """Accept a few thousand at a time, by COPY; receipts in the order given.

        Raises: psycopg's UniqueViolation when another transaction has committed one of the business keys and this one,
        REPEATABLE READ or stricter, may not see it: to be tried again as a whole, like any serialization failure.
        """
        with self._alone:
            return self._accept_many(prepared) if prepared else []

    def _accept_many(self, prepared: Sequence[Accepted]) -> list[Receipt]:
        self._add_documents(prepared)
        first: dict[UUID, Receipt] | None = None
        while True:
            known, first = first, first_sends(self._connection, [one.business_key for one in prepared])
            fresh: dict[UUID, Accepted] = {}
            for one in prepared:
                if one.business_key not in first:
                    fresh.setdefault(one.business_key, one)
            if self._copied(list(fresh.values()), again=known is None or len(first) > len(known)):
                break
        return self._told(prepared, first, fresh)

    def _told(
        self, prepared: Sequence[Accepted], first: dict[UUID, Receipt], fresh: dict[UUID, Accepted]
    ) -> list[Receipt]:
        """The receipts; the scheduler is told when something is due at once."""
        if any(one.due_at <= self._around.account(one.send.account).now for one in fresh.values()):
            nudge(self._connection)
        return [_receipt(one, first, fresh) for one in prepared]

    def _copied(self, fresh: Sequence[Accepted], *, again: bool) -> bool:
        """False when another transaction has meanwhile committed one of these business keys; raises unless `again`."""
        if not fresh:
            return True
        try:
            with self._connection.begin_nested():
                copy_in(self._connection, fresh)
        except UniqueViolation:
            if not again:
                raise
            return False
        return True

    def _add_documents(self, prepared: Sequence[Accepted]) -> None:
        found = {one.document.sha256: one.document for one in prepared if one.document}
        found |= {stored.sha256: stored for one in prepared for stored, _ in one.attachments}
        new = [stored for digest, stored in found.items() if digest not in self._documents]
        add_documents(self._connection, new)
        self._documents.update(found)


def _receipt(one: Accepted, first: dict[UUID, Receipt], fresh: dict[UUID, Accepted]) -> Receipt:
    if one.business_key in first:
        return first[one.business_key]
    kept = fresh[one.business_key]
    if kept is one:
        return one.receipt
    return Receipt(kept.id, kept.receipt.status, kept.receipt.due_at, duplicate=True)

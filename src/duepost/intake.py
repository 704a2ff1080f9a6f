"""How does a checked send become an accepted one, alone or a million at a time?

Everything here happens in the caller's transaction: what it rolls back was never accepted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection

from duepost.document_kinds import StoredDocument
from duepost.documents import DocumentStore
from duepost.errors import InvalidSend
from duepost.fitting import too_large, unfit
from duepost.ledger.accept import Accepted, accept_one, add_documents, copy_in, first_sends, nudge
from duepost.ledger.accounts import Account, account_named, run_named
from duepost.ledger.identifiers import new_id
from duepost.ledger.lanes import DeclaredLane, declared
from duepost.pages import pages_of
from duepost.quiet import next_allowed, told
from duepost.rules import A_DAY, Rules
from duepost.sends import Channel, CheckedSend, DocumentSource, NewSend, Receipt
from duepost.validation import account_name, business_key, check, problems

MOST_UNITS = 32_767  # the ledger's smallint


@dataclass(frozen=True)
class Door:
    """What every way in shares: the rules of validation and the store of documents."""

    rules: Rules
    documents: DocumentStore


class Intake:
    """Takes sends in on one connection, within one transaction. `run`: name of the batch they belong to."""

    def __init__(self, connection: Connection, door: Door, *, source: str, run: str | None = None) -> None:
        self._connection = connection
        self._door = door
        self._source = source
        self._run = run
        self._accounts: dict[str, Account] = {}
        self._runs: dict[int, int] = {}
        self._documents: set[bytes] = set()
        self._declared: dict[str, DeclaredLane] | None = None
        self._alone = Lock()  # whoever uses the connection: one thread may check while another accepts

    def check(self, send: NewSend) -> CheckedSend:
        """The send with every value normalised. Raises: InvalidSend for the first wrong field."""
        account = self._account(send.account)
        checked = check(send, zone=account.zone, now=account.now, rules=self._door.rules)
        problem = unfit(checked, self._lanes())
        if problem:
            raise problem
        return checked

    def problems(self, send: NewSend) -> list[InvalidSend]:
        """Every wrong field of the send, its document among them; only the account when that is unknown."""
        try:
            account = self._account(send.account)
        except InvalidSend as unknown:
            return [unknown]
        found = problems(send, zone=account.zone, now=account.now, rules=self._door.rules)
        if not found:
            checked = check(send, zone=account.zone, now=account.now, rules=self._door.rules)
            found += [problem] if (problem := unfit(checked, self._lanes())) else []
        given = [("Document", send.document), *(("Attachments", one.source) for one in send.attachments)]
        for field, source in given:
            if source is not None and not any(problem.field == field for problem in found):
                try:
                    self._door.documents.look(source)
                except InvalidSend as unusable:
                    found.append(InvalidSend(field, unusable.problem, unusable.hint, source))
        return found

    def accept(self, checked: CheckedSend) -> Receipt:
        """Accept one send. Raises: InvalidSend for Document when it cannot be taken."""
        accepted = self.prepare(checked)
        self._add_documents([accepted])
        receipt = accept_one(self._connection, accepted)
        if not receipt.duplicate and _is_due(accepted, self._account(checked.account).now):
            nudge(self._connection)
        return receipt

    def prepare(self, checked: CheckedSend) -> Accepted:
        """Give the send its id and its business key, and store its documents' bytes."""
        account = self._account(checked.account)
        document, attachments = self._stored(checked)
        if checked.channel is Channel.PRINT:
            checked = replace(checked, units=self._pages(checked))
        due_at = max(checked.schedule.instant, account.now) if checked.schedule else account.now
        quiet = self._door.rules.quiet_hours.get(checked.channel)
        later = quiet and next_allowed(checked.to_address, due_at, account.zone, quiet)
        if quiet and later:
            warning = told(later, account.zone, quiet)
            checked, due_at = replace(checked, warnings=(*checked.warnings, warning)), later
        return Accepted(
            id=new_id(),
            account_id=account.id,
            run_id=self._run_of(account),
            business_key=business_key(account.name, checked),
            send=checked,
            document=document,
            attachments=attachments,
            due_at=due_at,
            source=self._source,
            not_after=checked.not_after or due_at + self._door.rules.late_after.get(checked.channel, A_DAY),
        )

    def accept_many(self, prepared: Sequence[Accepted]) -> list[Receipt]:
        """Accept a few thousand at a time, by COPY; receipts in the order given.

        Raises: psycopg's UniqueViolation when another transaction has committed one of the business keys and this one,
        REPEATABLE READ or stricter, may not see it: to be tried again as a whole, like any serialization failure.
        """
        with self._alone:
            return self._accept_many(prepared)

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
        now = next(iter(self._accounts.values())).now
        if any(_is_due(one, now) for one in fresh.values()):
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

    def _stored(self, checked: CheckedSend) -> tuple[StoredDocument | None, tuple[tuple[StoredDocument, str], ...]]:
        put = self._door.documents.put
        document = put(checked.document) if checked.document is not None else None
        attachments = tuple((_put(put, one.source), one.filename or "document") for one in checked.attachments)
        sizes = [*([document.size] if document else []), *(one.size for one, _ in attachments)]
        if attachments and sum(sizes) > self._door.documents.limit:
            limit = f"{self._door.documents.limit:,}"
            raise InvalidSend("Attachments", f"and the document are larger than {limit} bytes", "send less at once")
        problem = too_large(checked, sizes, self._lanes()) if sizes else None
        if problem:
            raise problem
        return document, attachments

    def _pages(self, checked: CheckedSend) -> int:
        sources = [checked.document, *(one.source for one in checked.attachments)]
        contents = [self._door.documents.content_of(one) for one in sources if one is not None]
        if not contents:
            raise InvalidSend("Document", "is missing", "name the PDF to print")
        return min(sum(pages_of(content) for content in contents), MOST_UNITS)

    def _lanes(self) -> dict[str, DeclaredLane]:
        if self._declared is None:
            with self._alone:
                self._declared = declared(self._connection)
        return self._declared

    def _account(self, name: str) -> Account:
        if name not in self._accounts:
            with self._alone:
                self._accounts[name] = account_named(self._connection, account_name(name))
        return self._accounts[name]

    def _run_of(self, account: Account) -> int | None:
        if self._run is None:
            return None
        if account.id not in self._runs:
            with self._alone:
                self._runs[account.id] = run_named(self._connection, account.id, self._run)
        return self._runs[account.id]

    def _add_documents(self, prepared: Sequence[Accepted]) -> None:
        found = {one.document.sha256: one.document for one in prepared if one.document}
        found |= {stored.sha256: stored for one in prepared for stored, _ in one.attachments}
        new = [stored for digest, stored in found.items() if digest not in self._documents]
        add_documents(self._connection, new)
        self._documents.update(found)


def _put(put: Callable[[DocumentSource], StoredDocument], source: DocumentSource) -> StoredDocument:
    try:
        return put(source)
    except InvalidSend as unusable:
        raise InvalidSend("Attachments", unusable.problem, unusable.hint, source) from None


def _is_due(accepted: Accepted, now: datetime) -> bool:
    return accepted.due_at <= now


def _receipt(one: Accepted, first: dict[UUID, Receipt], fresh: dict[UUID, Accepted]) -> Receipt:
    if one.business_key in first:
        return first[one.business_key]
    kept = fresh[one.business_key]
    if kept is one:
        return one.receipt
    return Receipt(kept.id, kept.receipt.status, kept.due_at, duplicate=True)

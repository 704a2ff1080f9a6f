"""How does a checked send become an accepted one, alone or a million at a time?

Everything here happens in the caller's transaction: what it rolls back was never accepted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection

from duepost.checking import Checker
from duepost.documents import DocumentStore
from duepost.fields import LINE_LIMIT, line
from duepost.ledger.accept import Accepted, accept_one, add_documents, copy_in, first_sends, nudge
from duepost.ledger.accept_few import accept_few
from duepost.rules import Rules
from duepost.sends import Receipt
from duepost.surroundings import Memory, Surroundings


@dataclass(frozen=True)
class Door:
    """What every way in shares: the rules of validation and the store of documents."""

    rules: Rules
    documents: DocumentStore


class Intake(Checker):
    """Takes sends in on one connection, within one transaction. `run`: name of the batch they belong to."""

    def __init__(
        self, connection: Connection, door: Door, *, source: str, run: str | None = None, memory: Memory | None = None
    ) -> None:
        """memory: what is known already, and at most some seconds old; None: nothing."""
        self._alone = Lock()  # whoever uses the connection: one thread may check while another accepts
        named = None if run is None else line("Run", run, LINE_LIMIT)
        around = Surroundings(connection, self._alone, named, memory or Memory())
        super().__init__(around, door.rules, door.documents, source)
        self._connection = connection
        self._added: set[bytes] = set()

    def accept(self, prepared: Accepted) -> Receipt:
        """Accept one send."""
        self._add_documents([prepared])
        receipt = accept_one(self._connection, prepared)
        if not receipt.duplicate and self.due([prepared]):
            nudge(self._connection)
        return receipt

    def accept_few(self, prepared: Sequence[Accepted]) -> list[Receipt]:
        """As `accept_many`, a handful in one statement. Wants READ COMMITTED."""
        with self._alone:
            self._add_documents(prepared)
            asked = {one.business_key: one for one in reversed(prepared)}  # of equal ones the first
            new = accept_few(self._connection, list(asked.values()), due=self.due(prepared)) if asked else set()
            known = asked.keys() - new
            first = first_sends(self._connection, list(known)) if known else {}
            fresh = {key: asked[key] for key in new}
            return [_receipt(one, first, fresh) for one in prepared]

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
        if self.due(fresh.values()):
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
        new = [stored for digest, stored in found.items() if digest not in self._added]
        add_documents(self._connection, new)
        self._added.update(found)


def _receipt(one: Accepted, first: dict[UUID, Receipt], fresh: dict[UUID, Accepted]) -> Receipt:
    if one.business_key in first:
        return first[one.business_key]
    kept = fresh[one.business_key]
    if kept is one:
        return one.receipt
    return Receipt(kept.id, kept.receipt.status, kept.receipt.due_at, duplicate=True)

"""What does a door make of a send before the ledger has it: every value checked, every document kept?"""

from collections.abc import Iterable
from dataclasses import replace

from duepost.documents import DocumentStore
from duepost.errors import InvalidSend
from duepost.fitting import unfit
from duepost.kept import einvoice, filename_of, pages, stored, unusable
from duepost.leaving import leaving
from duepost.ledger.accept import Accepted
from duepost.ledger.accounts import Account
from duepost.ledger.identifiers import new_id
from duepost.mail_fields import language
from duepost.printed_instead import is_printed_instead, letter_of
from duepost.recipients import alone, faults, mended, recipients
from duepost.rules import Rules
from duepost.sends import Channel, CheckedSend, NewSend
from duepost.surroundings import Around
from duepost.templates import rendered
from duepost.trying import undelivered
from duepost.validation import business_key, check, problems


class Checker:
    """Checks and prepares sends by what it knows `around` them. source: the door's name in the ledger."""

    def __init__(self, around: Around, rules: Rules, documents: DocumentStore, source: str) -> None:
        self._around = around
        self._rules = rules
        self._documents = documents
        self._source = source

    def check(self, send: NewSend) -> list[CheckedSend]:
        """The send with every value normalised, one for each recipient.

        Raises: InvalidSend for the first wrong field.
        """
        account = self._around.account(send.account)
        if is_printed_instead(send, self._rules):
            letter, warning, wrong = self._letter_of(send)
            if wrong:
                raise wrong
            return [replace(one, warnings=(warning, *one.warnings)) for one in self.check(letter)]
        if alone(send):
            found = [self._worded(send, account)]
        else:
            found = [one.of(self._worded(one.send, account)) for one in recipients(send, self._rules)]
        for checked in found:
            problem = unfit(checked, self._around.lanes(), self._rules)
            if problem:
                raise problem
        return found

    def problems(self, send: NewSend) -> list[InvalidSend]:
        """Every wrong field of the send, its document among them; only the account when that is unknown."""
        try:
            account = self._around.account(send.account)
        except InvalidSend as unknown:
            return [unknown]
        if is_printed_instead(send, self._rules):
            send, _, missing = self._letter_of(send)
            if missing:
                return [missing, *problems(send, zone=account.zone, now=account.now, rules=self._rules)]
        wrong = faults(send, self._rules)
        if wrong:
            return [*wrong, *self.problems(mended(send, wrong))]
        first = next(recipients(send, self._rules)).send
        found = problems(first, zone=account.zone, now=account.now, rules=self._rules)
        if not found:
            try:
                self.check(send)
            except InvalidSend as problem:
                found.append(problem)
        found += unusable(send, self._documents, {problem.field for problem in found})
        if not found:
            found += self._of_einvoice(send)
        return found

    def _of_einvoice(self, send: NewSend) -> list[InvalidSend]:
        for checked in self.check(send):
            if checked.channel is Channel.XML:
                try:
                    einvoice(checked, self._documents, self._rules)
                except InvalidSend as refused:
                    return [refused]
        return []

    def _letter_of(self, send: NewSend) -> tuple[NewSend, str, InvalidSend | None]:
        return letter_of(send, self._around.lanes, self._documents.look)

    def _worded(self, send: NewSend, account: Account) -> CheckedSend:
        """The checked send, with the account's own words where it brings none."""

        def checked_with(given: NewSend) -> CheckedSend:
            found = check(given, zone=account.zone, now=account.now, rules=self._rules)
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

    def prepare(self, checked: CheckedSend) -> Accepted:
        """Give the send its id and its business key, and store its documents' bytes.

        Raises: InvalidSend when a document cannot be taken; OSError when the store cannot be written.
        """
        account = self._around.account(checked.account)
        document, attachments = stored(checked, self._documents, self._around.lanes(), self._rules)
        if (name := filename_of(checked, document)) != checked.filename:
            checked = replace(checked, filename=name)
        if checked.channel is Channel.PRINT:
            checked = replace(checked, units=pages(checked, (document, attachments), self._documents))
        if checked.channel is Channel.XML:
            told_of = einvoice(checked, self._documents, self._rules, document)
            checked = replace(checked, warnings=(*checked.warnings, *told_of))
        checked, due_at, not_after = leaving(checked, account.now, account.zone, self._rules)
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

    def due(self, prepared: Iterable[Accepted]) -> bool:
        """True when one of them is due at once, so that the scheduler is to be told."""
        return any(one.due_at <= self._around.account(one.send.account).now for one in prepared)

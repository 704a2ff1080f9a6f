"""How does a call become sends? In one transaction: all of its mails, or none.

A call asks for the mail once more, however often it was sent before. Acumulus knows no repeats, so a client that lost
an answer calls again: the same call within ten minutes mails nothing, and its answer says so.
"""

import json
import re
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, text

from duepost import crash
from duepost.errors import InvalidSend, Refused
from duepost.fields import note
from duepost.intake import Intake
from duepost.ledger.engine import answered
from duepost.ledger.idempotency import BUSY, KEPT, LONGEST_KEY, Kept, Repeat, claim, keep
from duepost.ledger.invoices import Invoice, invoice_by
from duepost.ledger.sequences import alone
from duepost.sends import Attachment, Channel, Kind, NewSend, Reference
from gateway.acumulus.answer import Said
from gateway.acumulus.request import Mail
from gateway.acumulus.words import ELEMENTS, Refusal, Remark, about, remark
from gateway.again import accept_anew
from gateway.asked import Asked
from gateway.callers import Caller
from gateway.service import Service

SOURCE = "acumulus"
SCOPE = "acumulus invoice_mail.php"
SAME = timedelta(minutes=10)  # clients give up after 10 to 30 s, and repeat soon or never
PATIENCE = text("SET LOCAL statement_timeout = '8s'")
KEY = re.compile("[!-~]+")
UPLOADED = re.compile("(?:sha256:)?([0-9A-Fa-f]{64})")


def mail_out(service: Service, caller: Caller, asked: Mail, key: str | None, *, trial: bool) -> Said:
    """Enqueue the mails and say so. trial: nothing is enqueued. key: an Idempotency-Key.

    Raises: Refusal; TryLater, and OSError of the document store.
    """
    if key is not None and (len(key) > LONGEST_KEY or not KEY.fullmatch(key)):
        raise Refusal(remark("DPKEY"))
    with answered(), service.engine.connect() as connection:
        connection.execute(PATIENCE)
        mailing = _Mailing(service, caller, asked, connection)
        said = mailing.said(key, trial=trial)
        if mailing.accepted is not None and not trial:
            connection.commit()
            crash.reached("accepted", mailing.accepted)
        return said


class _Mailing:
    """One call within its transaction. accepted: number of the invoice that has new sends, to be committed."""

    def __init__(self, service: Service, caller: Caller, asked: Mail, connection: Connection) -> None:
        self._service = service
        self._caller = caller
        self._asked = asked
        self._connection = connection
        self.accepted: str | None = None

    def said(self, key: str | None, *, trial: bool) -> Said:
        """What is answered; nothing is committed yet. Raises: Refusal."""
        asked, account_id = self._asked, self._caller.account_id
        held = invoice_by(self._connection, account_id, token=asked.token)
        if held is None:
            raise Refusal(remark("TNFE4035G"))
        if held.halted:
            raise Refusal(remark("DPHALTED"))
        alone(self._connection, account_id, held.reference)
        repeat = Repeat(account_id, SCOPE, key or f"same {asked.digest.hex()}", asked.digest)
        if not trial:
            [first] = claim(self._connection, [repeat], KEPT if key else SAME)
            if first is not None:
                return self._again(first, repeat, keyed=key is not None)
        intake = Intake(self._connection, self._service.door, source=SOURCE)
        send = self._send(held)
        try:
            warnings = self._accepted(intake, send, held)
        except InvalidSend as first:
            return self._wrong([first, *(one for one in intake.problems(send) if one.field != first.field)])
        self.accepted = held.reference
        if not trial:
            keep(self._connection, [(repeat, 200, _kept(warnings))])
        return Said(self._invoice, warnings=warnings)

    @property
    def _invoice(self) -> tuple[str, str]:
        return self._asked.token, "1" if self._asked.reminder else "0"

    def _accepted(self, intake: Intake, send: NewSend, held: Invoice) -> list[Remark]:
        """Warnings. Raises: InvalidSend."""
        account_id = self._caller.account_id
        self._service.owners.check(self._connection, account_id, Asked(send))
        # The note stays with the invoice, whatever its lane's provider makes of it.
        internal = note(self._asked.notes, "InternalNote")
        checked = [replace(one, options=replace(one.options, internal_note=internal)) for one in intake.check(send)]
        try:
            receipts = accept_anew(self._connection, account_id, intake, checked)
        except Refused as often:
            raise InvalidSend("token", f"is refused: {often}", "hold the invoice anew") from None
        texts = dict.fromkeys(text for one in receipts for text in one.warnings)
        return [*self._odd(held), *(remark("DPNOTE", text=text) for text in texts)]

    def _send(self, held: Invoice) -> NewSend:
        asked = self._asked
        uploaded = [(one, found[1]) for one in asked.documents if (found := UPLOADED.fullmatch(one))]
        elsewhere = [one for one in asked.documents if not UPLOADED.fullmatch(one)]
        return NewSend(
            channel=Channel.EMAIL,
            invoice=held.reference,
            to_address=asked.to or held.email,
            bcc=asked.bcc or None,
            sender=asked.sender or None,
            subject=asked.subject or None,
            note=asked.message or None,
            account=self._caller.account,
            kind=Kind.REMINDER
            if asked.reminder
            else Kind.CREDIT_NOTE
            if held.kind is Kind.CREDIT_NOTE
            else Kind.INVOICE,
            customer=held.customer,
            reference=held.token,
            language=held.language,
            confirm_read=asked.confirm or None,
            document=held.source,
            filename=held.document[1] if held.document else None,
            attachments=(*held.enclosed, *(Attachment(Reference(digits)) for _, digits in uploaded)),
            attach="pdf,xml,other" if asked.ubl else "pdf,other",
            provider_documents=",".join(elsewhere) or None,
        )

    def _odd(self, held: Invoice) -> list[Remark]:
        names = [name for _, name in (*((held.document,) if held.document else ()), *held.attachments)]
        odd = [remark("GK6FKHU52")] if self._asked.reminder is None else []
        if self._asked.ubl and names and not any(name.lower().endswith(".xml") for name in names):
            odd.append(remark("DPUBL"))
        return odd

    def _again(self, first: Kept | str, repeat: Repeat, *, keyed: bool) -> Said:
        if not isinstance(first, Kept):
            raise Refusal(remark("DPBUSY" if first == BUSY else "DPAWAY"))
        if first.request != repeat.request:
            raise Refusal(remark("DPKEYUSED"))
        warnings = [Remark(tag, tuple((name, one) for name, one in values)) for tag, values in json.loads(first.answer)]
        if not keyed:
            warnings.append(remark("DPREPEATED", minutes=int(SAME.total_seconds() // 60)))
        return Said(self._invoice, warnings=warnings)

    def _wrong(self, wrong: list[InvalidSend]) -> Said:
        """A wrong address is a warning, anything else an error; either way nothing is mailed."""
        remarks = [about(one) for one in {ELEMENTS.get(one.field, one.field): one for one in reversed(wrong)}.values()]
        errors = [one for one in remarks if one.tag != "DPADDRESS"]
        warnings = [one for one in remarks if one.tag == "DPADDRESS"]
        return Said(None if errors else self._invoice, errors, warnings)


def _kept(warnings: list[Remark]) -> bytes:
    return json.dumps([[one.tag, [list(pair) for pair in one.values]] for one in warnings]).encode()

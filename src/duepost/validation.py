"""Is a send right in every field, and what does each value mean?

The field names in errors are FarPay's where FarPay has one.
"""

from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from duepost import addresses
from duepost.asked import options
from duepost.enclosures import attachments, given_name
from duepost.errors import InvalidSend
from duepost.fields import LINE_LIMIT, NAME_LIMIT, line, note, priority, required, sequence, string, word
from duepost.leaving import after_quiet_hours
from duepost.route import lanes
from duepost.rules import Rules
from duepost.schedule import read_not_after, read_schedule, unset
from duepost.sends import Channel, CheckedSend, Kind, NewSend, Priority
from duepost.sms_send import sms_text
from duepost.statuses import Status

NO_ADDRESS = "ToAddress is missing: it is kept as 400 and goes nowhere."

# as a caller writes it, in small letters -> channel
CHANNELS = {channel.value: channel for channel in Channel}
# as a caller writes it, in small letters -> kind; the last two are FarPay's InvoiceTypeCode
KINDS = {**{kind.value: kind for kind in Kind}, "pie": Kind.INVOICE, "pcm": Kind.CREDIT_NOTE}


def check(send: NewSend, *, zone: str, now: datetime, rules: Rules) -> CheckedSend:
    """The send with every value normalised. zone: the account's, IANA name. now: aware UTC.

    Raises: InvalidSend for the first wrong field; `problems` tells all of them.
    """
    channel = word("Channel", send.channel, CHANNELS, "use email, sms, xml or print")
    if send.status != "Queue":
        _queue(send.status)
    address = None if send.to_address is None else string("ToAddress", send.to_address)
    status, missing = _without_address(channel, address, rules)
    if status is Status.QUEUE:
        to_address, warnings = addresses.normalise(channel, address, rules)
    else:
        to_address, warnings = "", ()
    warnings = (*missing, *warnings)
    postal = addresses.postal(address) if channel is Channel.PRINT else None
    schedule = read_schedule(send.schedule_send_date, zone, now)
    if schedule is None:
        warnings += unset(send.schedule_send_date)
    elif schedule.warning:
        warnings = (*warnings, schedule.warning)
    leaves = max(schedule.instant, now) if schedule else now
    not_after = read_not_after(send.not_after, zone, leaves)
    if not_after:
        after_quiet_hours(not_after, channel, to_address, leaves=leaves, zone=zone, rules=rules)
    route = () if send.lane is None else lanes(send.lane)
    invoice = required("InvoiceNumber", send.invoice)
    kind = word("Kind", send.kind, KINDS, "use invoice, reminder or credit_note (FarPay: PIE, PCM)")
    text = None if send.note is None else note(send.note)
    units, encoding = 1, None
    if channel is Channel.SMS:
        text, units, encoding, told = sms_text(
            text, kind, send.language, invoice, rules=rules, max_segments=send.max_segments
        )
        warnings = (*warnings, *told)
    asked, costs = options(send, channel, rules, route, postal)
    filename = given_name("Document", send.document, send.filename, invoice)
    return CheckedSend(
        channel=channel,
        invoice=invoice,
        to_address=to_address,
        schedule=schedule,
        note=text,
        account=account_name(send.account),
        kind=kind,
        subject=line("Subject", send.subject, LINE_LIMIT),
        customer=line("CustomerNumber", send.customer, NAME_LIMIT),
        reference=line("Reference", send.reference, LINE_LIMIT),
        document=send.document,
        filename=filename,
        lane=(route or rules.routes.get(channel) or (channel.value,))[0],
        priority=priority(send.priority),
        sequence=sequence(send.sequence),
        not_after=not_after,
        warnings=(*warnings, *costs) if costs else warnings,
        options=asked,
        status=status,
        units=units,
        encoding=encoding,
        attachments=attachments(send.attachments, invoice) if send.attachments else (),
    )


# wrong field -> values that are right, so that the next wrong field comes to light
MENDED: dict[str, dict[str, Any]] = {
    "Channel": {"channel": Channel.PRINT, "to_address": None},
    "Status": {"status": None},
    "ToAddress": {"channel": Channel.PRINT, "to_address": None},
    "ScheduleSendDate": {"schedule_send_date": None},
    "NotAfter": {"not_after": None},
    "Note": {"note": None},
    "InvoiceNumber": {"invoice": "1"},
    "Account": {"account": "default"},
    "Kind": {"kind": Kind.INVOICE},
    "Subject": {"subject": None},
    "CustomerNumber": {"customer": None},
    "Reference": {"reference": None},
    "Document": {"document": None},
    "Filename": {"filename": "1"},
    "Attachments": {"attachments": ()},
    "From": {"sender": None},
    "FromName": {"sender_name": None},
    "Language": {"language": None},
    "ConfirmRead": {"confirm_read": None},
    "Attach": {"attach": None},
    "Bcc": {"bcc": None},
    "MaxSegments": {"max_segments": None},
    "InternalNote": {"internal_note": None},
    "ProviderDocuments": {"provider_documents": None},
    "Lane": {"lane": None},
    "Priority": {"priority": Priority.NORMAL},
    "Sequence": {"sequence": 0},
}


def problems(send: NewSend, *, zone: str, now: datetime, rules: Rules) -> list[InvalidSend]:
    """Every wrong field of a send, one error each; empty when `check` would accept it."""
    found: list[InvalidSend] = []
    while True:
        try:
            check(send, zone=zone, now=now, rules=rules)
        except InvalidSend as problem:
            if any(one.field == problem.field for one in found):
                return found  # MENDED cannot mend it: built-in words with a long number, too, may exceed an SMS
            found.append(problem)
            send = replace(send, **MENDED[problem.field])
        else:
            return found


def business_key(account_name: str, checked: CheckedSend) -> UUID:
    """What makes two enqueues the same send, see `key_of`."""
    return key_of(
        account_name,
        checked.invoice,
        checked.channel.value,
        checked.to_address,
        checked.kind.value,
        checked.sequence,
    )


def key_of(account: str, invoice: str, channel: str, to_address: str | None, kind: str, sequence: int) -> UUID:  # noqa: PLR0917
    """The business key of these six; the same for ever, so this layout must never change.

    The first 16 bytes of the SHA-256 of these six in UTF-8, one NUL byte between neighbours (none of them holds one):
    account name, invoice number, channel, address digest, kind, sequence in decimal digits. The address digest is the
    SHA-256 of the normalised address in UTF-8, of no bytes where there is none, in 64 small hexadecimal digits; it
    lets the key be recomputed after the address itself was erased.
    """
    address_digest = sha256((to_address or "").encode()).hexdigest()
    fields = f"{account}\0{invoice}\0{channel}\0{address_digest}\0{kind}\0{sequence:d}"
    return UUID(bytes=sha256(fields.encode()).digest()[:16])


def account_name(given: object) -> str:
    """The name of an account, trimmed. Raises: InvalidSend when there is none."""
    return required("Account", given)


def _without_address(channel: Channel, address: str | None, rules: Rules) -> tuple[Status, tuple[str, ...]]:
    """What becomes of a mail without an address: kept as 400 by the rules, or refused later on.

    Where it is printed instead a door has made a letter of it before, see `printed_instead`.
    """
    if channel is not Channel.EMAIL or rules.missing_address != "record" or (address and address.strip()):
        return Status.QUEUE, ()
    return Status.MISSING_EMAIL_ADDRESS, (NO_ADDRESS,)


def _queue(status: object) -> None:
    if status is not None and string("Status", status).strip().lower() not in {"", "queue"}:
        raise InvalidSend("Status", "is not Queue", "write Queue or leave it out", status)

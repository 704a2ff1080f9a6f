"""Is a send right in every field, and what does each value mean?

The field names in errors are FarPay's where FarPay has one.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from duepost import addresses
from duepost.errors import InvalidSend
from duepost.rules import Rules
from duepost.schedule import read_not_after, read_schedule
from duepost.sends import Channel, CheckedSend, Kind, NewSend, Priority

Meaning = TypeVar("Meaning")

# Longest values, in characters.
NAME_LIMIT = 64  # account, invoice and customer number
LINE_LIMIT = 255  # subject and reference
FILENAME_LIMIT = 200
NOTE_LIMIT = 10_000
SEQUENCE_LIMIT = 32_767  # the ledger's smallint

# In a mail header the first would start a new one; PostgreSQL keeps no NUL, UTF-8 no lone surrogate.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
UNKEPT = re.compile("[\x00\ud800-\udfff]")
DIGITS = re.compile(r" *[0-9]{1,9} *")
LANE = re.compile(r"[a-z0-9][a-z0-9._-]{0,40}")

# as a caller writes it, in small letters -> channel
CHANNELS = {channel.value: channel for channel in Channel}
# as a caller writes it, in small letters -> kind; the last two are FarPay's InvoiceTypeCode
KINDS = {**{kind.value: kind for kind in Kind}, "pie": Kind.INVOICE, "pcm": Kind.CREDIT_NOTE}
# number, its digit or its name in small letters -> priority
PRIORITIES: dict[int | str, Priority] = {
    **{priority.value: priority for priority in Priority},
    **{str(priority.value): priority for priority in Priority},
    **{priority.name.lower(): priority for priority in Priority},
}


def check(send: NewSend, *, zone: str, now: datetime, rules: Rules) -> CheckedSend:
    """The send with every value normalised. zone: the account's, IANA name. now: aware UTC.

    Raises: InvalidSend for the first wrong field; `problems` tells all of them.
    """
    channel = _word("Channel", send.channel, CHANNELS, "use email, sms, xml or print")
    if send.status != "Queue":
        _queue(send.status)
    address = None if send.to_address is None else _string("ToAddress", send.to_address)
    to_address, warnings = addresses.normalise(channel, address, rules)
    schedule = read_schedule(send.schedule_send_date, zone, now)
    if schedule and schedule.warning:
        warnings = (*warnings, schedule.warning)
    not_after = read_not_after(send.not_after, zone, max(schedule.instant, now) if schedule else now)
    document = send.document
    if document is not None and not (isinstance(document, Path) and document.name):
        raise InvalidSend("Document", "names no file", "give the path of the file to deliver", document)
    filename = _line("Filename", send.filename, FILENAME_LIMIT)
    if filename is None and document is not None:
        filename = _line("Filename", document.name, FILENAME_LIMIT)
    if filename is not None and ("/" in filename or "\\" in filename or not filename.strip(".")):
        raise InvalidSend("Filename", "is no plain name", "leave folders out of it", filename)
    return CheckedSend(
        channel=channel,
        invoice=_required("InvoiceNumber", send.invoice),
        to_address=to_address,
        schedule=schedule,
        note=None if send.note is None else _note(send.note),
        account=account_name(send.account),
        kind=_word("Kind", send.kind, KINDS, "use invoice, reminder or credit_note (FarPay: PIE, PCM)"),
        subject=_line("Subject", send.subject, LINE_LIMIT),
        customer=_line("CustomerNumber", send.customer, NAME_LIMIT),
        reference=_line("Reference", send.reference, LINE_LIMIT),
        document=document,
        filename=filename,
        lane=channel.value if send.lane is None else _lane(send.lane, channel),
        priority=_priority(send.priority),
        sequence=_sequence(send.sequence),
        not_after=not_after,
        warnings=warnings,
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
            found.append(problem)
            send = replace(send, **MENDED[problem.field])
        else:
            return found


def business_key(account_name: str, checked: CheckedSend) -> UUID:
    """What makes two enqueues the same send; the same for ever, so this layout must never change.

    The first 16 bytes of the SHA-256 of these six in UTF-8, one NUL byte between neighbours (none of them holds one):
    account name, invoice number, channel, address digest, kind, sequence in decimal digits. The address digest is the
    SHA-256 of the normalised address in UTF-8, of no bytes where there is none, in 64 small hexadecimal digits; it
    lets the key be recomputed after the address itself was erased.
    """
    address_digest = sha256((checked.to_address or "").encode()).hexdigest()
    fields = (
        f"{account_name}\0{checked.invoice}\0{checked.channel.value}\0"
        f"{address_digest}\0{checked.kind.value}\0{checked.sequence:d}"
    )
    return UUID(bytes=sha256(fields.encode()).digest()[:16])


def account_name(given: object) -> str:
    """The name of an account, trimmed. Raises: InvalidSend when there is none."""
    return _required("Account", given)


def _string(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidSend(field, "is not text", "give a string", value)
    return value


def _word(field: str, value: object, meanings: Mapping[str, Meaning], hint: str) -> Meaning:
    word = _string(field, value)
    found = meanings.get(word) or meanings.get(word.strip().lower())
    if found is None:
        raise InvalidSend(field, "is not known" if word.strip() else "is missing", hint, value)
    return found


def _queue(status: object) -> None:
    if status is not None and _string("Status", status).strip().lower() not in {"", "queue"}:
        raise InvalidSend("Status", "is not Queue", "write Queue or leave it out", status)


def _line(field: str, value: object, limit: int) -> str | None:
    """One line of text, trimmed; None for a blank one."""
    if value is None:
        return None
    line = _string(field, value)
    if not line.isprintable() and CONTROL.search(line):
        raise InvalidSend(field, "has a line break or control character in it", "write it on one line", value)
    line = line.strip()
    if len(line) > limit:
        raise InvalidSend(field, f"has more than {limit} characters", "shorten it", value)
    return line or None


def _required(field: str, value: object) -> str:
    line = _line(field, value, NAME_LIMIT)
    if line is None:
        raise InvalidSend(field, "is missing", "give one", value)
    return line


def _note(value: object) -> str | None:
    note = _string("Note", value)
    if len(note) > NOTE_LIMIT:
        raise InvalidSend("Note", f"has more than {NOTE_LIMIT} characters", "shorten it", value)
    if UNKEPT.search(note):
        raise InvalidSend("Note", "has a NUL or half a character in it", "send plain text", value)
    return None if not note or note.isspace() else note


def _lane(value: object, channel: Channel) -> str:
    lane = _string("Lane", value).strip() or channel.value
    if not LANE.fullmatch(lane):
        raise InvalidSend("Lane", "is no lane's name", "use small letters, digits, dot, hyphen; at most 41", value)
    return lane


def _priority(value: object) -> Priority:
    if isinstance(value, str):
        value = value.strip().lower() or Priority.NORMAL
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        found = PRIORITIES.get(value)
        if found is not None:
            return found
    raise InvalidSend("Priority", "is not known", "use 0 (urgent), 1 (normal) or 2 (bulk)", value)


def _sequence(value: object) -> int:
    number = value
    if isinstance(number, str) and DIGITS.fullmatch(number):
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= SEQUENCE_LIMIT:
        raise InvalidSend("Sequence", "is no resend number", f"use a whole number from 0 to {SEQUENCE_LIMIT}", value)
    return number

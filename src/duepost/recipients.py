"""To whom does a send go: one address, several, or copies that nobody sees?

Each is a send of its own, with its own result; the mail of each shows all that To names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from duepost import mail_fields
from duepost.errors import InvalidSend
from duepost.fields import CONTROL
from duepost.rules import Rules
from duepost.sends import Channel, CheckedSend, NewSend

AGAIN = "{} names a receiver again in other capitals: it gets one mail."
WITHOUT_COPIES = frozenset(Channel) - {Channel.EMAIL}


@dataclass(frozen=True, slots=True)
class Recipient:
    """One send of several. shown_to: what To says, None for its own address. copy: nobody sees it.

    warnings: about all of the addresses; the first receiver has them.
    """

    send: NewSend
    shown_to: str | None = None
    copy: bool = False
    warnings: tuple[str, ...] = ()

    def of(self, checked: CheckedSend) -> CheckedSend:
        """The checked send with what it is among the others."""
        if self.warnings:
            checked = replace(checked, warnings=(*checked.warnings, *self.warnings))
        if self.shown_to is None:
            return checked
        return replace(checked, options=replace(checked.options, shown_to=self.shown_to, copy=self.copy))


def alone(send: NewSend) -> bool:
    """True when it surely goes to one receiver: told apart at once, for most sends do."""
    given = send.to_address
    return send.bcc is None and not (isinstance(given, str) and ("," in given or ";" in given or "<" in given))


def recipients(send: NewSend, rules: Rules) -> Iterator[Recipient]:
    """The sends that this one asks for. Raises: InvalidSend for ToAddress or Bcc."""
    if alone(send):
        yield Recipient(send)
        return
    given = send.to_address
    channel = send.channel.strip().lower() if isinstance(send.channel, str) else ""
    copied = mail_fields.given("Bcc", send.bcc)
    if copied and channel in WITHOUT_COPIES:
        raise InvalidSend("Bcc", "is for e-mail alone", "leave it out, or give a send of its own", send.bcc)
    if copied and channel == Channel.EMAIL and (given is None or given == "" or str(given).isspace()):
        raise InvalidSend("ToAddress", "is missing", "a copy needs a mail that it is a copy of", given)
    if channel != Channel.EMAIL or not isinstance(given, str) or CONTROL.search(given.strip()):
        yield Recipient(send)
        return
    to, warnings = _once("ToAddress", mail_fields.recipients(given, rules))
    copies, of_copies = _once("Bcc", mail_fields.bcc(send.bcc, rules, to), besides=to)
    warnings += of_copies
    shown = ", ".join(to)
    for place, address in enumerate(to):
        one = replace(send, to_address=address, bcc=None)
        yield Recipient(one, shown if len(to) > 1 else None, warnings=() if place else warnings)
    for address in copies:
        yield Recipient(replace(send, to_address=address, bcc=None), shown, copy=True)


def _once(
    field: str, addresses: tuple[str, ...], *, besides: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of addresses that differ in capitals alone the first, with a warning; what is among `besides`, too, goes.

    RFC 5321 2.4 lets a mailbox tell capitals apart. Those that do are not seen, and an invoice that comes twice is.
    """
    known = {one.lower() for one in besides}
    found = {one.lower(): one for one in reversed(addresses) if one.lower() not in known}
    kept = tuple(one for one in addresses if found.get(one.lower()) == one)
    warnings = () if len(kept) == len(addresses) else (AGAIN.format(field),)
    return kept, warnings


def faults(send: NewSend, rules: Rules) -> list[InvalidSend]:
    """What is wrong with ToAddress and with Bcc; a single address is judged with the other fields."""
    found: list[InvalidSend] = []
    try:
        for _ in recipients(send, rules):
            pass
    except InvalidSend as wrong:
        found.append(wrong)
    if any(one.field == "ToAddress" for one in found):
        try:
            mail_fields.bcc(send.bcc, rules, ())
        except InvalidSend as wrong:
            found.append(wrong)
    return found


def mended(send: NewSend, wrong: Sequence[InvalidSend]) -> NewSend:
    """The send without these faults, so that what is wrong in its other fields comes to light."""
    if any(one.field == "ToAddress" for one in wrong):
        return replace(send, channel=Channel.PRINT, to_address=None, bcc=None)
    return replace(send, bcc=None)

"""To whom does a send go: one address, several, or copies that nobody sees?

Each is a send of its own, with its own result; the mail of each shows all that To names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from duepost import mail_fields
from duepost.fields import CONTROL
from duepost.rules import Rules
from duepost.sends import CheckedSend, NewSend

SEVERAL = frozenset(",;<")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One send of several. shown_to: what To says, None for its own address. copy: nobody sees it."""

    send: NewSend
    shown_to: str | None = None
    copy: bool = False

    def of(self, checked: CheckedSend) -> CheckedSend:
        """The checked send with what it is among the others."""
        if self.shown_to is None:
            return checked
        return replace(checked, options=replace(checked.options, shown_to=self.shown_to, copy=self.copy))


def recipients(send: NewSend, rules: Rules) -> Iterator[Recipient]:
    """The sends that this one asks for. Raises: InvalidSend for ToAddress or Bcc."""
    given = send.to_address
    alone = not send.bcc and not (isinstance(given, str) and SEVERAL.intersection(given))
    mail = isinstance(send.channel, str) and send.channel.strip().lower() == "email"
    if alone or not mail or not isinstance(given, str) or CONTROL.search(given.strip()):
        yield Recipient(send)
        return
    to = mail_fields.recipients(given, rules)
    shown = ", ".join(to)
    for address in to:
        one = replace(send, to_address=address, bcc=None)
        yield Recipient(one, shown if len(to) > 1 else None)
    for address in mail_fields.bcc(send.bcc, rules, to):
        yield Recipient(replace(send, to_address=address, bcc=None), shown, copy=True)

"""How is an invoice sent once more, because a dialect's caller wants it?"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from duepost.errors import Refused
from duepost.fields import SEQUENCE_LIMIT
from duepost.intake import Intake
from duepost.ledger.sequences import alone, next_sequence
from duepost.sends import CheckedSend, NewSend, Receipt
from gateway.asked import Asked
from gateway.service import Service

Receiver = tuple[str, str, str, str | None]  # invoice, channel, kind and address


def send_again(
    service: Service, connection: Connection, account_id: int, sends: Sequence[NewSend]
) -> list[list[Receipt]]:
    """Accept the sends in the caller's transaction, each as a new one of its invoice; for each, its receipts.

    Raises: InvalidSend for the first wrong field; Refused when one was sent as often as can be counted; TryLater and
    OSError as every door. Then nothing stands once the caller has rolled back.
    """
    intake = Intake(connection, service.door, source=service.taking.source)
    numbered: dict[Receiver, int] = {}
    receipts: list[list[Receipt]] = []
    for one in sends:
        service.owners.check(connection, account_id, Asked(one))
        wanted = [_next(connection, account_id, checked, numbered) for checked in intake.check(one)]
        told = intake.accept_many([intake.prepare(checked) for checked in wanted])
        while any(receipt.duplicate for receipt in told):  # a resend by other ways has just taken the number
            numbered.clear()
            for place, receipt in enumerate(told):
                if receipt.duplicate:
                    wanted[place] = _next(connection, account_id, wanted[place], numbered)
                    [told[place]] = intake.accept_many([intake.prepare(wanted[place])])
        receipts.append(told)
    return receipts


def _next(connection: Connection, account_id: int, checked: CheckedSend, numbered: dict[Receiver, int]) -> CheckedSend:
    receiver = (checked.invoice, checked.channel.value, checked.kind.value, checked.to_address)
    if receiver in numbered:
        sequence = numbered[receiver] + 1
    else:
        alone(connection, account_id, checked.invoice)
        sequence = next_sequence(connection, account_id, *receiver)
    if sequence > SEQUENCE_LIMIT:
        raise Refused("it was sent again as often as can be counted")
    numbered[receiver] = sequence
    return replace(checked, sequence=sequence)

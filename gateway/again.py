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


def send_again(
    service: Service, connection: Connection, account_id: int, sends: Sequence[NewSend]
) -> list[list[Receipt]]:
    """Accept the sends in the caller's transaction, each as a new one of its invoice; for each, its receipts.

    Raises: InvalidSend for the first wrong field; as `accept_anew`. Then the caller rolls back.
    """
    intake = Intake(connection, service.door, source=service.taking.source)
    receipts: list[list[Receipt]] = []
    for one in sends:
        service.owners.check(connection, account_id, Asked(one))
        receipts.append(accept_anew(connection, account_id, intake, intake.check(one)))
    return receipts


def accept_anew(
    connection: Connection, account_id: int, intake: Intake, checked: Sequence[CheckedSend]
) -> list[Receipt]:
    """Accept the sends of one invoice, each under the next number of its receiver.

    Raises: Refused when one was sent as often as can be counted; TryLater and OSError as every door.
    """
    alone(connection, account_id, checked[0].invoice)
    told = intake.accept_many([intake.prepare(_next(connection, account_id, one)) for one in checked])
    for place, one in enumerate(checked):
        while told[place].duplicate:  # a resend by other ways, or a twin of this call, has just taken the number
            [told[place]] = intake.accept_many([intake.prepare(_next(connection, account_id, one))])
    return told


def _next(connection: Connection, account_id: int, one: CheckedSend) -> CheckedSend:
    number = next_sequence(connection, account_id, one.invoice, one.channel.value, one.kind.value, one.to_address)
    if number > SEQUENCE_LIMIT:
        raise Refused("it was sent again as often as can be counted")
    return replace(one, sequence=number)

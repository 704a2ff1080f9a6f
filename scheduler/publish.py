"""How do released sends become orders in a lane's queue?"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from celery import Celery
from kombu.exceptions import BatchPublishError
from kombu.exceptions import OperationalError as BrokerAway
from kombu.messaging import Producer

from config.names import DELIVER
from config.settings import Lane
from duepost.ledger.release import Facts

BATCH = 500  # messages in one write to the broker


class Publisher:
    """Puts orders into queues and says how many wait there."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def waiting(self, lane: str) -> int:
        """Orders in the lane's queue. Raises: kombu's OperationalError when the broker is away."""
        queue = self._app.amqp.queues[lane]
        with self._producer() as producer:
            declared = queue.bind(producer.channel).queue_declare()
            return int(declared.message_count)

    def publish(self, name: str, lane: Lane, lease: int, ids: Sequence[UUID], facts: Mapping[UUID, Facts]) -> int:
        """Send the ids as orders of the lane's size; returns how many orders.

        Only ids travel, and facts without personal data for Flower.
        Raises: kombu's OperationalError, and it is not known then how many orders arrived.
        """
        orders = list(chunks(ids, lane.order_size))
        with self._producer() as producer, producer.batch(max_size=BATCH):
            for order in orders:
                self._app.send_task(
                    DELIVER[lane.channel],
                    args=(name, lease, [one.hex for one in order]),
                    argsrepr=shown(order, facts),
                    kwargsrepr="",
                    queue=name,
                    producer=producer,
                    retry=False,
                )
        return len(orders)

    @contextmanager
    def _producer(self) -> Iterator[Producer]:
        """A producer on a connection of the pool.

        kombu turns the transport's own errors into its OperationalError only where it connects and where Celery
        publishes: a broker that goes away later shows as redis' ConnectionError, and in a batch as BatchPublishError.
        """
        with self._app.producer_or_acquire() as producer:
            try:
                yield producer
            except (BatchPublishError, *producer.connection.recoverable_connection_errors) as trouble:
                raise BrokerAway(type(trouble).__name__) from trouble


def chunks(ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    """The ids in pieces of at most `size`."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def ends(ids: Sequence[UUID], size: int) -> list[UUID]:
    """The first and the last id of each order: what `shown` needs facts of."""
    return [one for order in chunks(ids, size) for one in {order[0], order[-1]}]


def shown(order: Sequence[UUID], facts: Mapping[UUID, Facts]) -> str:
    """What Flower shows of an order: `account=acme run=2026-11 invoices=1001…1100 (100 sends)`."""
    first, last = facts.get(order[0]), facts.get(order[-1])
    if first is None or last is None:
        return f"({len(order)} sends)"
    invoices = first.invoice if len(order) == 1 else f"{first.invoice}…{last.invoice}"
    return f"account={first.account} run={first.run or '-'} invoices={invoices} ({len(order)} sends)"

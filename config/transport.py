"""What becomes of an entry in Valkey or Redis that is no message?

kombu 5.7 lets it rise as ValueError, KeyError or TypeError, and Celery ends the worker with "Unrecoverable error". Here
it costs one line in the log. RabbitMQ frames its messages itself and keeps its own transport.
"""

import logging
from queue import Empty
from typing import Any

from celery.app.amqp import AMQP
from kombu.connection import Connection
from kombu.transport import redis
from kombu.transport.virtual import QoS as InMemory
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import loads
from redis.exceptions import ResponseError

log = logging.getLogger(__name__)

# What reading and building a message can raise; trouble with the broker is none of these.
NO_MESSAGE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class GuardedQoS(redis.QoS):
    """Keeps a message that a full broker cannot mark as taken: it is worked off without that mark."""

    def append(self, message: Any, delivery_tag: str) -> None:
        """Remember a message until it is acknowledged."""
        try:
            super().append(message, delivery_tag)
        except ResponseError as refused:
            log.warning("the broker cannot mark a message as taken (%s)", type(refused).__name__)
            InMemory.append(self, message, delivery_tag)


class GuardedChannel(redis.Channel):
    """Drops what is no message."""

    QoS = GuardedQoS

    def _brpop_read(self, **options: Any) -> bool:
        """kombu's own, kombu/transport/redis.py of 5.7, with a look at the entry before it is delivered."""
        try:
            try:
                found = self.client.parse_response(self.client.connection, "BRPOP", **options)
            except self.connection_errors:
                self.client.connection.disconnect()
                raise
            if not found:
                raise Empty
            queue = bytes_to_str(found[0]).rsplit(self.sep, 1)[0]
            self._queue_cycle.rotate(queue)
            try:
                message = loads(bytes_to_str(found[1]))
                self._check(message)
            except NO_MESSAGE as wrong:
                _tell(queue, wrong)
            else:
                self.connection._deliver(message, queue)
            return True
        finally:
            self._in_poll = None  # type: ignore[assignment]
            self._flush_brpop_reauth()

    def _receive_one(self, client: Any) -> bool | None:
        try:
            return super()._receive_one(client)  # type: ignore[no-any-return]
        except RecursionError as wrong:  # of the ways in which reading fails the one that kombu does not catch
            _tell("a broadcast", wrong)
            raise Empty from None

    def _deliver_fanout_message(self, message: Any, exchange: str) -> bool:
        """A broadcast, to be looked at in the same way."""
        try:
            self._check(message)
        except NO_MESSAGE as wrong:
            _tell(exchange, wrong)
            return False
        return bool(super()._deliver_fanout_message(message, exchange))

    def _check(self, message: Any) -> None:
        """Build what the consumer will build, a hundredth of a message's cost. Raises: one of NO_MESSAGE."""
        built = self.Message(message, channel=self)
        _ = built.delivery_info["exchange"], built.delivery_info["routing_key"]
        if not isinstance(built.delivery_tag, str):
            raise TypeError("a delivery tag is text")


class GuardedTransport(redis.Transport):
    """kombu's Redis transport with such channels."""

    Channel = GuardedChannel


class GuardedConnection(Connection):
    """Takes that transport for redis://, rediss:// and redis+socket://."""

    def get_transport_cls(self) -> type:
        """The transport's class; every other one as the address says."""
        found: type = super().get_transport_cls()
        return GuardedTransport if found is redis.Transport else found


class GuardedAMQP(AMQP):  # type: ignore[misc]
    """What `Celery(amqp=…)` takes."""

    Connection = GuardedConnection


def _tell(queue: str, wrong: Exception) -> None:
    kind = type(wrong).__name__
    log.error("dropped an entry of %s that is no message (%s): who else writes to the broker?", queue, kind)

"""How do plain sends go in without a thread, many of them in one statement?

Plain is a send that the event loop can check by itself: it has one receiver and no document, key or run, and what there
is to know of its account was read within the last two seconds. Whatever is not plain, or goes wrong here, goes the long
way.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import NamedTuple
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from pydantic import SecretStr
from sqlalchemy import make_url

from duepost import crash
from duepost.checking import Checker
from duepost.errors import InvalidSend
from duepost.ledger.accept import Accepted
from duepost.ledger.accept_few import accept_at_once
from duepost.ledger.engine import PATIENCE
from duepost.sends import Channel
from duepost.surroundings import NotRemembered, Remembered
from gateway.taking import Answer, Taking, ToTake, own

log = logging.getLogger(__name__)

CHANNELS = (Channel.EMAIL, Channel.SMS)  # of the others every send has a document
PAUSE_SECONDS = 1.0  # before the ledger is called again when it could not be reached


class Prepared(NamedTuple):
    """A send as it goes in. due: the scheduler is to be told of it."""

    accepted: Accepted
    due: bool


class Plain:
    """Takes plain sends in over one connection of the event loop; one task uses it."""

    def __init__(self, address: SecretStr, taking: Taking, clock: Callable[[], float] = monotonic) -> None:
        self._address = address
        self._taking = taking
        self._clock = clock
        self._not_before = 0.0
        self._connection: AsyncConnection | None = None

    def prepared(self, one: ToTake) -> Prepared | None:
        """The send as it goes in; None for what is not plain, and for what is wrong."""
        send = one.asked.send
        if one.repeat or one.asked.run is not None or send.document is not None or send.attachments:
            return None
        if self._clock() < self._not_before:
            return None
        taking = self._taking
        checker = Checker(Remembered(taking.remembered()), taking.door.rules, taking.door.documents, taking.source)
        try:
            checked = checker.check(send)
            if len(checked) > 1 or checked[0].channel not in CHANNELS:
                return None
            ready = own(one.account_id, [checker.prepare(checked[0])])
            return Prepared(ready[0], checker.due(ready))
        except (NotRemembered, InvalidSend):
            return None

    async def take(self, group: Sequence[tuple[ToTake, Prepared]]) -> list[Answer | None]:
        """Take them in; None for each that has to go the long way: it was known already, or the ledger did not answer.

        What the ledger may have taken without saying so is known there when it comes again.
        """
        asked: dict[UUID, Accepted] = {}
        for _, ready in group:
            asked.setdefault(ready.accepted.business_key, ready.accepted)  # a twin goes the long way
        try:
            connection = await self._opened()
            fresh = await accept_at_once(connection, list(asked.values()), due=any(ready.due for _, ready in group))
        except Exception as wrong:  # noqa: BLE001 - the long way finds out whose trouble it is
            log.warning("%d sends go the long way: %s", len(group), type(wrong).__name__)
            self._not_before = self._clock() + PAUSE_SECONDS
            await self.close()
            return [None] * len(group)
        return [
            _told(one, ready.accepted)
            if ready.accepted.business_key in fresh and asked[ready.accepted.business_key] is ready.accepted
            else None
            for one, ready in group
        ]

    async def close(self) -> None:
        """End the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                await connection.close()

    async def _opened(self) -> AsyncConnection:
        if self._connection is None or self._connection.closed:
            address = make_url(self._address.get_secret_value()).set(drivername="postgresql")
            self._connection = await AsyncConnection.connect(
                address.render_as_string(hide_password=False),
                autocommit=True,
                application_name="duepost gateway",
                **PATIENCE,
            )
        return self._connection


def _told(one: ToTake, accepted: Accepted) -> Answer:
    crash.reached("accepted", one.asked.send.invoice)
    return one.tell(accepted.receipt)

"""How do plain sends go in without a thread, many of them in one statement?

Plain is a send that the event loop can check by itself: it brings no document, no key and no run, and what there is to
know of its account was read within the last second. Whatever is not plain, or goes wrong here, goes the long way.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
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
from gateway.taking import Answer, Taking, ToTake, own, with_others

log = logging.getLogger(__name__)

CHANNELS = (Channel.EMAIL, Channel.SMS)  # of the others every send has a document
Prepared = tuple[ToTake, list[Accepted]]


class Plain:
    """Takes plain sends in over one connection of the event loop; one task uses it."""

    def __init__(self, address: SecretStr, taking: Taking) -> None:
        self._address = address
        self._taking = taking
        self._connection: AsyncConnection | None = None

    def prepared(self, one: ToTake) -> list[Accepted] | None:
        """The send as it goes in; None for what is not plain, and for what is wrong."""
        send = one.asked.send
        if one.repeat or one.asked.run is not None or send.document is not None or send.attachments:
            return None
        try:
            checker = self._checker()
            checked = checker.check(send)
            if any(each.channel not in CHANNELS for each in checked):
                return None
            return own(one.account_id, [checker.prepare(each) for each in checked])
        except (NotRemembered, InvalidSend):
            return None

    async def take(self, group: Sequence[Prepared]) -> list[Answer | None]:
        """Take them in; None for each that has to go the long way: it was known already, or the ledger did not answer.

        What the ledger may have taken without saying so is known there when it comes again.
        """
        asked: dict[UUID, Accepted] = {}
        twins = set()
        for place, (_, ready) in enumerate(group):
            if any(each.business_key in asked for each in ready):
                twins.add(place)
            else:
                asked.update((each.business_key, each) for each in ready)
        batch = list(asked.values())
        try:
            connection = await self._opened()
            fresh = await accept_at_once(connection, batch, due=self._checker().due(batch))
        except Exception as wrong:  # noqa: BLE001 - the long way finds out whose trouble it is
            log.warning("%d sends go the long way: %s", len(group), type(wrong).__name__)
            await self.close()
            return [None] * len(group)
        return [None if place in twins else self._told(one, ready, fresh) for place, (one, ready) in enumerate(group)]

    async def close(self) -> None:
        """End the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                await connection.close()

    def _told(self, one: ToTake, ready: Sequence[Accepted], fresh: set[UUID]) -> Answer | None:
        if any(each.business_key not in fresh for each in ready):
            return None
        crash.reached("accepted", one.asked.send.invoice)
        return one.tell(with_others([each.receipt for each in ready]))

    def _checker(self) -> Checker:
        taking = self._taking
        memory = taking.remembered()
        return Checker(Remembered(memory), taking.door.rules, taking.door.documents, taking.source)

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

"""What does one process of the gateway hold, from its start to its end?"""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

from fastapi import FastAPI, Request
from sqlalchemy import Engine

from config.settings import Settings
from duepost import crash
from duepost.intake import Door
from duepost.ledger.engine import open_ledger
from gateway.accepting import Acceptor
from gateway.callers import Keyring
from gateway.crew import Crew, hand_of
from gateway.hand import Hand
from gateway.limits import Limits
from gateway.owning import Owners
from gateway.plain import Plain
from gateway.taking import Taking


@dataclass(frozen=True)
class Service:
    """Made after the fork. engine: for plain endpoints, as many connections as threads that use them."""

    settings: Settings
    engine: Engine
    door: Door
    keyring: Keyring
    owners: Owners
    limits: Limits
    taking: Taking
    hand: Hand
    crew: Crew
    acceptor: Acceptor = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the settings describe."""
        listens = settings.gateway
        engine = open_ledger(settings.database_url, name="gateway", connections=listens.connections)
        hand = hand_of(settings, connections=listens.connections)
        taking = hand.taking
        return cls(
            settings,
            engine,
            taking.door,
            Keyring(engine),
            hand.owners,
            Limits(listens.requests_per_second, listens.burst_requests),
            taking,
            hand,
            Crew(settings),
            Acceptor(taking, Plain(settings.database_url, taking)),
        )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """From the start of the process's event loop to its end."""
    settings: Settings = app.state.settings
    crash.arm(settings.crash_at)
    # Requests hold few cycles; a thread that waits for the interpreter gets it within 1 ms.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    sys.setswitchinterval(0.001)
    service = Service.of(settings)
    app.state.service = service
    accepting = asyncio.create_task(service.acceptor.run())
    try:
        yield
    finally:
        accepting.cancel()
        await asyncio.gather(accepting, return_exceptions=True)
        await asyncio.to_thread(service.crew.close)
        service.engine.dispose()
        service.taking.engine.dispose()


def service_of(request: Request) -> Service:
    """This process's."""
    service: Service = request.app.state.service
    return service

"""What does a link do with the bytes that come in at one end of a connection?"""

import asyncio
from typing import Protocol

from sandbox.link_standing import HELD, Direction, LinkStanding


class Way(Protocol):
    """The link that a side belongs to."""

    connections: set[asyncio.Transport]

    def standing(self) -> LinkStanding | None:
        """What is wrong with it at this moment."""

    async def reach(self, side: "Side") -> None:
        """Connect a side to the server. Raises: OSError."""


class Side(asyncio.Protocol):
    """One end; its bytes leave at the other, which the client's makes. direction: where the bytes go.

    What came in while the link held it is kept here, what follows stays in the kernel.
    """

    def __init__(self, way: Way, direction: Direction, other: "Side | None" = None) -> None:
        self.way, self.direction, self.other = way, direction, other
        self.transport: asyncio.Transport | None = None
        self.held = bytearray()
        self.ended = False  # no more comes in
        self.passed_on = False  # the other end has been told so
        self.full = False  # the other end takes no more for now
        self.reaching: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.way.connections.add(transport)
        self.look()
        if self.other and self.other.transport:
            if self.other.transport.is_closing():
                transport.abort()
            self.other.look()  # it has waited for us

    def connection_lost(self, exc: Exception | None) -> None:
        assert self.transport
        self.way.connections.discard(self.transport)
        if self.reaching:
            self.reaching.cancel()
        if self.other and self.other.transport:
            # A broken connection breaks the other one too; an ended one lets what is under way arrive.
            self.other.transport.abort() if exc else self.other.transport.close()

    def data_received(self, data: bytes) -> None:
        self.held += data
        self.look()

    def eof_received(self) -> bool:
        self.ended = True
        self.look()
        return True  # the other way may go on

    def pause_writing(self) -> None:
        assert self.other
        self.other.full = True
        self.other.look()

    def resume_writing(self) -> None:
        assert self.other
        self.other.full = False
        self.other.look()

    def look(self) -> None:
        """Do what the link's standing asks for: end, hold, or let flow."""
        standing = self.way.standing()
        if self.transport is None:
            return
        if standing is LinkStanding.CUT:
            self.transport.abort()
        elif self.direction in HELD.get(standing, ()):
            self.transport.pause_reading()
        elif self.other is None:
            self.transport.pause_reading()
            self.other = Side(self.way, Direction.TO_CLIENT, self)
            self.reaching = asyncio.get_running_loop().create_task(self.reach(self.other))
        elif self.full or self.other.transport is None:
            self.transport.pause_reading()
        else:
            self.flow(self.transport, self.other, self.other.transport)

    def flow(self, transport: asyncio.Transport, other: "Side", onwards: asyncio.Transport) -> None:
        if self.held:
            onwards.write(self.held)
            self.held = bytearray()
        if self.ended and not self.passed_on and not onwards.is_closing():
            self.passed_on = True
            onwards.write_eof()
            if other.passed_on:
                transport.close()
                onwards.close()
        if not self.full:  # the write may have filled the other end
            transport.resume_reading()

    async def reach(self, other: "Side") -> None:
        assert self.transport
        try:
            await self.way.reach(other)
        except OSError:
            self.transport.abort()

"""What does a link do with the bytes that come in at one end of a connection?"""

import asyncio
from enum import Enum
from typing import Protocol


class Direction(Enum):
    """Where bytes go."""

    TO_SERVER = "to the server"
    TO_CLIENT = "to the client"


class Way(Protocol):
    """The link that a side belongs to."""

    connections: set[asyncio.Transport]

    def holds(self, direction: Direction) -> bool: ...

    @property
    def cut(self) -> bool: ...

    async def reach(self, side: "Side") -> None: ...


class Side(asyncio.Protocol):
    """One end: its bytes leave at the other, which is made when the client's is; direction is where they go.

    A byte that came in while the link held it is kept here, what follows in the kernel; so is the end of the stream.
    """

    def __init__(self, way: Way, direction: Direction, other: "Side | None" = None) -> None:
        self.way, self.direction, self.other = way, direction, other
        self.transport: asyncio.Transport | None = None
        self.held = bytearray()
        self.paused = False  # the other end takes no more for now
        self.reaching: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.way.connections.add(transport)
        self.look()
        if self.other:
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
        # Reading is paused while the link holds, so an end is never seen before it may go on.
        if self.other and self.other.transport and not self.other.transport.is_closing():
            self.other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        assert self.other
        self.other.paused = True
        self.other.look()

    def resume_writing(self) -> None:
        assert self.other
        self.other.paused = False
        self.other.look()

    def look(self) -> None:
        """Do what the link's state asks for: end, hold, or let flow."""
        if self.transport is None or self.transport.is_closing():
            return
        if self.way.cut:
            self.transport.abort()
            return
        holds = self.way.holds(self.direction)
        if self.other is None and not holds:
            self.other = Side(self.way, Direction.TO_CLIENT, self)
            self.reaching = asyncio.get_running_loop().create_task(self.reach(self.other))
        if holds or self.paused or not (self.other and self.other.transport):
            self.transport.pause_reading()
            return
        if self.held:
            self.other.transport.write(bytes(self.held))
            self.held.clear()
        if not self.paused:  # the write may have filled the other end
            self.transport.resume_reading()

    async def reach(self, other: "Side") -> None:
        try:
            await self.way.reach(other)
        except OSError:
            assert self.transport
            self.transport.abort()

"""How does a counterpart listen: in a thread of a test, or as a process of its own?"""

import asyncio
import signal
import socket
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

BACKLOG = 1024  # connections; a bench opens all of its own at once


def now() -> datetime:
    """The clock a counterpart uses when it is given none."""
    return datetime.now(UTC)


class Counterpart(ABC):
    """Stands in for a provider, or for the way to a server, on 127.0.0.1; entered once, as a context or by `run`.

    As a context it serves from a thread of its own. A given port is taken as it is, 0 means any free one; `.port` is
    the one in use.

    Raises: OSError on entering, when the port is taken.
    """

    host = "127.0.0.1"

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.connections: set[asyncio.Transport] = set()  # each session adds its own and takes it away
        self._stop = asyncio.Event()

    @abstractmethod
    def session(self) -> asyncio.Protocol:
        """One connection's protocol."""

    @abstractmethod
    def close(self) -> None:
        """Close the ledger; called when the last connection is gone."""

    def __enter__(self) -> Self:
        listener = self._bind()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._serve(listener),), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; while it listens, the file `port` in the folder says where."""
        said = self.folder / "port"
        said.unlink(missing_ok=True)  # left by a process that was killed
        try:
            asyncio.run(self._run(said))
        finally:
            said.unlink(missing_ok=True)

    async def _run(self, said: Path) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        listener = self._bind()
        aside = said.with_name("port.part")
        aside.write_text(f"{self.port}\n")
        aside.rename(said)
        await self._serve(listener)

    def _bind(self) -> socket.socket:
        listener = socket.create_server((self.host, self.port), backlog=BACKLOG)
        self.port = listener.getsockname()[1]
        return listener

    async def _serve(self, listener: socket.socket) -> None:
        server = await asyncio.get_running_loop().create_server(self.session, sock=listener)
        await self._stop.wait()
        server.close()
        for connection in tuple(self.connections):
            connection.abort()
        await asyncio.sleep(0)  # one round of the loop: the aborted sockets are closed in it
        self.close()

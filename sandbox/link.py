"""Which way between a client and a server can be cut, stalled and mended while both of them run?

Before PostgreSQL the socket must be called as its own is: `--listen unix:F/.s.PGSQL.5432`.
"""

import argparse
import asyncio
import socket
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Self

from sandbox.behaviour_file import BehaviourFile
from sandbox.counterpart import BACKLOG, Counterpart
from sandbox.link_side import Direction, Side

LOOK_SECONDS = 0.01  # between two looks at the file while no byte comes


class LinkStanding(Enum):
    """What is wrong with the link, `behave_well(folder)` mends it; the value is what the link does.

    A stalled one keeps its connections and takes new ones; what it holds back, ends included, flows on when it is
    mended.
    """

    CUT = "closes every connection, and each new one at once"
    STALLED = "moves no byte"
    STALLED_TO_SERVER = "moves no byte to the server"
    STALLED_TO_CLIENT = "moves no byte to the client"

    @property
    def told(self) -> Mapping[str, object]:
        """As `behaviour.json` says it."""
        return {"act": self.name.lower()}


def standing_of(told: Mapping[str, Any]) -> LinkStanding:
    """What `behaviour.json` says."""
    return LinkStanding[told["act"].upper()]


# What is wrong -> where no byte moves.
HELD: Mapping[LinkStanding | None, frozenset[Direction]] = {
    LinkStanding.STALLED: frozenset(Direction),
    LinkStanding.STALLED_TO_SERVER: frozenset({Direction.TO_SERVER}),
    LinkStanding.STALLED_TO_CLIENT: frozenset({Direction.TO_CLIENT}),
}


@dataclass(frozen=True)
class Place:
    """A TCP port on 127.0.0.1, or a Unix socket."""

    port: int = 0
    path: str | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        """tcp:PORT, tcp:127.0.0.1:PORT or unix:PATH. Raises: ValueError when it is none of them."""
        kind, _, where = text.partition(":")
        if kind == "unix" and where:
            return cls(path=where)
        if kind != "tcp" or where.rpartition(":")[0] not in {"", Counterpart.host, "localhost"}:
            raise ValueError(f"{text} is neither tcp:PORT on 127.0.0.1 nor unix:PATH")
        return cls(port=int(where.rpartition(":")[2]))


class Link(Counterpart):
    """Relays each connection at `listen` to `to` until the folder's `behaviour.json` says otherwise."""

    def __init__(self, folder: Path, listen: Place, to: Place) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, listen.port)
        self._listen, self._to = listen, to
        self._standing = BehaviourFile(folder, standing_of)

    def session(self) -> Side:
        return Side(self, Direction.TO_SERVER)

    def close(self) -> None:
        if self._listen.path:
            Path(self._listen.path).unlink(missing_ok=True)

    def holds(self, direction: Direction) -> bool:
        """True while no byte may move that way."""
        return direction in HELD.get(self._standing.now(), ())

    @property
    def cut(self) -> bool:
        """True while no connection may be open."""
        return self._standing.now() is LinkStanding.CUT

    async def reach(self, side: Side) -> None:
        """Connect this side to the server. Raises: OSError."""
        loop = asyncio.get_running_loop()
        if self._to.path:
            await loop.create_unix_connection(lambda: side, self._to.path)
        else:
            await loop.create_connection(lambda: side, self.host, self._to.port)

    def _bind(self) -> socket.socket:
        if self._listen.path is None:
            return super()._bind()
        path = Path(self._listen.path)
        with suppress(FileNotFoundError):
            if stat.S_ISSOCK(path.stat().st_mode):
                path.unlink()  # left by a process that was killed
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(BACKLOG)
        return listener

    async def _serve(self, listener: socket.socket) -> None:
        watching = asyncio.create_task(self._watch())
        await super()._serve(listener)
        watching.cancel()

    async def _watch(self) -> None:
        """Cut and mend also where no byte comes."""
        while True:
            for connection in tuple(self.connections):
                side = connection.get_protocol()
                assert isinstance(side, Side)
                side.look()
            await asyncio.sleep(LOOK_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.link", description=__doc__)
    parser.add_argument("--listen", type=Place.of, required=True, help="tcp:PORT, where 0 takes any, or unix:PATH")
    parser.add_argument("--to", type=Place.of, required=True, help="the server: tcp:PORT or unix:PATH")
    parser.add_argument("--folder", type=Path, required=True, help="for behaviour.json and, once it listens, `port`")
    asked = parser.parse_args()
    Link(asked.folder, asked.listen, asked.to).run()


if __name__ == "__main__":
    main()

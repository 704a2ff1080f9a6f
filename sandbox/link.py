"""Which way between a client and a server can be cut, stalled and mended while both of them run?

Before PostgreSQL the socket must be called as its own is: `--listen unix:F/.s.PGSQL.5432`.
"""

import argparse
import asyncio
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sandbox.behaviour_file import BehaviourFile
from sandbox.counterpart import BACKLOG, Counterpart
from sandbox.link_side import Side
from sandbox.link_standing import Direction, LinkStanding, standing_of

LOOK_SECONDS = 0.01  # between two looks at the file while no byte comes


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
        self._before: LinkStanding | None = None

    def session(self) -> Side:
        return Side(self, Direction.TO_SERVER)

    def close(self) -> None:
        if self._listen.path:
            Path(self._listen.path).unlink(missing_ok=True)

    def standing(self) -> LinkStanding | None:
        """What is wrong with the link at this moment; when that has changed, every connection will look at it too."""
        now = self._standing.now()
        if now is not self._before:
            self._before = now
            asyncio.get_running_loop().call_soon(self._look_all)
        return now

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
            self.standing()
            await asyncio.sleep(LOOK_SECONDS)

    def _look_all(self) -> None:
        for connection in tuple(self.connections):
            side = connection.get_protocol()
            assert isinstance(side, Side)
            side.look()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.link", description=__doc__)
    parser.add_argument("--listen", type=Place.of, required=True, help="tcp:PORT, where 0 takes any, or unix:PATH")
    parser.add_argument("--to", type=Place.of, required=True, help="the server: tcp:PORT or unix:PATH")
    parser.add_argument("--folder", type=Path, required=True, help="for behaviour.json and, once it listens, `port`")
    asked = parser.parse_args()
    Link(asked.folder, asked.listen, asked.to).run()


if __name__ == "__main__":
    main()

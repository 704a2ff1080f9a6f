"""Which server does exactly what one test says, to the byte?"""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

PATIENCE = 10  # seconds a script waits for its client before the test is lost anyway
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing throws away what is unsent and resets


class Talk:
    """The server's side of one connection. `lines` is what was heard."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sock.settimeout(PATIENCE)
        self.lines: list[bytes] = []
        self.over = threading.Event()
        self._heard = sock.makefile("rb")

    def say(self, words: bytes) -> None:
        self.sock.sendall(words)

    def hear(self) -> bytes:
        """One line, empty at the end."""
        line = self._heard.readline().rstrip(b"\r\n")
        self.lines.append(line)
        return line

    def hear_message(self) -> None:
        """Up to and with the final dot."""
        while self._heard.readline() not in {b".\r\n", b""}:
            pass

    def hear_bytes(self, count: int) -> bytes:
        return self._heard.read(count)

    def hang(self) -> None:
        """Until the client goes."""
        while self._heard.read(1 << 16):
            pass

    def stop_reading(self) -> None:
        """Until the test is over: who does not read does not see the client go either."""
        self.over.wait(PATIENCE)

    def repeat(self, words: bytes, pause_seconds: float = 0) -> None:
        """Say the same for ever, until the client goes."""
        self.sock.settimeout(pause_seconds or None)
        while True:
            self.sock.sendall(words)
            if pause_seconds:
                with suppress(TimeoutError):
                    if not self.sock.recv(1 << 16):
                        return

    def close(self) -> None:
        self.sock.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


Script = Callable[[Talk], None]


class Misbehaving:
    """A TCP server whose n-th connection is served by the n-th script; the last one serves all further connections."""

    host = "127.0.0.1"

    def __init__(self, *scripts: Script) -> None:
        self.scripts = scripts
        self.talks: list[Talk] = []
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for talk in self.talks:
            talk.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    @property
    def connections(self) -> int:
        return len(self.talks)

    def heard(self) -> list[bytes]:
        """All lines of all connections, once every script so far has ended."""
        for thread in self._threads[1:]:
            thread.join(PATIENCE)
        return [line for talk in self.talks for line in talk.lines if line]

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                sock, _ = self._listener.accept()
                script = self.scripts[min(len(self.talks), len(self.scripts) - 1)]
                talk = Talk(sock)
                self.talks.append(talk)
                thread = threading.Thread(target=self._serve, args=(talk, script))
                self._threads.append(thread)
                thread.start()

    def _serve(self, talk: Talk, script: Script) -> None:
        with talk._heard, suppress(OSError), talk.sock:
            script(talk)

"""How fast does a server answer posts over some connections that stay open, and how late at the worst?"""

import socket
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

Head = Callable[[bytes], bytes]
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Posted:
    """seconds: of all; waits: of each, from the first byte out to the last byte in."""

    seconds: float
    waits: list[float]

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.waits) / self.seconds

    @property
    def p99_ms(self) -> float:
        """What 99 of 100 stay below."""
        return statistics.quantiles(self.waits, n=100)[98] * 1000


def post(port: int, path: str, key: str, bodies: list[bytes], *, connections: int, pause: float = 0) -> Posted:
    """Post every body, shared out over so many connections. pause: seconds between two of one connection.

    Raises: AssertionError for an answer that is not 202.
    """
    shares = [bodies[start::connections] for start in range(connections)]
    waits: list[list[float]] = [[] for _ in shares]
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            waits[number] = _one_after_another(port, path, key, shares[number], pause)
        except BaseException as trouble:
            failed.append(trouble)
            raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed[0]
    return Posted(time.perf_counter() - started, [one for share in waits for one in share])


def _one_after_another(port: int, path: str, key: str, bodies: list[bytes], pause: float) -> list[float]:
    waits = []
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for body in bodies:
            if pause:
                time.sleep(pause)
            started = time.perf_counter()
            connection.sendall(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = _answer(connection)
            waits.append(time.perf_counter() - started)
            assert answer.startswith(b"HTTP/1.1 202"), answer[:500]
    return waits


def _answer(connection: socket.socket) -> bytes:
    said = b""
    while b"\r\n\r\n" not in said:
        said += _read(connection)
    head, _, body = said.partition(b"\r\n\r\n")
    [length] = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < length:
        body += _read(connection)
    return head


def _read(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    assert part, "the server has closed the connection"
    return part

"""Is the counterpart the bottleneck? Raw sockets with ready bytes, as many connections as duepost has."""

import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Thread
from uuid import UUID

from benchmarks.case import PROCESSES, Case, Rig
from benchmarks.sends import pdf
from benchmarks.together import Ran, run_together
from worker.providers.message import Sender, build
from worker.providers.port import Document, Job

PIECE_BYTES = 65536


def blast(rig: Rig, sends: int) -> Ran:
    """Hand over so many messages, all the same, with the dialogue of duepost's adapter and nothing else."""
    case = rig.case
    shares = [(case, rig.port, sends // PROCESSES)] * PROCESSES
    return run_together(_prepare, shares, sends=sends, environment={}, others={"counterpart": [rig.counterpart.pid]})


def _prepare(case: Case, port: int, sends: int) -> Callable[[], None]:
    steps = STEPS[case.kind]()
    connections = [_opened(case, port) for _ in range(case.width)]
    # The remainder goes to the first ones.
    counts = [sends // case.width + (number < sends % case.width) for number in range(case.width)]

    def go() -> None:
        threads = [
            Thread(target=_send, args=pair) for pair in zip(connections, counts, [steps] * case.width, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return go


def _opened(case: Case, port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if case.kind == "smtp":
        _answer(connection, b"\r\n")
        connection.sendall(b"EHLO duepost.test\r\n")
        _answer(connection, b"250 PIPELINING\r\n")
    return connection


def _send(connection: socket.socket, count: int, steps: Sequence[tuple[bytes, bytes]]) -> None:
    for _ in range(count):
        for said, end in steps:
            connection.sendall(said)
            _answer(connection, end)


def _answer(connection: socket.socket, end: bytes) -> None:
    answer = b""
    while not answer.endswith(end):
        piece = connection.recv(PIECE_BYTES)
        assert piece, "the counterpart hung up"
        answer += piece


def _smtp() -> list[tuple[bytes, bytes]]:
    ident = UUID(int=7)
    document = Document("Invoice-1.pdf", "application/pdf", pdf())
    recipient = "kunde1@firma.test"
    job = Job(ident, str(ident), "email", "invoice", "1", "default", recipient, None, None, document)
    data = build(job, Sender("invoices@duepost.test", None, "duepost.test"), recipient, datetime.now(UTC))
    return [
        (f"MAIL FROM:<invoices@duepost.test> SIZE={len(data)} RET=HDRS ENVID={ident}\r\n".encode(), b"\r\n"),
        (f"RCPT TO:<{recipient}> NOTIFY=FAILURE,DELAY ORCPT=rfc822;{recipient}\r\n".encode(), b"\r\n"),
        (b"DATA\r\n", b"\r\n"),
        (data + b".\r\n", b"\r\n"),
    ]


def _http() -> list[tuple[bytes, bytes]]:
    body = b'{"token": "%s", "channel": "email", "note": "%s"}' % (b"0" * 36, b"x" * 200)
    head = "POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json"
    return [(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body, b"}")]


# kind -> what is said for one message, and how each answer ends
STEPS: dict[str, Callable[[], list[tuple[bytes, bytes]]]] = {"smtp": _smtp, "http": _http}

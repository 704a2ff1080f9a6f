"""How is a connection opened within a deadline?"""

import queue
import socket
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from worker.deadline import Deadline

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


def verifying(ca_file: Path | None = None) -> ssl.SSLContext:
    """TLS that verifies the certificate and its name, by the system's certificates and those in `ca_file`.

    Raises: OSError when `ca_file` holds none.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A TCP connection to the first address of `host` that answers.

    The addresses share the time left, so a dead first one leaves some for the second. Raises: OSError.
    """
    addresses = _addresses(host, port, deadline)
    failure: OSError = OSError(f"{host} has no address")
    for place, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            # Commands are small and each waits for its answer: Nagle's delay would be added to every one.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(deadline.left() / (len(addresses) - place))
            sock.connect(address)
            sock.settimeout(deadline.left())
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _addresses(host: str, port: int, deadline: Deadline) -> Sequence[Address]:
    # getaddrinfo takes no time limit; a silent name server holds it for 5 s a try. It is left behind in its thread.
    answers: queue.SimpleQueue[Sequence[Address] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            answers.put(error)
        except UnicodeError:
            answers.put(OSError("the host's name is no DNS name"))

    threading.Thread(target=look_up, daemon=True, name="look-up").start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        raise TimeoutError("the name server did not answer in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer

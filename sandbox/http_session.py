"""What does the HTTP counterpart do with each request of one connection?"""

import asyncio
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from datetime import timedelta

from sandbox.http_behaviour import Act, Answer, Fault, Huge, Trickle
from sandbox.http_calls import HttpCalls
from sandbox.http_ledger import HttpLedger
from sandbox.http_pieces import huge, trickled
from sandbox.http_request import Request, read_body, read_head
from sandbox.http_script import Script

RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER, 0 seconds: closing sends RST
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpTalk(asyncio.Protocol, ABC):
    """One keep-alive connection; answers keep the requests' order, also when they are pipelined."""

    def __init__(
        self, script: Script, calls: HttpCalls | None, delay: timedelta, connections: set[asyncio.Transport]
    ) -> None:
        self.script, self.calls, self.delay, self.connections = script, calls, delay, connections
        self.buffer = bytearray()
        self.begun = False  # a request's first bytes have come
        self.head: Request | None = None
        self.act: Act | None = None
        self.scripted = False  # the act is for this request alone
        self.pieces: Iterator[bytes] = iter(())  # of the answer under way
        self.pause = timedelta(0)  # between its pieces
        self.waiting = False  # an answer is under way: what follows in the buffer waits for its end
        self.paused = False  # the client reads more slowly than we write
        self.last = False  # the connection ends with this answer
        self.deaf = False  # nothing more is read or answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        self.deaf = True
        self.connections.discard(self.transport)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.pour_on()

    def data_received(self, data: bytes) -> None:
        if not self.deaf:
            self.buffer += data
            self.go_on()

    def go_on(self) -> None:
        """Serve every request that is whole in the buffer."""
        try:
            while self.buffer and not (self.deaf or self.waiting):
                request = self.next_request()
                if request is None:
                    break
                self.serve(request)
        except ValueError:
            self.last = True
            self.start([Answer(400).head])

    def next_request(self) -> Request | None:
        if not self.begun:
            self.begun = True
            self.act = self.script.next_act()
            self.scripted = self.act is not None
        if self.act is Fault.RESET:
            self.reset(None)
            return None
        if self.head is None:
            self.head = read_head(self.buffer)
            if self.head is None:
                return None
            self.act = self.act or self.script.standing_act(self.head)
            if self.act is Fault.RESET:
                self.reset(self.head)
                return None
            if self.head.headers.get("expect", "").lower() == "100-continue":
                self.transport.write(CONTINUE)
        request = read_body(self.head, self.buffer)
        if request:
            self.begun, self.head, self.last = False, None, request.last
        return request

    def serve(self, request: Request) -> None:
        self.script.requests.append(request)
        match self.act:
            case Fault() as fault:
                if fault is not Fault.HANG:
                    self.take(request)
                self.note(request, fault.word)
                self.deaf = True
                if fault is Fault.CUT:
                    self.close()
            case Answer() as answer:
                if answer.takes:
                    self.take(request)
                    self.remember(request.key, answer)
                self.note(request, answer.status)
                self.start([answer.head + answer.body])
            case Huge(size_bytes):
                self.take(request)
                self.note(request, "huge")
                self.start(huge(size_bytes))
            case Trickle() as trickle:
                answer = self.usual_answer(request)
                self.note(request, "trickle")
                self.start(trickled(answer, trickle), trickle.pause)
            case None:
                answer = self.usual_answer(request)
                self.note(request, answer.status)
                self.start([answer.head + answer.body])

    @abstractmethod
    def take(self, request: Request) -> None:
        """Write down what an act takes."""

    @abstractmethod
    def usual_answer(self, request: Request) -> Answer:
        """Take it and answer, when nothing was scripted."""

    @abstractmethod
    def remember(self, key: str | None, answer: Answer) -> None:
        """The scripted answer that a request was given, which its repeats may get as well."""

    def note(self, request: Request | None, done: int | str) -> None:
        if self.calls:
            self.calls.note(request, done)

    def start(self, pieces: Iterable[bytes], pause: timedelta = timedelta(0)) -> None:
        self.pieces, self.pause, self.waiting = iter(pieces), pause, True
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay.total_seconds(), self.pour_on)
        else:
            self.pour()

    def pour(self) -> None:
        """Write the answer under way, as far as its pauses and the client's reading allow."""
        while not (self.deaf or self.paused):
            piece = next(self.pieces, None)
            if piece is None:
                self.waiting = False
                if self.last:
                    self.close()
                return
            self.transport.write(piece)
            if self.pause:
                asyncio.get_running_loop().call_later(self.pause.total_seconds(), self.pour_on)
                return

    def pour_on(self) -> None:
        if self.waiting:
            self.pour()
        self.go_on()

    def close(self) -> None:
        self.deaf = True
        self.transport.close()

    def reset(self, head: Request | None) -> None:
        self.note(head, Fault.RESET.word)
        self.deaf = True
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
        self.transport.abort()


class HttpSession(HttpTalk):
    """One connection of the HTTP counterpart."""

    def __init__(
        self,
        ledger: HttpLedger,
        script: Script,
        calls: HttpCalls | None,
        delay: timedelta,
        connections: set[asyncio.Transport],
    ) -> None:
        super().__init__(script, calls, delay, connections)
        self.ledger = ledger

    def take(self, request: Request) -> None:
        if request.method != "GET":  # nothing can be taken by asking
            self.ledger.take(request)

    def remember(self, key: str | None, answer: Answer) -> None:
        # A standing answer is not the key's own: when it ends, a repeat is answered as usual.
        if key and self.scripted and not self.ledger.forgetful:
            self.script.answers[key] = answer

    def usual_answer(self, request: Request) -> Answer:
        if request.method == "GET" and request.key:
            known = self.ledger.look_up(request.key)
            return _accepted(known) if known else Answer(404, b'{"accepted": null}')
        if request.method != "POST":
            return Answer(405, headers={"allow": "GET, POST"})
        identifier = self.ledger.take(request)
        return self.script.answers.get(request.key or "") or _accepted(identifier)


def _accepted(identifier: str) -> Answer:
    return Answer(200, b'{"accepted": true, "id": "%s"}' % identifier.encode())

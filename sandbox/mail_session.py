"""Where do lines and messages end in the bytes of one SMTP connection, and when do their answers leave?"""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

from sandbox.mail_behaviour import Fault
from sandbox.mail_dialogue import Desk, MailDialogue
from sandbox.mail_standing import endless_answer

END = b"\r\n.\r\n"


class MailSession(asyncio.Protocol):
    """One connection; commands may come one by one or pipelined, answers keep their order."""

    def __init__(self, desk: Desk, delay: timedelta, connections: set[asyncio.Transport]) -> None:
        self.dialogue, self.delay, self.connections = MailDialogue(desk), delay, connections
        self.buffer = bytearray()
        self.searched = 0  # bytes of the buffer known to hold no end of data
        self.waiting = False  # an answer is being delayed: what follows in the buffer waits with it
        self.lost = False
        self.paused = False  # the client reads more slowly than we write
        self.pieces: Iterator[bytes] | None = None  # of an answer without end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connections.add(transport)
        self.write(self.dialogue.greeting())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        self.lost = self.dialogue.deaf = True
        self.connections.discard(self.transport)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.pour()

    def data_received(self, data: bytes) -> None:
        if not self.dialogue.deaf:
            self.buffer += data
            self.go_on()

    def go_on(self) -> None:
        """Answer everything that is whole in the buffer, in one write."""
        answers = b""
        while not (self.dialogue.deaf or self.waiting):
            answer = self.message() if self.dialogue.in_data else self.line()
            if answer is None:
                break
            answers += answer
        self.write(answers)

    def write(self, answers: bytes) -> None:
        if answers:
            self.transport.write(answers)
        if self.dialogue.closing:
            self.transport.close()
        if self.dialogue.endless is not None and self.pieces is None:
            self.pieces = endless_answer(self.dialogue.endless)
            self.pour()

    def line(self) -> bytes | None:
        """The answer to the line in the buffer; None while it is not whole."""
        end = self.buffer.find(b"\r\n")
        if end < 0:
            return None
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        answer = self.dialogue.on_line(line)
        if self.dialogue.in_data:
            self.searched = 0
            self.buffer[:0] = b"\r\n"  # so that a dot on the first line is like one on any other
        return answer

    def message(self) -> bytes | None:
        """The answer to the message in the buffer; None while it is not whole."""
        if self.dialogue.fault is Fault.DROP and len(self.buffer) > 2:
            self.dialogue.drop()
            return b""
        end = self.buffer.find(END, self.searched)
        if end < 0:
            self.searched = max(0, len(self.buffer) - len(END) + 1)
            return None
        message = bytes(self.buffer[: end + 2].replace(b"\r\n..", b"\r\n.")[2:])
        del self.buffer[: end + len(END)]
        answer = self.dialogue.message(message)
        if answer and self.delay:
            self.waiting = True
            asyncio.get_running_loop().call_later(self.delay.total_seconds(), self.answer_late, answer)
            return b""
        return answer

    def answer_late(self, answer: bytes) -> None:
        self.waiting = False
        if not self.dialogue.deaf:
            self.transport.write(answer)
            self.go_on()

    def pour(self) -> None:
        """Write the answer without end, as far as its pauses and the client's reading allow."""
        # A client that resets is told by the transport at once, by connection_lost only in the next round of the loop.
        while self.pieces and not (self.lost or self.paused or self.transport.is_closing()):
            self.transport.write(next(self.pieces))
            if self.dialogue.endless is None:
                return
            if self.dialogue.endless:
                asyncio.get_running_loop().call_later(self.dialogue.endless.total_seconds(), self.pour)
                return

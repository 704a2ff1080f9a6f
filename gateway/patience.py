"""How long, and how much, does the gateway hear before a request says something that counts?

uvicorn over httptools sets no limit to a request's head, nor to how slowly it comes: without one, anybody fills the
memory or holds all connections, no key wanted.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT = 16 * 1024  # bytes without a head that ends, a piece of a body or the end of a request
HEAD_SECONDS = 30.0  # from a connection's beginning, or a request's, to the end of its head


class Patience(HttpToolsProtocol):
    """One connection; what goes on without saying anything is closed."""

    head_seconds = HEAD_SECONDS
    _unsaid = 0
    _waits: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A head is due."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes; the parser tells of what they say while this runs."""
        self._unsaid += len(data)
        super().data_received(data)
        if self._unsaid > HEAD_LIMIT and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        """A further request of the connection begins."""
        super().on_message_begin()
        if self._waits is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._unsaid = 0
        self._wait_no_more()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._unsaid = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has ended."""
        self._unsaid = 0
        super().on_message_complete()

    def _wait(self) -> None:
        self._waits = self.loop.call_later(self.head_seconds, self._too_late)

    def _wait_no_more(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None

    def _too_late(self) -> None:
        if self._answering():
            self._wait()  # the next request may lie unread until this one is answered
        else:
            self.send_400_response("The request does not come.")

    def _refuse(self) -> None:
        if self._answering():
            self.transport.close()  # no other answer may come between
        else:
            self.send_400_response("The request's head is too large.")

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

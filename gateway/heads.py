"""How long may the head of a request be, and how long may it take?

httptools itself counts neither: whoever never ends a header would fill the memory, or hold a connection for ever.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LIMIT = 16 * 1024  # bytes that come after the first that were read at once
SECONDS = 30.0


class Heads(HttpToolsProtocol):
    """uvicorn's protocol, which closes a connection whose next request does not begin as one."""

    seconds = SECONDS
    _in_head = True
    _size = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is waited for."""
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a head, a body or both."""
        before = self._in_head
        super().data_received(data)
        if before and self._in_head:
            self._size += len(data)
            if self._size > LIMIT and not self.transport.is_closing():
                self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._begin()

    def on_headers_complete(self) -> None:
        """The rest is its body."""
        self._in_head = False
        self._stop()
        super().on_headers_complete()

    def _begin(self) -> None:
        self._in_head, self._size = True, 0
        self._stop()
        self._timer = self.loop.call_later(self.seconds, self._late)

    def _late(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

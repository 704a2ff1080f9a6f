"""Which requests take the short way, past what FastAPI does for each?

One send by one POST is what a billing app's loop does all day; routing, dependencies and their clean-up cost more there
than the send itself.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from duepost.ledger.identifiers import new_id
from gateway.problems import answer_problem

REQUEST_ID = b"x-request-id"
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]
Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class Gateway(FastAPI):
    """The application. direct: method and path -> who answers; the endpoints are FastAPI's too, for its document."""

    direct: Mapping[tuple[str, str], Handler]

    def build_middleware_stack(self) -> App:
        """Request ids first."""
        return RequestIds(super().build_middleware_stack())

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        handler = self.direct.get((scope.get("method", ""), scope.get("path", "")))
        if handler is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        scope["request_id"] = request_id = str(new_id())
        request = Request(scope, receive)
        try:
            response = await handler(request)
        except Exception as wrong:  # noqa: BLE001 - it is answered, and logged there
            response = answer_problem(request, wrong)
        response.raw_headers.append((REQUEST_ID, request_id.encode()))
        await response(scope, receive, send)


class RequestIds:
    """Gives each request an id and says it in the answer's X-Request-Id."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = request_id = str(new_id())
        header = (REQUEST_ID, request_id.encode())

        answered = False

        async def say(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)
            answered = message["type"] == "http.response.body" and not message.get("more_body")

        try:
            await self._app(scope, receive, say)
        except Exception:
            # Starlette raises again what was answered and noted, and the server would log its words: PostgreSQL's quote
            # the row, addresses and all.
            if not answered:
                raise

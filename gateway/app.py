"""Which doors does the gateway have, and what do all of them share?"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from importlib.metadata import version
from typing import Any, TypeAlias
from uuid import UUID

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from config.settings import Settings
from duepost.errors import DuepostError
from duepost.ledger.identifiers import new_id
from gateway.acumulus import router as acumulus
from gateway.native import batch, documents, health, invoices, keys, sends
from gateway.problems import Problem, answer_problem
from gateway.reports import reports_router
from gateway.service import lifespan

ROUTERS = (sends.router, batch.router, documents.router, invoices.router, keys.router, health.router)
DIALECTS = (acumulus.router,)
ABOUT = """Enqueue invoices for delivery, and ask what became of them.

Every call but those of health wants a key: `Authorization: Bearer dp_live_…`. See docs/api.md."""

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class RequestIds:
    """Gives each request an id and says it in the answer's X-Request-Id."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id: UUID = new_id()
        scope["request_id"] = request_id
        header = (b"x-request-id", str(request_id).encode())

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        await self._app(scope, receive, say)


def make_app(settings: Settings) -> FastAPI:
    """The ASGI application; what it holds open is opened when the process's event loop starts."""
    logging.getLogger("uvicorn.access").disabled = True  # paths hold tokens and references
    app = FastAPI(
        title="duepost",
        version=version("duepost"),
        description=ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    app.state.settings = settings
    for router in (*ROUTERS, *DIALECTS):
        app.include_router(router)
    if settings.reports_key is not None:
        kinds = {name: account.kind for name, account in settings.providers.items()}
        app.include_router(reports_router(kinds, settings.reports_key.get_secret_value()))
    for error in (Problem, DuepostError, Exception):
        app.add_exception_handler(error, answer_problem)
    app.add_exception_handler(HTTPException, _no_such_address)
    app.add_middleware(RequestIds)
    return app


def _no_such_address(request: Request, error: Exception) -> Response:
    """An address that is not there, or not by this method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "there is nothing at this address", 405: "this address takes other methods"}
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return answer_problem(request, Problem(status, words.get(status, "the request is wrong"), headers=headers))

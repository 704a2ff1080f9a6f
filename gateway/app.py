"""Which doors does the gateway have, and what do all of them share?"""

import logging
from importlib.metadata import version

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from config.settings import Settings
from duepost.errors import DuepostError
from gateway.direct import Gateway
from gateway.native import acts, batch, documents, health, invoices, keys, lists, sends
from gateway.problems import Problem, answer_problem
from gateway.reports import reports_router
from gateway.service import lifespan

NATIVE = (sends, batch, lists, acts, documents, invoices, keys, health)
ABOUT = """Enqueue invoices for delivery, and ask what became of them.

Every call but those of health wants a key: `Authorization: Bearer dp_live_…`. See docs/api.md."""

# method and path -> who answers past FastAPI's own machinery
DIRECT = {("POST", "/v1/sends"): sends.enqueue}


def make_app(settings: Settings) -> Gateway:
    """The ASGI application; what it holds open is opened when the process's event loop starts."""
    logging.getLogger("uvicorn.access").disabled = True  # paths hold tokens and references
    app = Gateway(
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
    for part in NATIVE:
        app.include_router(part.router)
    if settings.reports_key is not None:
        kinds = {name: account.kind for name, account in settings.providers.items()}
        app.include_router(reports_router(kinds, settings.reports_key.get_secret_value()))
    for error in (Problem, DuepostError, Exception):
        app.add_exception_handler(error, answer_problem)
    app.add_exception_handler(HTTPException, _no_such_address)
    app.direct = DIRECT
    return app


def _no_such_address(request: Request, error: Exception) -> Response:
    """An address that is not there, or not by this method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "there is nothing at this address", 405: "this address takes other methods"}
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return answer_problem(request, Problem(status, words.get(status, "the request is wrong"), headers=headers))

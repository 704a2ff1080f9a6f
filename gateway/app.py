"""Which doors does the gateway have, and what do all of them share?"""

import logging
from functools import partial
from importlib.metadata import version
from secrets import token_urlsafe

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from config.settings import Settings
from duepost.errors import DuepostError, InvalidSend
from gateway.abillify import resend as abillify
from gateway.acumulus import router as acumulus
from gateway.direct import Gateway
from gateway.farpay import router as farpay
from gateway.native import acts, batch, documents, health, invoices, keys, lists, sends
from gateway.native.document import document_of
from gateway.problems import Problem, answer_problem, problem_of
from gateway.reports import reports_router
from gateway.saphety import router as saphety
from gateway.service import lifespan

NATIVE = (sends, batch, lists, acts, documents, invoices, keys, health)
DIALECTS = (saphety, abillify, farpay, acumulus)  # the first two know their calls by their ends, under any prefix
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
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    app.state.token_key = settings.gateway.token_key or SecretStr(token_urlsafe(32))
    app.openapi = partial(document_of, app)  # type: ignore[method-assign]
    for part in (*NATIVE, *DIALECTS):
        app.include_router(part.router)
    if settings.reports_key is not None:
        kinds = {name: account.kind for name, account in settings.providers.items()}
        app.include_router(reports_router(kinds, settings.reports_key.get_secret_value()))
    for error in (Problem, DuepostError, Exception):
        app.add_exception_handler(error, answer_problem)
    app.add_exception_handler(HTTPException, _no_such_address)
    app.add_exception_handler(RequestValidationError, _wrong_parameters)
    app.direct = DIRECT
    return app


def _no_such_address(request: Request, error: Exception) -> Response:
    """An address that is not there, or not by this method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "there is nothing at this address", 405: "this address takes other methods"}
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == 405:
        headers["Allow"] = ", ".join(sorted(_methods_at(request.url.path))) or headers.get("Allow", "")
    return answer_problem(request, Problem(status, words.get(status, "the request is wrong"), headers=headers))


def _wrong_parameters(request: Request, error: Exception) -> Response:
    """A parameter that FastAPI refuses, without its value."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    wrong = [InvalidSend(str(one["loc"][-1]), "is wrong", str(one["msg"])) for one in found]
    return answer_problem(request, problem_of(wrong))


def _methods_at(path: str) -> set[str]:
    """Of all operations at this address: each is a route of its own, and Starlette tells but the first one's."""
    routes = [route for part in NATIVE for route in part.router.routes if isinstance(route, Route)]
    shape = next((route.path for route in routes if route.path_regex.match(path)), None)
    return {method for route in routes if route.path == shape for method in route.methods or ()}

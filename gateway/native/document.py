"""What does the OpenAPI document say that no single operation does: how a key is shown, and what follows what?"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer dp_live_…`"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-KEY"},
}
EITHER: list[dict[str, list[str]]] = [{name: []} for name in SCHEMES]
OPEN = frozenset({"/healthz", "/readyz"})  # nobody shows a key there

OF_SEND = ("get_send", "get_timeline", "get_why", *(f"{act}_send" for act in ("cancel", "hold", "release", "retry")))
# method and path -> operations that its answer names something for: their parameter, and where in the answer it is
LINKS: dict[tuple[str, str], dict[str, tuple[str, str]]] = {
    ("post", "/v1/sends"): dict.fromkeys((*OF_SEND, "settle_send", "resend_send"), ("send_id", "id")),
    ("post", "/v1/invoices"): {"get_invoice": ("name", "guid")},
    ("post", "/v1/keys"): {"revoke_key": ("key", "key")},
}


def document_of(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        made.setdefault("components", {})["securitySchemes"] = SCHEMES
        for path, operations in made["paths"].items():
            for method, operation in operations.items():
                operation["security"] = [] if path in OPEN else EITHER
                _link(operation["responses"], LINKS.get((method, path), {}))
        app.openapi_schema = made
    return app.openapi_schema


def _link(responses: dict[str, Any], links: dict[str, tuple[str, str]]) -> None:
    for code, response in responses.items():
        if links and code.startswith("2"):
            response["links"] = {
                name: {"operationId": name, "parameters": {parameter: f"$response.body#/{field}"}}
                for name, (parameter, field) in links.items()
            }

"""What does the OpenAPI document say that no single operation does: how a caller shows its key?"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer dp_live_…`"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-KEY"},
}
EITHER: list[dict[str, list[str]]] = [{name: []} for name in SCHEMES]
OPEN = frozenset({"/healthz", "/readyz"})  # nobody shows a key there


def document_of(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        made.setdefault("components", {})["securitySchemes"] = SCHEMES
        for path, operations in made["paths"].items():
            for operation in operations.values():
                operation["security"] = [] if path in OPEN else EITHER
        app.openapi_schema = made
    return app.openapi_schema

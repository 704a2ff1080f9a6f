"""What does a test of Saphety's dialect need: a login, a token, and a document that is held?"""

from collections.abc import Callable
from typing import Any

import pytest
from requests import Response
from sqlalchemy import Engine

from tests.gateway.conftest import Served
from tests.gateway.dialects import hold, register, rename

USER, PASSWORD = "sin_api_documentation_user@saphety.com", "request_password"
DOCUMENT = "fc5e547d-8537-4e05-97d5-1159c62efd6f"
PREFIX = "/Dcn.Sandbox.WebApi/api"
NOTIFY = f"{PREFIX}/OutboundFinancialDocumentMaintenance/sendAdditionalNotifications"

GetToken = Callable[..., Response]
Notify = Callable[..., Response]


@pytest.fixture
def held(gateway: Served, key: str, engine: Engine) -> dict[str, Any]:
    """The document of the vendor's samples."""
    made = hold(gateway, key, "FT-1", Email=None)
    rename(engine, made, DOCUMENT)
    return made


@pytest.fixture
def get_token(gateway: Served, engine: Engine) -> GetToken:
    """Asks for a token; the vendor's sample login is registered."""
    register(engine, "saphety", USER, PASSWORD)

    def ask(
        user: object = USER, password: object = PASSWORD, path: str = f"{PREFIX}/Account/getToken", **more: Any
    ) -> Response:
        body: dict[str, Any] = {"json": {"Username": user, "Password": password}} if "data" not in more else {}
        return gateway.call("POST", path, **body, **more)

    return ask


@pytest.fixture
def token(get_token: GetToken) -> str:
    return str(get_token().json()["Data"])


@pytest.fixture
def notify(gateway: Served, token: str, held: dict[str, Any]) -> Notify:  # noqa: ARG001 - it has to be there
    """Asks for notifications of the document; mails as DestinationEmails has them, or addresses alone."""

    def ask(
        *mails: Any, path: str = NOTIFY, key: str | None = None, document: object = DOCUMENT, **more: Any
    ) -> Response:
        entries = [{"Email": one} if isinstance(one, str) else one for one in mails]
        body = {"OutboundFinancialDocumentId": document, "DestinationEmails": entries}
        headers = {"Authorization": f"bearer {token}", **({"Idempotency-Key": key} if key else {})}
        return gateway.call("POST", path, **{"json": body, "headers": headers, **more})

    return ask


def faults(answer: Response) -> list[tuple[str, str | None, list[str | None]]]:
    """Of a no with 200."""
    said = answer.json()
    assert (answer.status_code, said["IsValid"], said["Data"]) == (200, False, None), answer.text
    return [(one["Code"], one["Field"], one["Values"]) for one in said["Errors"]]

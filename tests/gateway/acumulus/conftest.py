"""What does a test of Acumulus' dialect need: a login that a billing app has, and an invoice with its token?"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import pytest
from requests import Response
from sqlalchemy import Engine, text

from duepost.credentials import Scope
from duepost.ledger.accounts import add_account
from duepost.ledger.keys import add_login
from tests.gateway.conftest import ACCOUNT, ZONE, Served
from tests.papers import PDF

PLACE = "/acumulus/stable/invoices/invoice_mail.php"
CODE, USER, PASSWORD = "288252", "APIGebruiker12345", "mysecret&<ü>"
TOKEN = "JrJ8bS0aTBxFOLn7ClNBYBHNdMJR8d96"
UBL = b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>'
CONTRACT = {"contractcode": CODE, "username": USER, "password": PASSWORD}

Hold = Callable[..., str]
Ask = Callable[..., Response]


@pytest.fixture
def login(engine: Engine) -> Callable[..., None]:
    """Registers a login at Acumulus, as `duepost keys` does."""

    def register(password: str = PASSWORD, *, account: str = ACCOUNT, user: str = USER, **more: Any) -> None:
        with engine.begin() as connection:
            add_account(connection, account, ZONE)
            add_login(
                connection,
                account,
                system="acumulus",
                user=f"{CODE}/{user}",
                secret=password,
                scopes=more.pop("scopes", [Scope.SEND]),
                actor="test",
                **more,
            )

    return register


@pytest.fixture
def hold(gateway: Served, key: str, engine: Engine) -> Hold:
    """Holds an invoice by the native API and gives it the token that a recorded request names."""

    def held(token: str = TOKEN, number: str = "2026-001", *, by: str = key, **more: Any) -> str:
        row = {"InvoiceNumber": number, "Email": "contact@example.com", "Document": document(PDF, "a.pdf"), **more}
        answer = gateway.call("POST", "/v1/invoices", by, json=row)
        assert answer.status_code == 201, answer.text
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE held_invoice SET token = :new WHERE token = :old"),
                {"new": token, "old": answer.json()["token"]},
            )
        return token

    return held


def document(content: bytes, name: str) -> dict[str, str]:
    """As a request brings one."""
    return {"Filename": name, "Data": b64encode(content).decode()}


@pytest.fixture
def ready(hold: Hold, login: Callable[..., None]) -> None:
    """An invoice is held, and the login is known."""
    hold()
    login()


@pytest.fixture
def ask(gateway: Served, ready: None) -> Ask:  # noqa: ARG001 - what is called for must be there
    """Calls with what is said, for the invoice that is held."""

    def call(given: Mapping[str, Any] | None = None, /, served: Served = gateway, **more: Any) -> Response:
        tree = {"contract": CONTRACT, "format": "json", "token": TOKEN, "emailaspdf": {"emailto": "a@example.com"}}
        path, headers = more.pop("path", PLACE), more.pop("headers", {})
        return served.call("POST", path, data={"xmlstring": xml({**tree, **(given or {}), **more})}, headers=headers)

    return call


def xml(tree: Mapping[str, Any], root: str = "myxml") -> str:
    """The request; a list is an element repeated, None one left out."""

    def grown(name: str, value: Any) -> str:
        if isinstance(value, Mapping):
            return f"<{name}>{''.join(grown(*one) for one in value.items())}</{name}>"
        if isinstance(value, list):
            return "".join(grown(name, one) for one in value)
        return "" if value is None else f"<{name}>{escape(str(value))}</{name}>"

    return grown(root, tree)


@dataclass(frozen=True)
class Kept:
    """A send as the ledger has it."""

    to_address: str
    kind: str
    sequence: int
    subject: str | None
    note: str | None
    status: int
    options: Mapping[str, Any]
    documents: tuple[str, ...]
    account: str


@pytest.fixture
def sends(engine: Engine) -> Callable[[], list[Kept]]:
    """What the ledger has, in the order of acceptance."""
    query = text("""
        SELECT to_address, kind, sequence, subject, note, state.status, coalesce(options, '{}') AS options,
               array_remove(array_prepend(send.filename, ARRAY(
                   SELECT filename FROM attachment WHERE send_id = send.id ORDER BY place
               )), NULL) AS documents,
               account.name AS account
        FROM send JOIN state ON state.send_id = send.id JOIN account ON account.id = send.account_id ORDER BY send.id
    """)

    def kept() -> list[Kept]:
        with engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [Kept(**dict(row) | {"documents": tuple(row["documents"])}) for row in rows]

    return kept

"""Does a fault of ours leave nobody's address in the log?"""

import pytest
from sqlalchemy import Engine, text

from tests.gateway.conftest import Served


def test_postgresqls_words_which_quote_the_row_stay_out(
    gateway: Served, key: str, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE invoice ADD CONSTRAINT broken CHECK (reference = '') NOT VALID"))
    row = {"InvoiceNumber": "1001", "Email": "private.person@customer.dk"}
    answer = gateway.call("POST", "/v1/invoices", key, json=row)
    gateway.get(f"{gateway.url}/healthz")  # on the same connection: the fault is done with
    assert (answer.status_code, answer.json()["code"]) == (500, 500)
    assert answer.headers["X-Request-Id"] in caplog.text
    assert "private.person" not in caplog.text

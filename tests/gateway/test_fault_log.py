"""Does a fault of ours leave nobody's address in the log?"""

import json

import pytest
from sqlalchemy import Engine, text

from tests.gateway.conftest import Served
from tests.gateway.dialects import hold


def test_postgresqls_words_which_quote_the_row_stay_out(
    gateway: Served, key: str, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE held_invoice ADD CONSTRAINT broken CHECK (reference = '') NOT VALID"))
    row = {"InvoiceNumber": "1001", "Email": "private.person@customer.dk"}
    answer = gateway.call("POST", "/v1/invoices", key, json=row)
    gateway.get(f"{gateway.url}/healthz")  # on the same connection: the fault is done with
    assert (answer.status_code, answer.json()["code"]) == (500, 500)
    assert answer.headers["X-Request-Id"] in caplog.text
    assert "private.person" not in caplog.text


def test_so_they_do_from_acumulus(gateway: Served, key: str, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    held = hold(gateway, key, "1001")
    _break_sends(engine)
    xml = (
        f"<m><contract><contractcode>1</contractcode><username>u</username><password>{key}</password></contract>"
        f"<token>{held['token']}</token><emailaspdf><emailto>private.person@customer.dk</emailto></emailaspdf></m>"
    )
    answer = gateway.call("POST", "/acumulus/stable/invoices/invoice_mail.php", data={"xmlstring": xml})
    assert (answer.status_code, "DPTROUBLE" in answer.text) == (500, True)
    assert answer.headers["X-Request-Id"] in caplog.text
    assert "private.person" not in caplog.text


def test_a_fault_with_one_row_of_a_batch_is_in_the_log(
    gateway: Served, key: str, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    _break_sends(engine)
    row = {"Channel": "email", "InvoiceNumber": "1001", "ToAddress": "private.person@customer.dk"}
    answer = gateway.call("POST", "/v1/sends/batch", key, json=row)
    assert json.loads(answer.text.splitlines()[0])["error"]["request_id"] == answer.headers["X-Request-Id"]
    assert f"request {answer.headers['X-Request-Id']}: " in caplog.text
    assert "private.person" not in caplog.text


def _break_sends(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE send ADD CONSTRAINT broken CHECK (to_address = '') NOT VALID"))

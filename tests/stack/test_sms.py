"""Does an SMS go all the way, through real processes and a real Kannel, and is it reported back?"""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine, create_engine

from duepost import Door, NewSend, Receipt, Rules, Status, enqueue
from duepost.documents import DocumentStore
from duepost.ledger import look
from duepost.signed import report_context, verify
from sandbox.child import wait_until
from sandbox.http_counterpart import HttpCounterpart
from sandbox.kannel import Kannel, missing
from sandbox.sms_stack import ACCOUNT, start_kannel
from sandbox.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.kannel]
PATIENCE = timedelta(seconds=75)
SETTINGS = {"DUEPOST_QUIET_HOURS": '{"sms": ""}', "DUEPOST_RETRY__WAITS_SECONDS": "[1]"}


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpCounterpart]:
    with HttpCounterpart(tmp_path_factory.mktemp("reports")) as server:
        server.answer(200, b"ok", times=100)
        yield server


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    lack = missing()
    if lack is not None:
        pytest.fail(lack) if os.environ.get("CI") else pytest.skip(lack)
    with Stack(tmp_path_factory.mktemp("stack"), settings=SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def kannel(stack: Stack, listener: HttpCounterpart) -> Kannel:
    running = start_kannel(stack, report_url=f"{listener.url}/reports")
    stack.settings = {**stack.settings, "DUEPOST_PROVIDERS__SMTP__PORT": "1"}
    stack.start_scheduler()
    stack.start_worker(lanes="sms")
    return running


@pytest.fixture
def ledger(stack: Stack) -> Iterator[Engine]:
    engine = create_engine(stack.database_url)
    yield engine
    engine.dispose()


def sent(ledger: Engine, stack: Stack, *, invoice: str, to_address: str, note: str) -> tuple[Receipt, look.Standing]:
    """One SMS, and where it stands when nothing more will happen by itself."""
    new = NewSend(channel="sms", invoice=invoice, to_address=to_address, note=note)
    door = Door(Rules(default_region="DK"), DocumentStore(stack.folder / "documents"))
    with ledger.begin() as connection:
        receipt = enqueue(connection, new, door=door)

    def standing() -> look.Standing:
        with ledger.connect() as connection:
            found = look.standing(connection, receipt.id)
        assert found
        return found

    assert wait_until(lambda: not standing().status.waiting, PATIENCE), standing()
    return receipt, standing()


def test_an_sms_reaches_the_operator_and_its_report_comes_back(
    stack: Stack, kannel: Kannel, listener: HttpCounterpart, ledger: Engine
) -> None:
    receipt, standing = sent(ledger, stack, invoice="1001", to_address="20 12 34 56", note="Kære Åse: 100 € + moms")
    assert standing.status is Status.SENT
    assert wait_until(lambda: bool(kannel.got()), PATIENCE)
    assert [(got.number, got.text) for got in kannel.got()] == [("+4520123456", "Kære Åse: 100 € + moms")]
    assert wait_until(lambda: len(listener.requests) == 2, PATIENCE)
    key = stack.settings["DUEPOST_REPORTS_KEY"]
    for request in listener.requests:
        base, account, signed = urlsplit(request.path).path.strip("/").split("/")
        assert (base, account) == ("reports", ACCOUNT)
        assert verify(signed, key, report_context(account)) == str(receipt.id)


def test_a_number_that_no_operator_takes_is_320(stack: Stack, kannel: Kannel, ledger: Engine) -> None:
    before = len(kannel.got())
    _, standing = sent(ledger, stack, invoice="1002", to_address="+45 99 12 34 56", note="Hej")
    assert standing.status is Status.WRONG_EMAIL_ADDRESS
    assert len(kannel.got()) == before


def test_no_log_holds_the_password_a_number_or_a_text(stack: Stack, kannel: Kannel, ledger: Engine) -> None:
    sent(ledger, stack, invoice="1003", to_address="20123457", note="a text of its own")
    ours = "".join(log.read_text() for log in Path(stack.folder).glob("*.log") if not log.name.startswith("kannel"))
    assert "deliver.sms" in ours
    assert not any(word in ours for word in (kannel.password, "20123457", "a text of its own"))

"""Does an e-invoice go through the check lane to the access point, in real processes, and a wrong one no further?"""

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from duepost import Channel, Door, NewSend, Receipt, Rules, Status, enqueue
from duepost.documents import DocumentStore
from duepost.ledger import look
from sandbox.access_point import AccessPoint
from sandbox.child import Child, wait_until
from sandbox.invoice_xml import invoice_xml
from sandbox.stack import QUIET, Stack

pytestmark = pytest.mark.stack
PATIENCE = timedelta(seconds=75)
GLN = "5790000435975"
SETTINGS = {
    "DUEPOST_PROVIDERS__SMTP__PORT": "1",
    "DUEPOST_PROVIDERS__RULES__KIND": "einvoice-rules",
    "DUEPOST_PROVIDERS__AP__KIND": "as4",
    "DUEPOST_PROVIDERS__AP__SENDER": "0184:DK12345674",
    "DUEPOST_PROVIDERS__AP__COUNTRY": "DK",
    "DUEPOST_LANES__CHECK__CHANNEL": "xml",
    "DUEPOST_LANES__CHECK__PROVIDER": "rules",
    "DUEPOST_LANES__XML__CHANNEL": "xml",
    "DUEPOST_LANES__XML__PROVIDER": "ap",
    "DUEPOST_ROUTES": '{"xml": ["check", "xml"]}',
}
CHECKERS = ("-P", "prefork", "-c", "2", "--max-tasks-per-child=500")


@pytest.fixture(scope="module")
def access_point(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccessPoint]:
    with AccessPoint(tmp_path_factory.mktemp("ap")) as server:
        yield server


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, access_point: AccessPoint) -> Iterator[Stack]:
    settings = {**SETTINGS, "DUEPOST_PROVIDERS__AP__URL": access_point.url}
    folder = tmp_path_factory.mktemp("stack")
    with Stack(folder, settings=settings, postgres_settings={"fsync": "off"}) as running:
        running.start_scheduler()
        running.start_worker(lanes="xml")
        yield running


@pytest.fixture(scope="module", autouse=True)
def checkers(stack: Stack) -> Child:
    """Processes, not threads: what the engine leaves in memory goes with them."""
    return stack.start_celery("checker", "worker.app", "worker", *CHECKERS, "-Q", "check", *QUIET)


@pytest.fixture
def ledger(stack: Stack) -> Iterator[Engine]:
    engine = create_engine(stack.database_url)
    yield engine
    engine.dispose()


def sent(ledger: Engine, stack: Stack, invoice: str, content: bytes) -> tuple[Receipt, list[look.Change]]:
    """One e-invoice, and what became of it."""
    new = NewSend(channel="xml", invoice=invoice, to_address=GLN, document=content)
    rules = Rules(routes={Channel.XML: ("check",)})
    with ledger.begin() as connection:
        receipt = enqueue(connection, new, door=Door(rules, DocumentStore(stack.folder / "documents")))

    def waits() -> bool:
        with ledger.connect() as connection:
            found = look.standing(connection, receipt.id)
        return found is None or found.status.waiting

    assert wait_until(lambda: not waits(), PATIENCE)
    with ledger.connect() as connection:
        return receipt, look.timeline(connection, receipt.id)


def test_a_good_one_passes_the_rules_and_reaches_the_access_point_once(
    ledger: Engine, stack: Stack, access_point: AccessPoint
) -> None:
    content = invoice_xml("GOOD-1")
    receipt, changes = sent(ledger, stack, "GOOD-1", content)
    assert [(one.to_status, one.reason_code) for one in changes] == [
        (Status.QUEUE, "RULES_PASSED"),
        (Status.SENT, "ACCEPTED"),
    ]
    mine = [(one.key, one.sha256) for one in access_point.taken() if one.key == str(receipt.id)]
    assert mine == [(str(receipt.id), sha256(content).hexdigest())]


def test_one_that_breaks_a_rule_is_an_error_and_never_leaves(
    ledger: Engine, stack: Stack, access_point: AccessPoint
) -> None:
    receipt, changes = sent(ledger, stack, "BAD-1", invoice_xml("BAD-1", payable="9.00"))
    assert [(one.to_status, one.reason_code) for one in changes] == [(Status.ERROR, "RULES_FAILED")]
    assert str(receipt.id) not in {one.key for one in access_point.taken()}


def test_the_checkers_end_in_good_order(stack: Stack, checkers: Child) -> None:
    stack.processes.stop(checkers)
    assert "Traceback" not in Path(checkers.log).read_text()

"""Can any Celery app hand a send in by name?"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from sqlalchemy import Engine, create_engine, text

from duepost import Status
from duepost.ledger import look
from sandbox.child import Child, wait_until
from sandbox.stack import Stack
from tests.papers import PDF
from tests.stack.conftest import Running

pytestmark = pytest.mark.stack

SOON = timedelta(seconds=30)


@pytest.fixture
def billing_app(running: Running) -> Iterator[Celery]:
    """A Celery app that knows nothing of duepost but the broker's address."""
    app = Celery("billing", broker=running.stack.valkey.url, set_as_current=False)
    yield app
    app.close()


def test_a_send_handed_in_by_name_is_delivered(running: Running, billing_app: Celery) -> None:
    row = {"Channel": "Email", "ToAddress": " inge@firma.test ", "InvoiceNumber": "DOOR-1", "Status": "Queue"}
    billing_app.send_task("duepost.enqueue", args=[row], queue="enqueue")

    def sent() -> bool:
        with running.engine.connect() as connection:
            found = look.sends_of_invoice(connection, "DOOR-1")
        return [one.status for one in found] == [Status.SENT]

    assert wait_until(sent, SOON)


def test_each_receiver_of_a_send_handed_in_by_name_gets_it_once(running: Running, billing_app: Celery) -> None:
    row = {"Channel": "Email", "ToAddress": "inge@firma.test; Bo <bo@firma.test>", "InvoiceNumber": "DOOR-3"}
    answers = []
    for _ in range(2):
        handed_in = billing_app.send_task("duepost.enqueue", args=[row], queue="enqueue").id
        answers.append(_answer_of(running, handed_in))
    with running.engine.connect() as connection:
        ids = {str(one.id) for one in look.sends_of_invoice(connection, "DOOR-3")}
    assert len(ids) == 2
    for answer, known in zip(answers, (0, 2), strict=True):
        assert sum(ident in answer for ident in ids) == 2
        assert answer.count("known already") == known


def _answer_of(running: Running, task_id: str) -> str:
    """What the door answered, as Flower shows it."""

    def task() -> dict[str, Any]:
        tasks: dict[str, dict[str, Any]] = json.loads(running.look_at("/api/tasks"))
        return tasks.get(task_id, {})

    assert wait_until(lambda: task().get("state") == "SUCCESS", SOON), task()
    return str(task()["result"])


def test_a_wrong_send_is_a_red_row_that_names_field_and_mend_but_no_address(
    running: Running, billing_app: Celery
) -> None:
    row = {"Channel": "Email", "ToAddress": "torben@@firma.test", "InvoiceNumber": "DOOR-2"}
    handed_in = billing_app.send_task("duepost.enqueue", args=[row], queue="enqueue")

    def task() -> dict[str, Any]:
        tasks: dict[str, dict[str, Any]] = json.loads(running.look_at("/api/tasks"))
        return tasks.get(handed_in.id, {})

    assert wait_until(lambda: task().get("state") == "FAILURE", SOON), task()
    assert "ToAddress" in task()["exception"]
    assert "torben" not in json.dumps(task())
    assert "torben" not in (running.stack.folder / "door.log").read_text()


@dataclass
class Trouble:
    """Why the door cannot keep a send. said: what its log calls it. cause, mend: statements, or the store when none."""

    said: str
    cause: str = ""
    mend: str = ""


TROUBLES = [
    Trouble(
        "ReadOnlySqlTransaction",
        "ALTER DATABASE duepost SET default_transaction_read_only = on",
        "ALTER DATABASE duepost RESET default_transaction_read_only",
    ),
    Trouble("UndefinedTable", "ALTER TABLE send RENAME TO send_away", "ALTER TABLE send_away RENAME TO send"),
    Trouble("DUEPOST_DOCUMENTS"),
]
END_CONNECTIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'duepost door'"


@pytest.fixture(scope="module")
def lone(tmp_path_factory: pytest.TempPathFactory) -> Iterator["LoneDoor"]:
    """A door of its own, whose ledger and store may be broken."""
    folder = tmp_path_factory.mktemp("lone")
    (folder / "a.pdf").write_bytes(PDF)
    settings = {"DUEPOST_DOOR_DOCUMENTS": str(folder)}
    with Stack(folder, settings=settings, postgres_settings={"fsync": "off"}) as stack:
        address = stack.database_url
        engine = create_engine(address, connect_args={"options": "-c default_transaction_read_only=off"})
        with Celery("billing", broker=stack.valkey.url, set_as_current=False) as app:
            yield LoneDoor(stack, engine, app, stack.start_door())
        engine.dispose()


@dataclass
class LoneDoor:
    """A stack of nothing but a door, and a billing app that reaches its broker."""

    stack: Stack
    engine: Engine
    app: Celery
    process: Child

    @property
    def log(self) -> str:
        """What all doors of this stack have said."""
        return "".join(log.read_text() for log in self.stack.folder.glob("door*.log"))

    def hand_in(self, invoice: str, name: str = "duepost.enqueue") -> None:
        """Send a message for one e-mail with a document."""
        row = {"Channel": "Email", "ToAddress": "torben@firma.test", "InvoiceNumber": invoice, "Document": "a.pdf"}
        self.app.send_task(name, args=[row], queue="enqueue")

    def says(self, words: str) -> bool:
        """Wait until the log holds the words."""
        return wait_until(lambda: words in self.log, SOON)

    def keeps(self, invoice: str) -> bool:
        """Wait until the ledger holds a send of the invoice."""

        def kept() -> bool:
            with self.engine.connect() as connection:
                return bool(look.sends_of_invoice(connection, invoice))

        return wait_until(kept, SOON)

    @contextmanager
    def in_trouble(self, trouble: Trouble) -> Iterator[None]:
        """The ledger or the store is broken meanwhile."""
        store = self.stack.folder / "documents"
        shutil.rmtree(store, ignore_errors=True)
        if trouble.cause:
            self._do(trouble.cause, END_CONNECTIONS)
        else:
            store.write_text("a file where the folder should be")
        yield
        if trouble.mend:
            self._do(trouble.mend)
        else:
            store.unlink()

    def _do(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.said)
def test_a_send_that_cannot_be_kept_waits_until_it_can(lone: LoneDoor, trouble: Trouble) -> None:
    with lone.in_trouble(trouble):
        lone.hand_in(f"WAIT-{trouble.said}")
        assert lone.says(trouble.said), lone.log
    assert lone.keeps(f"WAIT-{trouble.said}")
    assert "torben" not in lone.log


def test_a_door_that_stops_gives_back_the_send_it_could_not_keep(lone: LoneDoor) -> None:
    trouble = TROUBLES[-1]
    with lone.in_trouble(trouble):
        before = lone.log.count("an enqueue waits")
        lone.hand_in("BACK-1")
        assert wait_until(lambda: lone.log.count("an enqueue waits") > before, SOON)
        lone.process.end()
    lone.process = lone.stack.start_door("door-2")
    assert lone.keeps("BACK-1")


@pytest.mark.parametrize("arguments", [["torben@firma.test"], [], [{}, {}], [None], [["torben@firma.test"]]], ids=str)
def test_a_message_that_is_no_row_is_refused_at_once(lone: LoneDoor, arguments: list[object]) -> None:
    handed_in = lone.app.send_task("duepost.enqueue", args=arguments, queue="enqueue")
    assert lone.says(f"[{handed_in.id}] raised unexpected: InvalidSend('Send is not one object"), lone.log
    assert "torben" not in lone.log


def test_a_document_whose_path_is_no_path_is_refused_at_once(lone: LoneDoor) -> None:
    row = {"Channel": "Email", "ToAddress": "torben@firma.test", "InvoiceNumber": "1", "Document": "a\0b.pdf"}
    handed_in = lone.app.send_task("duepost.enqueue", args=[row], queue="enqueue")
    assert lone.says(f"[{handed_in.id}] raised unexpected: InvalidSend('Document cannot be read"), lone.log


def test_a_misspelt_task_is_named_in_the_log_without_its_message(lone: LoneDoor) -> None:
    lone.hand_in("MISSPELT-1", "duepost.enqeue")
    assert lone.says("there is no task of the name 'duepost.enqeue'"), lone.log
    assert "torben" not in lone.log


@pytest.mark.parametrize(
    ("body", "headers", "sentence"),
    [
        ("torben@firma.test", {"task": "duepost.enqueue", "id": "1"}, "whose body cannot be read"),
        ('{"to": "torben@firma.test"}', {}, "that asks for no task"),
        ('{"to": "torben@firma.test"}', {"task": "duepost.enqueue", "id": "2"}, "protocol does not allow"),
        ("[[], {}, {}]", {"task": "duepost.enqueue", "id": "3", "eta": "torben"}, "protocol does not allow"),
    ],
)
def test_a_message_that_is_no_task_is_dropped_without_being_quoted(
    lone: LoneDoor, body: str, headers: dict[str, str], sentence: str
) -> None:
    before = lone.log.count(sentence)
    with lone.app.producer_or_acquire() as producer:
        producer.publish(
            body,
            exchange="enqueue",
            routing_key="enqueue",
            headers={**headers, "argsrepr": "torben"},
            content_type="application/json",
            content_encoding="utf-8",
        )
    assert wait_until(lambda: lone.log.count(sentence) > before, SOON), lone.log
    assert "torben" not in lone.log
    lone.hand_in(f"AFTER-{before}-{sentence}")
    assert lone.keeps(f"AFTER-{before}-{sentence}")

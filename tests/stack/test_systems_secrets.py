"""Do the keys and passwords of invoice systems stay where they are used, also when they are refused?"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from duepost import NewSend
from sandbox.child import wait_until
from sandbox.stack import Stack
from sandbox.systems import SYSTEMS, start_systems
from tests.stack.conftest import Running
from tests.stack.test_privacy import everything_said_to, plain

pytestmark = pytest.mark.stack

SOON = timedelta(seconds=60)
SECRET = "hemmelig-{}-7f3a91"
FIELDS = {"farpay": "KEY", "saphety": "PASSWORD", "abillify": "PASSWORD", "acumulus": "PASSWORD"}
REFERENCES = {"saphety": "fc5e547d-8537-4e05-97d5-1159c62efd6f", "acumulus": "a" * 32}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Scheduler, a worker of the four lanes and Flower; the counterparts of three refuse the secrets."""
    with Stack(tmp_path_factory.mktemp("systems"), postgres_settings={"fsync": "off"}) as stack:
        start_systems(stack)
        secrets = {f"DUEPOST_PROVIDERS__{name.upper()}__{field}": SECRET.format(name) for name, field in FIELDS.items()}
        stack.settings = {**stack.settings, **secrets, "DUEPOST_PROVIDERS__SMTP__PORT": "1"}
        stack.start_scheduler()
        stack.start_worker(lanes=",".join(SYSTEMS))
        flower = stack.start_flower()
        engine = create_engine(stack.database_url)
        yield Running(stack, engine, Path("unused"), flower)
        engine.dispose()


def test_no_secret_reaches_broker_flower_logs_or_ledger(running: Running) -> None:
    with everything_said_to(str(running.stack.valkey.socket_path)) as said:
        running.enqueue(
            *(
                NewSend(
                    channel="email",
                    lane=name,
                    invoice=f"SEC-{name}",
                    to_address="anna@kunde.test",
                    reference=REFERENCES.get(name),
                )
                for name in SYSTEMS
            )
        )

        def tried() -> set[str]:
            with running.engine.connect() as connection:
                return set(connection.execute(text("SELECT provider FROM attempt")).scalars())

        assert wait_until(lambda: tried() == set(SYSTEMS), SOON), tried()
        assert wait_until(lambda: "SEC-saphety" in running.look_at("/api/tasks"), SOON)
    with running.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT reason_code, reason_values, answer FROM transition")).all())
        kept += str(connection.execute(text("SELECT * FROM attempt")).all())
        refused = set(connection.execute(text("SELECT name FROM pause WHERE scope = 'provider'")).scalars())
    assert refused == set(SYSTEMS) - {"saphety"}, "the sandbox's Saphety takes any password"
    shown = "\n".join(running.look_at(page) for page in ("/api/tasks", "/tasks", "/workers", "/metrics"))
    logs = "\n".join(log.read_text(errors="replace") for log in running.stack.folder.glob("*.log"))
    spoken = plain(said)
    assert "SEC-farpay" in spoken, "the broker was listened to"
    for name in SYSTEMS:
        for place in (spoken, shown, logs, kept):
            assert SECRET.format(name) not in place, name

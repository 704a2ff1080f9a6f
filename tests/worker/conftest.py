"""What does a test of the delivering worker need?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from sqlalchemy import Engine

from config.settings import Retry, Settings
from duepost.documents import DocumentStore
from duepost.ledger import migrate
from duepost.ledger.unknown import UnknownPolicy
from duepost.reasons import Reason
from duepost.sends import Channel
from duepost.statuses import Status
from sandbox.http_counterpart import HttpCounterpart
from sandbox.postgres import PostgresServer
from sandbox.processes import Processes
from tests.duepost.ledger.conftest import ENVIRONMENT, LANE
from worker.accounts import retry_policy
from worker.attempt import Attempter
from worker.gate import Gate
from worker.journal import Journal
from worker.pace import Pace
from worker.process import Process
from worker.providers.port import Job, Outcome, Provider, Verdict
from worker.senders import Senders
from worker.stop import STOPPING

LIMIT = timedelta(seconds=20)
WIDTH = 4
SENT = Outcome(Verdict.ACCEPTED, Status.SENT, Reason("ACCEPTED"), answer="250 queued", provider_reference="4F2A")
LATER = Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, Reason("TIMEOUT"))


def say_sent(_job: Job) -> Outcome:
    """Every send is accepted."""
    return SENT


@dataclass
class Told:
    """A provider that answers what the test tells it to; `jobs` are those it was given."""

    answer: Callable[[Job], Outcome] = say_sent
    jobs: list[Job] = field(default_factory=list)
    total_deadline: timedelta = timedelta(seconds=5)

    def send(self, job: Job) -> Outcome:
        """Whatever the test says."""
        self.jobs.append(job)
        return self.answer(job)

    def close(self) -> None:
        """It holds nothing."""


@pytest.fixture
def journal(engine: Engine) -> Iterator[Journal]:
    """The group commit of this process on the test's ledger."""
    opened = Journal(engine, ENVIRONMENT)
    yield opened
    opened.close()


@pytest.fixture
def documents(tmp_path: Path) -> DocumentStore:
    """An empty store."""
    return DocumentStore(tmp_path / "documents")


AttempterOf = Callable[..., Attempter]


@pytest.fixture
def gate(engine: Engine) -> Gate:
    """The gate of provider account smtp in this process; one send was answered before, so it is wide open."""
    made = Gate(engine, "smtp", failures=100, probe_after=timedelta(seconds=60), actor="worker@test")
    made.enter()
    made.leave(SENT)
    return made


@pytest.fixture
def attempter_of(journal: Journal, documents: DocumentStore, gate: Gate) -> AttempterOf:
    """Makes the attempter of a provider; default policy: hold what is unknown, the settings' own retries."""

    def make(
        provider: Provider,
        *,
        on_unknown: UnknownPolicy = UnknownPolicy.HOLD,
        route: tuple[str, ...] = (),
        pace: Pace | None = None,
    ) -> Attempter:
        return Attempter(
            name="smtp",
            channel=Channel.EMAIL,
            provider=provider,
            journal=journal,
            documents=documents,
            policy=retry_policy(Retry()),
            on_unknown=on_unknown,
            actor="worker@test",
            gate=gate,
            lane="email",
            routes={Channel.EMAIL: route},
            pace=pace or Pace(),
            record_within=timedelta(minutes=1),
        )

    return make


@pytest.fixture
def senders() -> Iterator[Senders]:
    """The sending threads of one provider account."""
    threads = Senders(WIDTH, "test")
    yield threads
    threads.close()


@pytest.fixture
def stopping() -> Iterator[None]:
    """The test may set STOPPING; it is cleared afterwards."""
    yield
    STOPPING.clear()


@pytest.fixture
def own_postgres(processes: Processes) -> Iterator[PostgresServer]:
    """A PostgreSQL with a ledger in it, which the test may stop."""
    with PostgresServer(settings={"fsync": "off"}, processes=processes, name="worker-postgres") as server:
        migrate.upgrade(server.url(), environment=ENVIRONMENT)
        yield server


ProcessOf = Callable[..., Process]


@pytest.fixture
def counterpart(tmp_path: Path) -> Iterator[HttpCounterpart]:
    """The provider."""
    with HttpCounterpart(tmp_path / "http") as server:
        yield server


@pytest.fixture
def process_of(database_url: str, counterpart: HttpCounterpart, tmp_path: Path) -> Iterator[ProcessOf]:
    """Makes the process of an environment."""
    made: list[Process] = []

    def make(**changes: Any) -> Process:
        settings = Settings.model_validate(
            {
                "database_url": database_url,
                "broker_url": "redis://nobody.test",
                "documents": tmp_path / "documents",
                "providers": {"own": {"kind": "http", "url": counterpart.url}},
                "lanes": {LANE: {"channel": "email", "provider": "own"}},
                "flower_rows_per_second": 0,
                **changes,
            }
        )
        made.append(Process(Celery("test"), settings, "worker@test"))
        return made[-1]

    yield make
    for process in made:
        process.close()

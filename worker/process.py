"""What does one worker process hold for all its orders?

Made after the fork, on first use: the engine, the journal, one adapter and one set of sending threads per provider
account.
"""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import Celery

from config.account_print_run import PrintRunAccount
from config.accounts import ProviderAccount
from config.settings import Settings
from duepost.ledger.engine import open_ledger
from duepost.ledger.fence import require
from duepost.sends import Channel
from worker.accounts import adapter, retry_policy
from worker.attempt import Attempter
from worker.gate import Gate
from worker.journal import Journal
from worker.order import Order, Tally, deliver, summary
from worker.pace import Pace
from worker.print_run.build import build
from worker.print_run.work import Worker as PrintRunWorker
from worker.providers.port import Provider
from worker.providers.pretended import Pretended
from worker.quota import Quota
from worker.rows import Rows
from worker.senders import Senders
from worker.stop import STOPPING


class Process:
    """Delivers orders; one instance per process, used by every thread of its pool."""

    def __init__(self, app: Celery, settings: Settings, hostname: str) -> None:
        self._settings = settings
        self._hostname = hostname
        self._engine = open_ledger(settings.database_url, name=hostname, connections=20)
        self._journal = Journal(self._engine, settings.environment)
        self._documents = settings.store
        self._rows = Rows(app, hostname, settings.flower_rows_per_second) if settings.flower_rows_per_second else None
        self._making = threading.Lock()
        self._accounts: dict[str, tuple[Provider, Senders, Gate]] = {}
        self._quotas: dict[str, Quota] = {}
        self._lanes: dict[tuple[str, bool], tuple[Attempter, Senders]] = {}
        self._print_runs: dict[str, PrintRunWorker] = {}

    def deliver(self, lane: str, lease: int, ids: list[str]) -> str:
        """Deliver one order of hexadecimal send ids; the answer is one line for people, without personal data.

        Raises: Refused when the ledger is not ours to send from; what AWAY names when it is away.
        """
        with self._engine.connect() as connection:
            fence = require(connection, self._settings.environment)
        attempter, senders = self._way_of(lane, pretend=fence.neutralized)
        order = Order(lane, lease, [UUID(hex=one) for one in ids])
        tally: Tally = deliver(order, self._engine, attempter, senders)
        if self._rows:
            self._rows.show(tally.tried)
        return summary(tally)

    def print_run(self, lane: str, number: int) -> str:
        """Take a closed print run of the lane as far as it goes; the answer is one line for people.

        Raises: as `deliver`.
        """
        with self._engine.connect() as connection:
            fence = require(connection, self._settings.environment)
        if fence.neutralized:
            return "nothing is printed from a neutralized copy"
        with self._making:
            if lane not in self._print_runs:
                account = self._settings.providers[self._settings.lanes[lane].provider]
                assert isinstance(account, PrintRunAccount)  # noqa: S101 - the scheduler asks for no other lane
                self._print_runs[lane] = build(account, self._engine, self._documents, self._hostname)
            worker = self._print_runs[lane]
        return worker.work(number)

    def close(self) -> None:
        """Write what is left; called once, when the pool is empty."""
        for provider, senders, _ in self._accounts.values():
            senders.close()
            provider.close()
        for quota in self._quotas.values():
            quota.close()
        for worker in self._print_runs.values():
            worker.close()
        self._journal.close()
        if self._rows:
            self._rows.close()
        self._engine.dispose()

    def _way_of(self, lane: str, *, pretend: bool) -> tuple[Attempter, Senders]:
        """What delivers the lane's sends; lanes with one provider account share its adapter, its threads and its gate.

        pretend: the ledger is a neutralized copy, and no provider is called.
        """
        with self._making:
            if (lane, pretend) not in self._lanes:
                setting = self._settings.lanes[lane]
                account = self._settings.providers[setting.provider]
                if setting.provider not in self._accounts:
                    self._accounts[setting.provider] = self._account(setting.provider, account)
                provider, senders, gate = self._accounts[setting.provider]
                attempter = Attempter(
                    name=setting.provider,
                    channel=setting.channel,
                    provider=Pretended() if pretend else provider,
                    journal=self._journal,
                    documents=self._documents,
                    policy=retry_policy(self._settings.retry, account.forgets_after),
                    on_unknown=account.on_unknown,
                    actor=self._hostname,
                    gate=gate,
                    lane=lane,
                    routes=self._settings.failover,
                    apart=self._settings.apart,
                    pace=self._pace(setting.provider, account, setting.channel),
                    record_within=timedelta(seconds=self._settings.record_seconds),
                )
                self._lanes[lane, pretend] = (attempter, senders)
            return self._lanes[lane, pretend]

    def _pace(self, name: str, account: ProviderAccount, channel: Channel) -> Pace:
        """The limit is the provider account's, whatever its lanes; quiet hours are the channel's."""
        url = self._settings.quota_url
        if account.units_per_second and url and name not in self._quotas:
            burst = account.burst_units or max(int(account.units_per_second), 1)
            self._quotas[name] = Quota(url, name, per_second=account.units_per_second, burst=burst, stopping=STOPPING)
        return Pace(self._quotas.get(name), self._settings.rules.quiet_hours.get(channel))

    def _account(self, name: str, account: ProviderAccount) -> tuple[Provider, Senders, Gate]:
        gate = Gate(
            self._engine,
            name,
            failures=account.circuit_failures,
            probe_after=timedelta(seconds=account.circuit_probe_seconds),
            actor=self._hostname,
        )
        return adapter(name, account, self._settings.reports_key), Senders(account.width, name), gate


_process: Process | None = None
_once = threading.Lock()


def process(app: Any, hostname: str) -> Process:
    """This process's one Process, made on first use."""
    global _process  # noqa: PLW0603 - one per operating-system process is the point
    with _once:
        if _process is None:
            _process = Process(app, app.settings, hostname)
        return _process


def close_process() -> None:
    """End it, if it was ever made."""
    global _process  # noqa: PLW0603 - see process
    with _once:
        if _process is not None:
            _process.close()
            _process = None

"""Which print runs close now, and which are a worker's to go on with?"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from celery import Celery
from sqlalchemy import Engine

from config.account_print_run import PrintRunAccount
from config.names import PRINT_RUN
from config.settings import Settings
from duepost.ledger.cutoffs import last_cutoff, parse_cutoff
from duepost.ledger.fence import require
from duepost.ledger.print_runs import Gathering, PrintRun, close, gathered, name_of, unfinished
from scheduler.guards import Guards

log = logging.getLogger(__name__)

EXPIRES_SECONDS = 50  # the next tick asks anew


def print_lanes(settings: Settings) -> Mapping[str, PrintRunAccount]:
    """Lane -> its provider account, for the lanes that have print runs."""
    accounts = {name: settings.providers[lane.provider] for name, lane in settings.lanes.items()}
    return {name: account for name, account in accounts.items() if isinstance(account, PrintRunAccount)}


def close_what_is_due(settings: Settings, engine: Engine) -> list[PrintRun]:
    """Close what had gathered by the newest cut-off of its account, and answer every run that is to go on.

    A cut-off that was missed while nobody ticked is made up for. What a pause holds is neither closed nor handed over.

    Raises: Refused when the ledger is not ours to send from; what AWAY names when it is away.
    """
    lanes = print_lanes(settings)
    if not lanes:
        return []
    with engine.begin() as connection:
        if require(connection, settings.environment).neutralized:
            return []
        guards = Guards.read(connection)
        open_lanes = [name for name in lanes if not guards.hold(settings.lanes[name])]
        waiting = gathered(connection, open_lanes)
    for one in waiting:
        if one.account not in guards.paused_accounts:
            _close(engine, one, cut_off_of(one, lanes[one.lane]), guards.paused_runs)
    with engine.connect() as connection:
        runs = unfinished(connection, open_lanes)
    return [one for one in runs if one.account not in guards.paused_accounts]


def cut_off_of(one: Gathering, account: PrintRunAccount) -> datetime:
    """The newest cut-off (aware, UTC) of whose sends these are."""
    return last_cutoff(one.now, one.cutoff or parse_cutoff(account.cutoff), one.zone)


def publish(app: Celery, runs: Sequence[PrintRun]) -> None:
    """Ask the workers of their lanes. Raises: kombu's OperationalError when the broker is away."""
    for one in runs:
        app.send_task(
            PRINT_RUN, args=(one.lane, one.id), argsrepr=one.name, queue=one.lane, expires=EXPIRES_SECONDS, retry=False
        )


def _close(engine: Engine, one: Gathering, cut_off: datetime, paused_runs: Sequence[str]) -> None:
    with engine.begin() as connection:
        number = close(connection, one.account_id, one.lane, cut_off, paused_runs=paused_runs)
    if number is not None:
        log.info("print run %s of account %s is closed", name_of(number), one.account)

"""How do the doors learn what this worker's lanes can do?"""

import logging
from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError

from config.settings import Settings
from duepost.ledger.engine import AWAY, open_ledger
from duepost.ledger.lanes import DeclaredLane, declare
from worker.accounts import adapter
from worker.providers.port import Provider

log = logging.getLogger(__name__)


def lanes_of(settings: Settings, providers: Mapping[str, Provider]) -> list[DeclaredLane]:
    """The lanes that the settings describe, with what their adapters can express."""
    found = []
    for name, lane in settings.lanes.items():
        account, provider = settings.providers[lane.provider], providers[lane.provider]
        largest = account.document_limit_bytes
        found.append(DeclaredLane(name, lane.channel, lane.provider, account.kind, provider.features, largest))
    return found


def declare_lanes(settings: Settings) -> None:
    """Tell the ledger. When it is away the doors go on with what they know; the next start tells it."""
    named = {lane.provider for lane in settings.lanes.values()}
    providers = {name: adapter(name, settings.providers[name], settings.reports_key) for name in named}
    engine = open_ledger(settings.database_url, name="worker")
    try:
        with engine.begin() as connection:
            declare(connection, lanes_of(settings, providers))
    except (*AWAY, DBAPIError) as trouble:
        log.warning("the doors are not told what the lanes can do: the ledger said %s", type(trouble).__name__)
    finally:
        engine.dispose()
        for provider in providers.values():
            provider.close()

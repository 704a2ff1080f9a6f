"""Which adapter serves an account at an invoice system, built from its settings?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from config.account_abillify import AbillifyAccount
from worker.providers.abillify import Abillify
from worker.providers.port import Provider


def _abillify(account: AbillifyAccount) -> Provider:
    return Abillify(
        url=account.url,
        user=account.user,
        password=account.password.get_secret_value(),
        total_limit=timedelta(seconds=account.total_seconds),
        ca_file=account.ca_file,
    )


# kind of provider account -> what builds its adapter
SYSTEM_ADAPTERS: dict[str, Callable[[Any], Provider]] = {"abillify": _abillify}

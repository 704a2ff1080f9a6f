"""Which adapter serves an account at an invoice system, built from its settings?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.account_abillify import AbillifyAccount
from config.account_acumulus import AcumulusAccount
from config.account_farpay import FarPayAccount
from config.account_saphety import SaphetyAccount
from worker.providers.abillify import Abillify
from worker.providers.acumulus import Acumulus
from worker.providers.acumulus_request import Contract
from worker.providers.farpay import FarPay
from worker.providers.port import Provider
from worker.providers.saphety import Saphety


def _abillify(account: AbillifyAccount) -> Provider:
    return Abillify(
        url=account.url,
        user=account.user,
        password=account.password.get_secret_value(),
        total_limit=timedelta(seconds=account.total_seconds),
        ca_file=account.ca_file,
    )


def _acumulus(account: AcumulusAccount) -> Provider:
    return Acumulus(
        contract=Contract(account.contract_code, account.user, account.password.get_secret_value(), account.on_error),
        url=account.url,
        language=account.language,
        total_limit=timedelta(seconds=account.total_seconds),
        ca_file=account.ca_file,
    )


def _farpay(account: FarPayAccount) -> Provider:
    return FarPay(
        url=account.url,
        key=account.key.get_secret_value(),
        currency=account.currency,
        zone=ZoneInfo(account.zone),
        bare_reminders=account.bare_reminders,
        ca_file=account.ca_file,
        total_limit=timedelta(seconds=account.total_seconds),
    )


def _saphety(account: SaphetyAccount) -> Provider:
    return Saphety(
        url=account.url,
        user=account.user,
        password=account.password.get_secret_value(),
        language=account.language,
        poll=account.poll,
        repeat_unsent=account.repeat_unsent,
        mail_status_url=account.mail_status_url,
        total_limit=timedelta(seconds=account.total_seconds),
        ca_file=account.ca_file,
    )


# kind of provider account -> what builds its adapter
SYSTEM_ADAPTERS: dict[str, Callable[[Any], Provider]] = {
    "abillify": _abillify,
    "acumulus": _acumulus,
    "farpay": _farpay,
    "saphety": _saphety,
}

"""Which adapter serves a provider account, built from its settings?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from config.account_print import IppAccount
from config.account_print_run import PrintRunAccount
from config.account_sms import SmsAccount
from config.account_smtp import SmtpAccount
from config.accounts import HttpAccount, ProviderAccount
from config.settings import Retry
from duepost.errors import ConfigError
from duepost.sends import Channel
from worker.accounts_sms import sms_adapter
from worker.accounts_systems import SYSTEM_ADAPTERS
from worker.accounts_xml import XML_ADAPTERS
from worker.print_run.build import require_extras
from worker.providers.dkim_signature import DkimSignature
from worker.providers.http_json import HttpJson
from worker.providers.ipp import Ipp
from worker.providers.port import Provider
from worker.providers.print_run import PrintRun
from worker.providers.smtp import Smtp
from worker.retry import RetryPolicy

SAFELY_BEFORE = timedelta(hours=1)  # the last attempt is made up to 15 minutes after the time to give up


def _smtp(account: SmtpAccount) -> Provider:
    return Smtp(
        host=account.host,
        port=account.port,
        tls=account.tls,
        user=account.user,
        password=account.password.get_secret_value() if account.password else None,
        sender=account.sender,
        sender_name=account.sender_name,
        ca_file=account.ca_file,
        command_limit=timedelta(seconds=account.command_seconds),
        final_dot_limit=timedelta(seconds=account.final_dot_seconds),
        messages_per_connection=account.messages_per_connection,
        connection_limit=timedelta(seconds=account.connection_seconds),
        signature=_signature(account),
    )


def _signature(account: SmtpAccount) -> DkimSignature | None:
    if account.dkim_domain is None or account.dkim_selector is None or account.dkim_key_file is None:
        return None
    return DkimSignature(account.dkim_domain, account.dkim_selector, account.dkim_key_file)


def _http(account: HttpAccount) -> Provider:
    return HttpJson(
        url=account.url,
        status_url=account.status_url,
        bearer=account.bearer.get_secret_value() if account.bearer else None,
        ca_file=account.ca_file,
        total_limit=timedelta(seconds=account.total_seconds),
    )


def _ipp(account: IppAccount) -> Provider:
    return Ipp(
        uri=account.uri,
        user=account.user,
        password=account.password.get_secret_value() if account.password else None,
        sides=account.sides,
        media=account.media,
        ca_file=account.ca_file,
        call_limit=timedelta(seconds=account.call_seconds),
        print_limit=timedelta(seconds=account.print_seconds),
    )


def _print_run(account: PrintRunAccount) -> Provider:
    require_extras(account)
    return PrintRun()


# kind of provider account -> what builds its adapter
ADAPTERS: dict[str, Callable[[Any], Provider]] = {
    "smtp": _smtp,
    "http": _http,
    "ipp": _ipp,
    "print-run": _print_run,
    **XML_ADAPTERS,
    **SYSTEM_ADAPTERS,
}


def adapter(name: str, account: ProviderAccount, reports_key: SecretStr | None) -> Provider:
    """The adapter for the provider account of that name. Opens no connection.

    reports_key: signs the references that SMS gateways report by.

    Raises: ConfigError for a setting that only the adapter can judge.
    """
    setting = f"DUEPOST_PROVIDERS__{name.upper()}__"
    try:
        if isinstance(account, SmsAccount):
            return sms_adapter(name, account, reports_key)
        return ADAPTERS[account.kind](account)
    except ConfigError as wrong:
        raise ConfigError(setting + wrong.setting.upper(), wrong.problem, wrong.hint) from None
    except OSError:
        raise ConfigError(setting + "CA_FILE", "holds no certificates we can read", "give a PEM file") from None


def retry_policy(retry: Retry, forgets_after: timedelta | None = None) -> RetryPolicy:
    """The retry settings in the worker's terms. forgets_after: how long the provider knows a repeat by our token."""
    hours = {channel: timedelta(hours=retry.give_up_hours[channel]) for channel in Channel}
    return RetryPolicy(
        waits=tuple(timedelta(seconds=wait) for wait in retry.waits_seconds),
        jitter=retry.jitter,
        throttled=timedelta(seconds=retry.throttled_seconds),
        credentials=timedelta(seconds=retry.credentials_seconds),
        most_attempts=retry.max_attempts,
        pending=timedelta(seconds=retry.pending_seconds),
        give_up=hours,
        known_for=None if forgets_after is None else forgets_after - SAFELY_BEFORE,
    )

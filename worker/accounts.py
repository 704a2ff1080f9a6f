"""Which adapter serves a provider account, built from its settings?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from config.account_sms import GatewayApiAccount, KannelAccount, SmsAccount, TwilioAccount
from config.accounts import HttpAccount, ProviderAccount, SmtpAccount
from config.settings import Retry
from duepost.errors import ConfigError
from duepost.sends import Channel
from worker.providers.gatewayapi import GatewayApi
from worker.providers.http_json import HttpJson
from worker.providers.kannel import Kannel
from worker.providers.port import Provider
from worker.providers.sms_port import Reports
from worker.providers.smtp import Smtp
from worker.providers.twilio import Twilio
from worker.retry import RetryPolicy


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
    )


def _http(account: HttpAccount) -> Provider:
    return HttpJson(
        url=account.url,
        status_url=account.status_url,
        bearer=account.bearer.get_secret_value() if account.bearer else None,
        ca_file=account.ca_file,
        total_limit=timedelta(seconds=account.total_seconds),
    )


def _kannel(account: KannelAccount, reports: Reports | None) -> Provider:
    return Kannel(
        url=account.url,
        user=account.user,
        password=account.password.get_secret_value(),
        sender=account.sender,
        reports=reports,
        total_limit=timedelta(seconds=account.total_seconds),
        ca_file=account.ca_file,
    )


def _gatewayapi(account: GatewayApiAccount, reports: Reports | None) -> Provider:
    return GatewayApi(
        url=account.url,
        token=account.token.get_secret_value(),
        sender=account.sender,
        reports=reports,
        total_limit=timedelta(seconds=account.total_seconds),
        ca_file=account.ca_file,
    )


def _twilio(account: TwilioAccount, reports: Reports | None) -> Provider:
    return Twilio(
        url=account.url,
        sid=account.sid,
        token=account.token.get_secret_value(),
        sender=account.sender,
        reports=reports,
        total_limit=timedelta(seconds=account.total_seconds),
        ca_file=account.ca_file,
    )


# kind of provider account -> what builds its adapter
ADAPTERS: dict[str, Callable[[Any], Provider]] = {"smtp": _smtp, "http": _http}
# the same of SMS gateways, which report to an address of ours
SMS_ADAPTERS: dict[str, Callable[[Any, Reports | None], Provider]] = {
    "kannel": _kannel,
    "gatewayapi": _gatewayapi,
    "twilio": _twilio,
}


def adapter(name: str, account: ProviderAccount, reports_key: SecretStr | None) -> Provider:
    """The adapter for the provider account of that name. Opens no connection.

    reports_key: signs the references in the addresses that gateways report to.

    Raises: ConfigError for a setting that only the adapter can judge.
    """
    setting = f"DUEPOST_PROVIDERS__{name.upper()}__"
    try:
        if isinstance(account, SmsAccount):
            return SMS_ADAPTERS[account.kind](account, _reports(name, account, reports_key))
        return ADAPTERS[account.kind](account)
    except ConfigError as wrong:
        raise ConfigError(setting + wrong.setting.upper(), wrong.problem, wrong.hint) from None
    except OSError:
        raise ConfigError(setting + "CA_FILE", "holds no certificates we can read", "give a PEM file") from None


def _reports(name: str, account: SmsAccount, key: SecretStr | None) -> Reports | None:
    if account.report_url is None:
        return None
    assert key is not None, "the settings ask for a reports_key beside a report_url"  # noqa: S101
    return Reports(account.report_url, name, key.get_secret_value())


def retry_policy(retry: Retry) -> RetryPolicy:
    """The retry settings in the worker's terms."""
    return RetryPolicy(
        waits=tuple(timedelta(seconds=wait) for wait in retry.waits_seconds),
        jitter=retry.jitter,
        throttled=timedelta(seconds=retry.throttled_seconds),
        credentials=timedelta(seconds=retry.credentials_seconds),
        most_attempts=retry.max_attempts,
        pending=timedelta(seconds=retry.pending_seconds),
        give_up={channel: timedelta(hours=retry.give_up_hours[channel]) for channel in Channel},
    )

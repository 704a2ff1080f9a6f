"""Which adapter serves an account at an SMS gateway, built from its settings?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from config.account_sms import GatewayApiAccount, KannelAccount, SmsAccount, TwilioAccount
from worker.providers.gatewayapi import GatewayApi
from worker.providers.kannel import Kannel
from worker.providers.port import Provider
from worker.providers.sms_port import Reports
from worker.providers.twilio import Twilio


def sms_adapter(name: str, account: SmsAccount, reports_key: SecretStr | None) -> Provider:
    """The adapter for the account of that name. reports_key: signs the references that the gateway reports by."""
    return ADAPTERS[account.kind](account, _reports(name, account, reports_key))


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
ADAPTERS: dict[str, Callable[[Any, Reports | None], Provider]] = {
    "kannel": _kannel,
    "gatewayapi": _gatewayapi,
    "twilio": _twilio,
}


def _reports(name: str, account: SmsAccount, key: SecretStr | None) -> Reports | None:
    if account.report_url is None:
        return None
    assert key is not None, "the settings ask for a reports_key beside a report_url"  # noqa: S101
    return Reports(account.report_url, name, key.get_secret_value())

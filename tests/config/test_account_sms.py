"""Is every wrong setting of an SMS gateway one clear sentence, and does a right one make its adapter?"""

import os
from typing import Any

import pytest

from config.settings import load_settings
from duepost.errors import ConfigError
from duepost.sends import Channel
from worker.accounts import adapter
from worker.providers.gatewayapi import GatewayApi
from worker.providers.kannel import Kannel
from worker.providers.twilio import Twilio

KEY = "0123456789abcdef0123456789abcdef"
LANES = '{"email": {"channel": "sms", "provider": "gate"}}'
# kind -> its settings
ACCOUNTS: dict[str, dict[str, str]] = {
    "kannel": {"URL": "http://kannel:13013/cgi-bin/sendsms", "USER": "shop", "PASSWORD": "topsecret"},
    "gatewayapi": {"TOKEN": "topsecret"},
    "twilio": {"SID": "AC0123", "TOKEN": "topsecret"},
}


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DUEPOST_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Loads the settings of one account of this kind; capitals change its fields, others the settings beside it."""

    def loaded(kind: str, **changes: str) -> Any:
        monkeypatch.setenv("DUEPOST_DATABASE_URL", "postgresql+psycopg://db/duepost")
        monkeypatch.setenv("DUEPOST_BROKER_URL", "redis://broker")
        monkeypatch.setenv("DUEPOST_LANES", LANES)
        fields = {"KIND": kind, "SENDER": "Acme", **ACCOUNTS[kind]}
        for name, value in {**fields, **changes}.items():
            inner = f"PROVIDERS__GATE__{name}" if name.isupper() else name.upper()
            monkeypatch.setenv(f"DUEPOST_{inner}", value)
        return load_settings()

    return loaded


@pytest.mark.parametrize(("kind", "made"), [("kannel", Kannel), ("gatewayapi", GatewayApi), ("twilio", Twilio)])
def test_an_account_makes_its_adapter(load: Any, kind: str, made: Any) -> None:
    settings = load(kind, REPORT_URL="https://pay.test/reports", reports_key=KEY, TOTAL_SECONDS="7")
    provider: Any = adapter("gate", settings.providers["gate"], settings.reports_key)
    assert isinstance(provider, made)
    assert provider.total_deadline.total_seconds() == 7
    assert provider.reports.address("token").startswith("https://pay.test/reports/gate/token.")
    assert "topsecret" not in f"{provider!r} {settings!r}"
    assert KEY not in f"{provider!r} {settings!r}"
    provider.close()


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_without_a_report_url_no_reports_are_asked_for(load: Any, kind: str) -> None:
    settings = load(kind)
    provider: Any = adapter("gate", settings.providers["gate"], settings.reports_key)
    assert provider.reports is None


@pytest.mark.parametrize("kind", ACCOUNTS)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("SENDER", "Acme Invoices A/S"),
        ("SENDER", "Ærø"),
        ("REPORT_URL", "http://pay.test/reports"),
        ("REPORT_URL", "https://pay.test/reports?a=1"),
        ("REPORT_URL", "pay.test"),
        ("URL", "ftp://host/"),
        ("TOTAL_SECONDS", "0"),
    ],
)
def test_a_wrong_field_is_named_and_not_repeated(load: Any, kind: str, field: str, value: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        load(kind, **{field: value})
    assert wrong.value.setting == f"DUEPOST_PROVIDERS__GATE__{field}"
    assert value not in str(wrong.value) or len(value) < 2


@pytest.mark.parametrize("policy", ["resend", "resolve"])
@pytest.mark.parametrize("kind", ACCOUNTS)
def test_no_gateway_recognises_a_repeat_or_can_be_asked(load: Any, kind: str, policy: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        load(kind, ON_UNKNOWN=policy)
    assert wrong.value.setting == "DUEPOST_PROVIDERS__GATE__ON_UNKNOWN"


def test_a_report_url_needs_a_key(load: Any) -> None:
    with pytest.raises(ConfigError, match="is not set") as wrong:
        load("kannel", REPORT_URL="https://pay.test/reports")
    assert wrong.value.setting == "DUEPOST_REPORTS_KEY"


def test_a_short_key_is_refused_and_not_repeated(load: Any) -> None:
    with pytest.raises(ConfigError) as wrong:
        load("kannel", reports_key="tooshort")
    assert wrong.value.setting == "DUEPOST_REPORTS_KEY"
    assert "tooshort" not in str(wrong.value)


def test_quiet_hours_and_limits_reach_the_rules(load: Any) -> None:
    rules = load("kannel").rules
    assert (rules.sms_max_segments, rules.sms_too_long) == (6, "refuse")
    assert {channel: str(hours) for channel, hours in rules.quiet_hours.items()} == {Channel.SMS: "22:00-07:00"}
    rules = load("kannel", quiet_hours='{"email": "20-08"}', sms_max_segments="2", sms_too_long="truncate").rules
    assert (rules.sms_max_segments, rules.sms_too_long) == (2, "truncate")
    assert {channel: str(hours) for channel, hours in rules.quiet_hours.items()} == {
        Channel.SMS: "22:00-07:00",
        Channel.EMAIL: "20:00-08:00",
    }
    assert load("kannel", quiet_hours='{"sms": ""}').rules.quiet_hours == {}


@pytest.mark.parametrize("hours", ['{"sms": "22"}', '{"sms": "22-22"}', '{"sms": "22-25"}', '{"fax": "22-07"}'])
def test_wrong_quiet_hours_are_named(load: Any, hours: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        load("kannel", quiet_hours=hours)
    assert wrong.value.setting.startswith("DUEPOST_QUIET_HOURS")

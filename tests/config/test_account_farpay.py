"""Do four lanes share one account at FarPay, and is a wrong setting of it told before anything starts?"""

from typing import Any

import pytest

from config.account_farpay import FarPayAccount
from config.settings import Settings, load_settings
from duepost.errors import ConfigError
from duepost.ledger.unknown import UnknownPolicy
from duepost.sends import Channel
from worker.accounts import adapter
from worker.providers.farpay import FarPay
from worker.providers.port import Asked

SECRET = "farpay-secret-key"


@pytest.fixture(autouse=True)
def _none_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUEPOST_CONFIG", raising=False)


def settings(**account: Any) -> Settings:
    return load_settings(
        database_url="postgresql+psycopg://duepost@db/duepost",
        broker_url="redis://broker/0",
        providers={"farpay": {"kind": "farpay", "key": SECRET, **account}},
        lanes={channel.value: {"channel": channel.value, "provider": "farpay"} for channel in Channel},
    )


def test_each_channel_has_a_lane_of_the_same_account() -> None:
    loaded = settings()
    assert {lane.channel for lane in loaded.lanes.values()} == set(Channel)
    provider = adapter("farpay", loaded.providers["farpay"], None)
    assert isinstance(provider, FarPay)
    assert isinstance(provider, Asked)
    assert provider.url == "https://api.farpay.io/v2"


def test_what_is_in_doubt_is_asked_for() -> None:
    assert settings().providers["farpay"].on_unknown is UnknownPolicy.RESOLVE


@pytest.mark.parametrize("policy", ["hold", "resend"])
def test_no_other_policy_is_taken(policy: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        settings(on_unknown=policy)
    assert wrong.value.setting == "DUEPOST_PROVIDERS__FARPAY__ON_UNKNOWN"


@pytest.mark.parametrize(
    ("name", "value"), [("zone", "Copenhagen"), ("currency", "kr."), ("url", "farpay.io"), ("width", 0)]
)
def test_a_wrong_setting_is_named(name: str, value: object) -> None:
    with pytest.raises(ConfigError) as wrong:
        settings(**{name: value})
    assert wrong.value.setting == f"DUEPOST_PROVIDERS__FARPAY__{name.upper()}"


def test_a_key_that_cannot_be_sent_is_named_and_not_shown() -> None:
    with pytest.raises(ConfigError) as wrong:
        adapter("farpay", FarPayAccount(kind="farpay", key="two\nlines"), None)  # type: ignore[arg-type]
    assert wrong.value.setting == "DUEPOST_PROVIDERS__FARPAY__KEY"
    assert "lines\n" not in str(wrong.value)


def test_the_key_is_in_no_repr() -> None:
    loaded = settings()
    assert (
        SECRET not in f"{loaded!r}{loaded.providers['farpay']!r}{adapter('farpay', loaded.providers['farpay'], None)!r}"
    )

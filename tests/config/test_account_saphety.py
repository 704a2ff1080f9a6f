"""Is an account at Saphety's network always asked before a repeat, and a setting that mails twice told at the start?"""

from datetime import timedelta
from pathlib import Path

import pytest

from config.settings import Settings, load_settings
from duepost.errors import ConfigError
from duepost.ledger.unknown import UnknownPolicy
from duepost.sends import Channel
from worker.accounts import adapter
from worker.providers.saphety import Saphety

PASSWORD = "sin-secret"
SIN = {"kind": "saphety", "url": "https://sin.example.com/Dcn.Business.WebApi", "user": "shop", "password": PASSWORD}
SETTING = "DUEPOST_PROVIDERS__SIN__"


@pytest.fixture(autouse=True)
def _none_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUEPOST_CONFIG", raising=False)


def settings(**account: object) -> Settings:
    return load_settings(
        database_url="postgresql+psycopg://duepost@db/duepost",
        broker_url="redis://broker/0",
        providers={"sin": {**SIN, **account}},
        lanes={"email": {"channel": "email", "provider": "sin"}, "xml": {"channel": "xml", "provider": "sin"}},
    )


def test_an_account_is_asked_before_anything_is_repeated() -> None:
    assert settings().providers["sin"].on_unknown is UnknownPolicy.RESOLVE


@pytest.mark.parametrize("policy", ["hold", "resend"])
def test_no_other_policy_fits(policy: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        settings(on_unknown=policy)
    assert wrong.value.setting == SETTING + "ON_UNKNOWN"


def test_what_is_polled_is_never_mailed_again_by_itself() -> None:
    assert settings(poll=False, repeat_unsent=True)
    with pytest.raises(ConfigError, match="needs poll=false") as wrong:
        settings(repeat_unsent=True)
    assert wrong.value.setting.startswith(SETTING.removesuffix("__"))


def test_no_lane_takes_over_an_e_invoice_that_sin_delivers_by_itself(tmp_path: Path) -> None:
    both = {
        "sin": {"channel": "xml", "provider": "sin"},
        "own": {"channel": "xml", "provider": "own"},
        "email": {"channel": "email", "provider": "sin"},
    }
    made = load_settings(
        database_url="postgresql+psycopg://duepost@db/duepost",
        broker_url="redis://broker/0",
        providers={"sin": SIN, "own": {"kind": "folder", "path": tmp_path}},
        lanes=both,
        routes={"xml": ["sin", "own"]},
    )
    assert made.apart == frozenset({"sin"})  # its mails may go on elsewhere
    assert made.failover == {Channel.XML: ("own",)}


def test_its_adapter_is_built_of_its_settings() -> None:
    account = settings(language="pt", total_seconds=7, mail_status_url="https://sin.example.com/IN2").providers["sin"]
    built = adapter("sin", account, None)
    assert isinstance(built, Saphety)
    assert (built.url, built.language, built.poll) == (SIN["url"], "pt", True)
    assert (built.total_limit, built.mail_status_url) == (timedelta(seconds=7), "https://sin.example.com/IN2")
    assert PASSWORD not in f"{account!r} {built!r}"
    built.close()


def test_an_address_that_cannot_be_called_is_told_at_the_start() -> None:
    with pytest.raises(ConfigError) as wrong:
        adapter("sin", settings(url="https://").providers["sin"], None)
    assert wrong.value.setting == SETTING + "URL"

"""Is a check lane that leads nowhere told before anything starts?"""

import pytest

from config.settings import Settings, load_settings
from duepost.errors import ConfigError
from duepost.ledger.unknown import UnknownPolicy

COMPLETE = {
    "database_url": "postgresql+psycopg://duepost@db/duepost",
    "broker_url": "redis://broker/0",
    "providers": {
        "smtp": {"host": "mail.example.com", "sender": "invoices@example.com"},
        "rules": {"kind": "einvoice-rules"},
        "out": {"kind": "folder", "path": "."},
    },
    "lanes": {
        "email": {"channel": "email", "provider": "smtp"},
        "check": {"channel": "xml", "provider": "rules"},
        "xml": {"channel": "xml", "provider": "out"},
    },
    "routes": {"xml": ["check", "xml"]},
}


@pytest.fixture(autouse=True)
def _none_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUEPOST_CONFIG", raising=False)


def settings(**rules: str) -> Settings:
    providers = {**COMPLETE["providers"], "rules": {"kind": "einvoice-rules", **rules}}  # type: ignore[dict-item]
    return load_settings(**{**COMPLETE, "providers": providers})


@pytest.mark.parametrize(
    ("lane", "sentence"),
    [
        ("nowhere", "names the lane nowhere, which no setting describes"),
        ("email", "names the lane email of channel email"),
        ("check", "leads lane check to rules again"),
    ],
)
def test_a_next_lane_that_hands_nothing_over_is_refused(lane: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as wrong:
        settings(next_lane=lane)
    assert wrong.value.setting == "DUEPOST_PROVIDERS__RULES__NEXT_LANE"


def test_no_lane_takes_over_from_the_check_lane() -> None:
    assert settings().apart == frozenset({"check"})
    assert list(settings().failover.values()) == [("xml",)]


def test_a_check_that_was_cut_short_is_asked_for_and_not_settled_by_a_person() -> None:
    assert settings().providers["rules"].on_unknown is UnknownPolicy.RESOLVE

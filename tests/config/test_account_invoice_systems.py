"""Is a lane told at the start that its invoice system carries no such channel, and its sends would leave by e-mail?"""

import pytest

from config.settings import Settings, load_settings
from duepost.errors import ConfigError

SYSTEMS = {
    "abillify": {"kind": "abillify", "url": "https://a.example.com/api", "user": "u", "password": "p"},
    "acumulus": {"kind": "acumulus", "contract_code": "1", "user": "u", "password": "p"},
    "saphety": {"kind": "saphety", "url": "https://sin.example.com", "user": "u", "password": "p"},
    "farpay": {"kind": "farpay", "key": "k"},
}


@pytest.fixture(autouse=True)
def _none_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUEPOST_CONFIG", raising=False)


def settings(system: str, channel: str) -> Settings:
    return load_settings(
        database_url="postgresql+psycopg://duepost@db/duepost",
        broker_url="redis://broker/0",
        providers={"it": SYSTEMS[system]},
        lanes={"one": {"channel": channel, "provider": "it"}},
    )


@pytest.mark.parametrize(
    ("system", "channel"),
    [
        *[("abillify", channel) for channel in ("sms", "xml", "print")],
        *[("acumulus", channel) for channel in ("sms", "xml", "print")],
        *[("saphety", channel) for channel in ("sms", "print")],
    ],
)
def test_a_channel_that_the_system_does_not_carry_is_refused(system: str, channel: str) -> None:
    with pytest.raises(ConfigError, match=f"is {channel}, which provider account it does not carry") as wrong:
        settings(system, channel)
    assert wrong.value.setting == "DUEPOST_LANES__ONE__CHANNEL"


@pytest.mark.parametrize(
    ("system", "channel"),
    [
        ("abillify", "email"),
        ("acumulus", "email"),
        *[("saphety", channel) for channel in ("email", "xml")],
        *[("farpay", channel) for channel in ("email", "sms", "xml", "print")],
    ],
)
def test_every_other_is_taken(system: str, channel: str) -> None:
    assert settings(system, channel).lanes["one"].channel == channel

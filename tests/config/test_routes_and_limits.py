"""Is a route that leads nowhere, and a limit that nobody counts, one clear sentence before anything starts?"""

from collections.abc import Mapping
from typing import Any

import pytest

from config.settings import Settings, load_settings
from duepost.errors import ConfigError
from duepost.sends import Channel

SMTP = {"kind": "smtp", "host": "mail.example.com", "sender": "invoices@example.com"}
LANES = {
    "invoices": {"channel": "email", "provider": "smtp"},
    "reserve": {"channel": "email", "provider": "smtp"},
    "letters": {"channel": "print", "provider": "paper"},
}
VALKEY = "redis://broker/0"
RABBITMQ = "amqp://guest:brokersecret@broker//"


def settings(**given: Any) -> Settings:
    """Complete ones, with these beside."""
    whole = {
        "database_url": "postgresql+psycopg://duepost@db/duepost",
        "broker_url": VALKEY,
        "providers": {"smtp": SMTP, "paper": {"kind": "folder", "path": "/tmp"}},  # noqa: S108 - nothing is written
        "lanes": LANES,
        **given,
    }
    return load_settings(**whole)


def limited(**limits: float) -> Mapping[str, Any]:
    return {"providers": {"smtp": {**SMTP, **limits}, "paper": {"kind": "folder", "path": "/tmp"}}}  # noqa: S108 - as above


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        (["invoices", "backup"], "names the lane backup, which no setting describes: see DUEPOST_LANES"),
        (["invoices", "letters"], "names the lane letters of channel print: name lanes of its own"),
        (["invoices", "reserve", "invoices"], "names a lane twice: name each once, in the order to try them"),
    ],
)
def test_a_route_that_cannot_be_gone_is_refused(route: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        settings(routes={"email": route})
    assert str(wrong.value) == f"DUEPOST_ROUTES__EMAIL {sentence}"


def test_the_first_lane_of_a_route_need_not_be_called_as_its_channel() -> None:
    made = settings(routes={"email": ["invoices", "reserve"]})
    assert made.failover == {Channel.EMAIL: ("invoices", "reserve")}
    assert made.rules.routes == {Channel.EMAIL: ("invoices", "reserve")}


def test_rabbitmq_counts_no_units() -> None:
    with pytest.raises(ConfigError) as wrong:
        settings(broker_url=RABBITMQ, **limited(units_per_second=2))
    assert str(wrong.value) == (
        "DUEPOST_LIMITS_URL is not set, and RabbitMQ counts no units: name a Valkey, like redis://host:6379/1"
    )


@pytest.mark.parametrize(
    ("urls", "counted_at"),
    [
        ({"broker_url": RABBITMQ, "limits_url": "redis://counts/1"}, "redis://counts/1"),
        ({"broker_url": VALKEY, "limits_url": "redis://counts/1"}, "redis://counts/1"),
        ({"broker_url": VALKEY}, VALKEY),
    ],
)
def test_units_are_counted_where_it_is_said_else_at_the_broker(urls: dict[str, str], counted_at: str) -> None:
    assert settings(**urls, **limited(units_per_second=2)).quota_url == counted_at


def test_without_a_limit_rabbitmq_is_enough() -> None:
    assert settings(broker_url=RABBITMQ).quota_url is None


@pytest.mark.parametrize("limit", [{"units_per_second": 0}, {"burst_units": 0}, {"burst_units": 1.5}])
def test_a_limit_that_is_none_is_named(limit: dict[str, float]) -> None:
    with pytest.raises(ConfigError) as wrong:
        settings(**limited(**limit))
    assert wrong.value.setting == f"DUEPOST_PROVIDERS__SMTP__{next(iter(limit)).upper()}"

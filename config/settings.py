"""What does an operator set?

Every setting is an environment variable with the prefix DUEPOST_; a double underscore goes one level down:
DUEPOST_PROVIDERS__SMTP__HOST=mail.example.com. The same can stand in the TOML file that DUEPOST_CONFIG names.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from config.account import Account, Part, Seconds
from config.account_sms import SmsAccount
from config.account_xml import EinvoiceRulesAccount
from config.accounts import ProviderAccount
from config.gateway import Gateway
from config.names import RESERVED
from duepost.errors import ConfigError
from duepost.ledger.unknown import UnknownPolicy
from duepost.sends import Channel
from duepost.settings import DoorSettings, load


class Lane(Part):
    """Channel + provider account: a queue of its own."""

    channel: Channel
    provider: str = Field(description="name of the provider account")
    order_size: int = Field(default=100, ge=1, le=1000, description="sends in one message")
    queued_orders: int = Field(default=40, ge=1, description="messages at most in the lane's queue")


LANES = "see DUEPOST_LANES"
GIVE_UP_HOURS: dict[Channel, float] = {Channel.EMAIL: 48, Channel.SMS: 12, Channel.XML: 72, Channel.PRINT: 168}


class Retry(Part):
    """When a transient failure is tried again, and for how long."""

    waits_seconds: tuple[Seconds, ...] = Field(
        default=(60, 300, 900, 1800, *[3600] * 3, *[7200] * 4, *[14400] * 9),
        min_length=1,
        description="wait after the 1st, 2nd … attempt; the last one repeats",
    )
    max_attempts: int = Field(default=100, ge=1, description="attempts that count; then a send is given up as well")
    jitter: float = Field(default=0.2, ge=0, lt=1, description="each wait is multiplied by 1 ± this")
    throttled_seconds: Seconds = Field(default=60, description="wait after a 429 that names no time")
    credentials_seconds: Seconds = Field(default=300, description="wait after our credentials were refused")
    pending_seconds: Seconds = Field(default=30, description="until a provider at work on a send is first asked for it")
    give_up_hours: dict[Channel, Annotated[float, Field(gt=0)]] = Field(
        default=GIVE_UP_HOURS, description="after its time, a send is given up as 300 GAVE_UP"
    )

    @field_validator("give_up_hours")
    @classmethod
    def _others_keep_theirs(cls, given: dict[Channel, float]) -> dict[Channel, float]:
        return {**GIVE_UP_HOURS, **given}


class Settings(DoorSettings):
    """All of it."""

    model_config = SettingsConfigDict(extra="forbid")

    broker_url: SecretStr = Field(
        description="redis://…, rediss://…?ssl_cert_reqs=required, redis+socket://… or amqp://…"
    )
    providers: dict[str, ProviderAccount] = Field(default_factory=dict)
    lanes: dict[str, Lane] = Field(default={"email": Lane(channel=Channel.EMAIL, provider="smtp")})
    limits_url: SecretStr | None = Field(
        default=None, description="Valkey or Redis that counts units_per_second; default: the broker, unless RabbitMQ"
    )
    retry: Retry = Retry()
    release_lease_seconds: Seconds = Field(default=120, description="a released send that nobody began is due again")
    record_seconds: Seconds = Field(
        default=60, description="by which an attempt's lease outlasts the provider's limit: time to record"
    )
    tick_seconds: int = Field(default=60, ge=1, le=60, description="between two ticks of beat; 60: each full minute")
    door_redelivery_seconds: Seconds = Field(
        default=60, description="a message of duepost.enqueue not finished by then"
    )
    reports_key: SecretStr | None = Field(
        default=None, min_length=32, description="signs the references that gateways report by"
    )
    gateway: Gateway = Gateway()
    flower_rows_per_second: int = Field(default=500, ge=0, description="sends shown as rows of their own, per process")
    door_documents: Path | None = Field(default=None, description="folder from which duepost.enqueue takes documents")

    @model_validator(mode="before")
    @classmethod
    def _kind_is_smtp_unless_said(cls, given: Any) -> Any:
        for account in (given.get("providers") or {}).values() if isinstance(given, dict) else ():
            if isinstance(account, dict):
                account.setdefault("kind", "smtp")
        return given

    @property
    def quota_url(self) -> str | None:
        """Where the provider accounts' units are counted."""
        url = (self.limits_url or self.broker_url).get_secret_value()
        return None if url.startswith("amqp") else url

    @property
    def failover(self) -> dict[Channel, tuple[str, ...]]:
        """Channel -> lanes that may take over from one another, in their order."""
        return {
            channel: tuple(name for name in route if name not in self.apart) for channel, route in self.routes.items()
        }

    @property
    def apart(self) -> frozenset[str]:
        """Lanes that none takes over from, and that take over from none."""
        lanes = self.lanes.items()
        return frozenset(name for name, lane in lanes if self.providers[lane.provider].stands_apart(lane.channel))

    @property
    def release_lease(self) -> timedelta:
        """How long released sends are leased to the broker and a worker."""
        return timedelta(seconds=self.release_lease_seconds)


def load_settings(**given: Any) -> Settings:
    """Read and check everything.

    Raises: ConfigError, one sentence that names the setting and the mend.
    """
    settings = load(Settings, tagged={"providers"}, **given)
    broker = settings.broker_url.get_secret_value()
    if broker.startswith("rediss://") and "ssl_cert_reqs=required" not in broker:
        raise ConfigError(
            "DUEPOST_BROKER_URL",
            "asks for TLS without checking the certificate",
            "add ?ssl_cert_reqs=required&ssl_ca_certs=FILE",
        )
    for name, account in settings.providers.items():
        _check_policy(f"DUEPOST_PROVIDERS__{name.upper()}__ON_UNKNOWN", account)
        if isinstance(account, SmsAccount) and account.report_url and settings.reports_key is None:
            mend = f"provider account {name} has a REPORT_URL: give 32 random characters or more, to sign references"
            raise ConfigError("DUEPOST_REPORTS_KEY", "is not set", mend)
    if settings.quota_url is None and any(account.units_per_second for account in settings.providers.values()):
        raise ConfigError(
            "DUEPOST_LIMITS_URL", "is not set, and RabbitMQ counts no units", "name a Valkey, like redis://host:6379/1"
        )
    _check_routes(settings)
    for name, lane in settings.lanes.items():
        setting = f"DUEPOST_LANES__{name.upper()}"
        if name in RESERVED:
            raise ConfigError(setting, "has a name that duepost needs for itself", "give the lane another name")
        if lane.provider not in settings.providers:
            raise ConfigError(
                f"DUEPOST_PROVIDERS__{lane.provider.upper()}__HOST",
                "is not set",
                f"lane {name} delivers through provider account {lane.provider}: describe it, see docs/settings.md",
            )
        if lane.channel not in settings.providers[lane.provider].channels:
            problem = f"is {lane.channel}, which provider account {lane.provider} does not carry"
            raise ConfigError(f"{setting}__CHANNEL", problem, "name another provider account, or channel email")
    _check_next_lanes(settings)
    return settings


def _check_policy(setting: str, account: Account) -> None:
    if account.on_unknown is UnknownPolicy.RESEND and not account.knows_repeats:
        raise ConfigError(setting, f"is resend, and {account.what} recognises no repeat", "use hold")
    if account.on_unknown is UnknownPolicy.RESOLVE and not account.can_be_asked:
        raise ConfigError(
            setting, "is resolve, and this provider cannot be asked", "use hold, or for kind http name STATUS_URL"
        )
    if account.must_be_asked and account.on_unknown is not UnknownPolicy.RESOLVE:
        raise ConfigError(setting, f"must be resolve: {account.what} is asked until it is done", "leave it out")


def _check_next_lanes(settings: Settings) -> None:
    """What goes on in a lane that nobody serves waits for ever, and in its own lane it turns round for ever."""
    for name, lane in settings.lanes.items():
        account = settings.providers[lane.provider]
        if not isinstance(account, EinvoiceRulesAccount):
            continue
        setting = f"DUEPOST_PROVIDERS__{lane.provider.upper()}__NEXT_LANE"
        after = settings.lanes.get(account.next_lane)
        if after is None:
            raise ConfigError(setting, f"names the lane {account.next_lane}, which no setting describes", LANES)
        if after.channel is not lane.channel:
            raise ConfigError(setting, f"names the lane {account.next_lane} of channel {after.channel}", LANES)
        if isinstance(settings.providers[after.provider], EinvoiceRulesAccount):
            raise ConfigError(setting, f"leads lane {name} to rules again", "name a lane that hands documents over")


def _check_routes(settings: Settings) -> None:
    for channel, route in settings.routes.items():
        setting = f"DUEPOST_ROUTES__{channel.upper()}"
        for name in route:
            lane = settings.lanes.get(name)
            if lane is None:
                raise ConfigError(setting, f"names the lane {name}, which no setting describes", "see DUEPOST_LANES")
            if lane.channel is not channel:
                raise ConfigError(setting, f"names the lane {name} of channel {lane.channel}", "name lanes of its own")
        if len(set(route)) < len(route):
            raise ConfigError(setting, "names a lane twice", "name each once, in the order to try them")

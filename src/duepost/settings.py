"""What does a door need to know from its surroundings?"""

import os
import re
import tomllib
from collections.abc import Container
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from duepost.crash import POINTS
from duepost.documents import DocumentStore
from duepost.errors import ConfigError
from duepost.quiet import read_hours
from duepost.rules import Rules
from duepost.sends import Channel
from duepost.shelf_at import shelf_at
from duepost.sms import PARTS_LIMIT, TooLong

Settings = TypeVar("Settings", bound=BaseSettings)
PREFIX = "DUEPOST_"
DRIVER = "postgresql+psycopg"
FILE = "DUEPOST_CONFIG"
SANDBOX = "sandbox"  # the environment of demos, tests and drills
LATE_HOURS: dict[Channel, float] = dict.fromkeys(Channel, 24.0)
QUIET_HOURS: dict[Channel, str] = {Channel.SMS: "22-07"}
TAG_PLACE = 2  # in the place of an error: setting, name, kind, field …
FIELD_NAMED = re.compile(r'field "([a-z_]+)"')


class DoorSettings(BaseSettings):
    """Settings of a billing app that enqueues.

    Each is an environment variable with the prefix DUEPOST_, or stands in the TOML file that DUEPOST_CONFIG names.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database_url: SecretStr = Field(description="SQLAlchemy address of the ledger, postgresql+psycopg://…")
    documents: str = Field(
        default=".duepost/documents", min_length=1, description="the document store: a folder, or s3://bucket/prefix"
    )
    documents_key: SecretStr | None = Field(default=None, description="of the bucket; unset: as s3fs finds it")
    documents_secret: SecretStr | None = Field(default=None, description="that belongs to the key")
    documents_endpoint: str | None = Field(
        default=None, pattern=r"^https?://", description="of what speaks like S3, elsewhere than at Amazon"
    )
    gln_check: Literal["strict", "warn"] = Field(default="strict", description="what a wrong GLN check digit is")
    default_region: str | None = Field(default=None, description="country (DK) of phone numbers without one")
    test_domains: bool = Field(default=False, description="accept e-mail addresses under .test")
    document_limit_bytes: int = Field(default=10_000_000, gt=0, description="largest document taken")
    late_hours: dict[Channel, Annotated[float, Field(gt=0, le=8784)]] = Field(
        default=LATE_HOURS, description="a send that has not left so long after its time is held as 110 LATE"
    )
    sms_max_segments: int = Field(default=6, ge=1, le=PARTS_LIMIT, description="the most parts of an SMS")
    sms_too_long: TooLong = Field(default="refuse", description="what becomes of an SMS that takes more parts")
    quiet_hours: dict[Channel, str] = Field(
        default=QUIET_HOURS, description="when nothing leaves, wall time at the receiver; empty: always"
    )
    missing_address: Literal["refuse", "print", "record"] = Field(
        default="refuse", description="what becomes of a mail without an address"
    )
    routes: dict[Channel, tuple[str, ...]] = Field(
        default={}, description="channel to lanes: the first takes its sends, the others take over from it"
    )
    environment: str = Field(
        default="production", pattern=r"^[a-z0-9][a-z0-9._-]{0,40}$", description="whose ledger may be sent from"
    )
    crash_at: str | None = Field(default=None, description="kill the process at this point: environment sandbox only")

    @field_validator("late_hours")
    @classmethod
    def _others_keep_theirs(cls, given: dict[Channel, float]) -> dict[Channel, float]:
        return {**LATE_HOURS, **given}

    @field_validator("quiet_hours")
    @classmethod
    def _are_hours(cls, given: dict[Channel, str]) -> dict[Channel, str]:
        for hours in given.values():
            read_hours(hours)
        return {**QUIET_HOURS, **given}

    @field_validator("default_region")
    @classmethod
    def _has_a_numbering_plan(cls, given: str | None) -> str | None:
        if given is not None and given not in SUPPORTED_REGIONS:
            raise ValueError("write the two capital letters of a country, such as DK")
        return given

    @field_validator("documents", mode="before")
    @classmethod
    def _may_be_a_path(cls, given: Any) -> Any:
        return str(given) if isinstance(given, Path) else given

    @field_validator("crash_at")
    @classmethod
    def _is_a_crash_point(cls, given: str | None) -> str | None:
        if given is not None and given.partition(":")[0] not in POINTS:
            raise ValueError(f"write one of {', '.join(POINTS)}, or POINT:INVOICE")
        return given

    @model_validator(mode="after")
    def _crashes_only_in_the_sandbox(self) -> Self:
        if self.crash_at is not None and self.environment != SANDBOX:
            raise ValueError(f"crash_at is refused outside DUEPOST_ENVIRONMENT={SANDBOX}")
        return self

    @field_validator("database_url")
    @classmethod
    def _is_an_address_of_ours(cls, given: SecretStr) -> SecretStr:
        try:
            driver = make_url(given.get_secret_value()).drivername
        except (ArgumentError, ValueError):
            driver = ""
        if driver != DRIVER:
            raise ValueError(f"write {DRIVER}://user:password@host/database")
        return given

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the name is the base class's
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        file = os.environ.get(FILE)
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings, file_secret_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(file))) if file else sources

    @property
    def store(self) -> DocumentStore:
        """Where the documents lie. Raises: ConfigError."""
        shelf = shelf_at(
            self.documents,
            key=self.documents_key.get_secret_value() if self.documents_key else None,
            secret=self.documents_secret.get_secret_value() if self.documents_secret else None,
            endpoint_url=self.documents_endpoint,
        )
        return DocumentStore(shelf, self.document_limit_bytes)

    @property
    def rules(self) -> Rules:
        """What validation needs of them."""
        return Rules(
            gln_check=self.gln_check,
            default_region=self.default_region,
            test_domains=self.test_domains,
            document_limit=self.document_limit_bytes,
            missing_address=self.missing_address,
            routes={channel: route for channel, route in self.routes.items() if route},
            late_after={channel: timedelta(hours=hours) for channel, hours in self.late_hours.items()},
            sms_max_segments=self.sms_max_segments,
            sms_too_long=self.sms_too_long,
            quiet_hours={channel: hours for channel, word in self.quiet_hours.items() if (hours := read_hours(word))},
        )


def load(kind: type[Settings], *, tagged: Container[str] = (), **given: Any) -> Settings:
    """Read the settings from the environment and the file that DUEPOST_CONFIG names.

    tagged: settings that hold a table of alternatives by kind; pydantic names the kind in its errors, operators do not.

    Raises: ConfigError, one sentence that names the first setting that is missing or wrong. It never repeats the value,
    which may be a secret.
    """
    file = os.environ.get(FILE)
    if file and not Path(file).is_file():
        raise ConfigError(FILE, "names a file that is not there", "mend the path or leave it unset")
    try:
        return kind(**given)
    except tomllib.TOMLDecodeError as wrong:
        raise ConfigError(FILE, f"names a file that is no TOML ({wrong})", "mend the file") from None
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        place = [str(part) for part in first["loc"]] or ["crash_at"]  # the one rule about more than one setting
        if place[0] in tagged and len(place) > TAG_PLACE:
            del place[TAG_PLACE]
        name = PREFIX + "__".join(place).upper()
        if first["type"] == "missing":
            raise ConfigError(name, "is not set", "set it in the environment, see docs/settings.md") from None
        raise ConfigError(name, f"is wrong ({first['msg']})", "mend it, see docs/settings.md") from None
    except SettingsError as wrong:
        found = FIELD_NAMED.search(str(wrong))
        name = PREFIX + found[1].upper() if found else f"A setting {PREFIX}…"
        raise ConfigError(name, "cannot be read", "write lists and tables as JSON, see docs/settings.md") from None

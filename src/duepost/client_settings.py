"""Which gateway does the command line speak to, if any?"""

import os

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from duepost.client import Client
from duepost.errors import ConfigError
from duepost.settings import PREFIX, load

TIMEOUT = 60.0  # seconds for one call
NAMES = {"url": "DUEPOST_URL", "key": "DUEPOST_API_KEY"}


class ClientSettings(BaseSettings):
    """Of a gateway's caller; from the environment alone, for the key is a person's or a program's own."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    url: str = Field(description="address of the gateway")
    api_key: SecretStr = Field(description="a key of its own")


def over_http() -> bool:
    """True when DUEPOST_URL says so."""
    return bool(os.environ.get(NAMES["url"]))


def client_from_environment() -> Client:
    """Raises: ConfigError for DUEPOST_URL or DUEPOST_API_KEY, when one is not set or wrong."""
    found = load(ClientSettings)
    try:
        return Client(found.url, found.api_key.get_secret_value(), TIMEOUT)
    except ConfigError as wrong:
        raise ConfigError(NAMES[wrong.setting], wrong.problem, wrong.hint) from None

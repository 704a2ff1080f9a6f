"""What has every provider account that is called over HTTP?"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException

from duepost.errors import ConfigError
from worker.http import Http


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class HttpAccount:
    """Where it is called and for how long; its adapter adds what it says there.

    total_limit: for one call, connecting included. ca_file: certificates to trust beside the system's.

    Raises: ConfigError for a url that cannot be called; OSError when ca_file holds no certificates.
    """

    url: str
    total_limit: timedelta = timedelta(seconds=30)
    ca_file: Path | None = None
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)
    _http: Http = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_url(self.url)
        object.__setattr__(self, "_http", Http(self.total_limit, self.ca_file))

    @property
    def total_deadline(self) -> timedelta:
        """One call's."""
        return self.total_limit

    def close(self) -> None:
        """Close every connection."""
        self._http.close()


def basic(user: str, password: str) -> str:
    """The value of an Authorization header. Source: RFC 7617, in UTF-8."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")


def check_url(url: str) -> None:
    """Raises: ConfigError when no request can go there. Later, an error could quote a request's secrets."""
    try:
        PreparedRequest().prepare_url(url, None)
        fits = urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname)
    except (RequestException, ValueError):
        fits = False
    if not fits:
        raise ConfigError("url", "is no address to send to", "write it like https://host/path")

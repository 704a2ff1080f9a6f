"""How is a printer asked something, and what did it say?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from duepost.errors import ConfigError
from worker.http import Http
from worker.http_line import Answer
from worker.providers.hiding import hide
from worker.providers.http_account import basic
from worker.providers.http_verdicts import TOO_LARGE, judge_foreign, outcome_of
from worker.providers.ipp_message import Operation, Reply, reply, request
from worker.providers.port import Outcome

PORT = 631
SCHEMES = {"ipp": "http", "ipps": "https"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """The way to a printer. call_limit: for one request, connecting included.

    Raises: ConfigError when uri is none or the extra `print` is not installed; OSError when ca_file holds no
    certificates.
    """

    uri: str
    user: str | None
    password: str | None = field(repr=False)
    ca_file: Path | None
    call_limit: timedelta
    now: Callable[[], datetime] = field(repr=False)
    _http: Http = field(init=False, repr=False, compare=False)
    _url: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.uri)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise ConfigError("uri", "is no printer's address", "write it like ipp://printer.example.com/ipp/print")
        try:
            import pyipp  # noqa: F401, PLC0415 - an extra
        except ImportError:
            raise ConfigError("kind", "is ipp, and pyipp is not here", "install duepost[print]") from None
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        url = f"{SCHEMES[parts.scheme]}://{host}:{parts.port or PORT}{parts.path or '/'}"
        object.__setattr__(self, "_url", url)
        object.__setattr__(self, "_http", Http(self.call_limit, self.ca_file))

    def ask(
        self, operation: Operation, about: dict[str, Any], wanted: dict[str, Any] | None = None, content: bytes = b""
    ) -> Reply | Outcome:
        """The printer's answer; an Outcome when none came that can be read.

        about: attributes of the operation, wanted: of the job itself.
        """
        body = request(operation, self.uri, about, wanted or {}, content)
        answer = self._http.post(self._url, body, {"Content-Type": "application/ipp", **self._login()})
        if isinstance(answer, Answer) and answer.whole and answer.status == 200:
            said = reply(answer.body)
            if said is not None:
                return said
        if isinstance(answer, Answer) and answer.status == 413:
            return outcome_of(TOO_LARGE, answer)  # of this document alone
        return judge_foreign(answer, self.now())  # a printer's own refusal is IPP, with 200

    def hidden(self, outcome: Outcome) -> Outcome:
        """Without the login: a printer's message and reasons, too, are words of its own."""
        login = self._login().get("Authorization", "")
        return hide(outcome, [self.password or "", login.removeprefix("Basic ")])

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _login(self) -> dict[str, str]:
        if self.user is None:
            return {}
        return {"Authorization": basic(self.user, self.password or "")}

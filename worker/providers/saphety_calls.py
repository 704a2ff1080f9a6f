"""How is SIN called: with a token that every thread shares, and once more when SIN does not take it any longer?"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from duepost.reasons import Reason
from duepost.statuses import Status
from worker.deadline import Deadline
from worker.http import Http
from worker.http_line import Answer, NoAnswer
from worker.providers.hiding import hide
from worker.providers.http_account import check_url
from worker.providers.http_verdicts import CREDENTIALS, judge_foreign
from worker.providers.port import Outcome, Verdict
from worker.providers.saphety_envelope import NOT_LOGGED_IN, Envelope, codes_of, envelope
from worker.providers.saphety_token import Tokens

LOGIN = "Account/getToken"
REFUSED = frozenset({401, 403})  # a request that is answered so was not taken
JSON = {"Content-Type": "application/json", "Accept": "application/json"}

# An envelope that can be read, another answer or none, or why there is no token to call with.
Replied = Envelope | Answer | NoAnswer | Outcome


@dataclass(frozen=True, kw_only=True)
class Calls:
    """The calls of one account in one process, from any thread.

    url: what comes before `/api`. total_limit: for one call, connecting included.

    Raises: ConfigError for a url that cannot be called; OSError when ca_file holds no certificates.
    """

    url: str
    user: str
    password: str = field(repr=False)
    total_limit: timedelta
    ca_file: Path | None
    now: Callable[[], datetime] = field(repr=False)
    _http: Http = field(init=False, repr=False, compare=False)
    _tokens: Tokens = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_url(self.url)
        object.__setattr__(self, "_http", Http(self.total_limit, self.ca_file))
        object.__setattr__(self, "_tokens", Tokens(self._login, self.now))

    @property
    def longest(self) -> timedelta:
        """Of all calls with one deadline: the last one begins within it, and ends within a limit of its own."""
        return self.total_limit * 2

    def until(self) -> Deadline:
        """By when the last of some calls has to begin."""
        return Deadline(self.total_limit)

    def post(self, path: str, body: bytes, until: Deadline) -> Replied:
        """POST once below `/api/`."""
        return self._call("POST", f"{self.url.rstrip('/')}/api/{path}", until, body)

    def get(self, path: str, until: Deadline, url: str | None = None) -> Replied:
        """GET below `/api/`; of another address with the same tokens where a url is given."""
        return self._call("GET", f"{(url or self.url).rstrip('/')}/api/{path}", until)

    def hidden(self, outcome: Outcome) -> Outcome:
        """The outcome without password and tokens."""
        return hide(outcome, [self.password, *self._tokens.known])

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _call(self, method: str, url: str, until: Deadline, body: bytes | None = None) -> Replied:
        token: str | None = None
        while True:
            fresh = _late(until) or self._tokens.current(refused=token)
            if not isinstance(fresh, str):
                return fresh
            late = _late(until)
            if late:
                return late
            answer = self._http.call(method, url, {**JSON, "Authorization": f"bearer {fresh}"}, body)
            said = envelope(answer)
            if token or not _refuses_the_token(said or answer):
                return said or answer
            token = fresh

    def _login(self) -> str | Outcome:
        """A new token. Why there is none: whatever it is, the send it was for has not begun, and is not refused."""
        body = json.dumps({"Username": self.user, "Password": self.password}).encode()
        answer = self._http.post(f"{self.url.rstrip('/')}/api/{LOGIN}", body, JSON)
        said = envelope(answer)
        if said and said.valid and isinstance(said.data, str) and _fits_a_header(said.data):
            return said.data
        values: dict[str, str | int] = {"call": LOGIN}
        judged = judge_foreign(answer, self.now())
        if isinstance(answer, Answer) and answer.status // 100 == 2:
            judged = replace(judged, answer=None)  # a part of a token may stand in it
        if said:
            values |= codes_of(said.errors)
            judged = replace(judged, answer=None)  # it may be a token that we could not use
            if not said.valid:
                judged = replace(judged, verdict=CREDENTIALS.verdict, reason=Reason(CREDENTIALS.code), alarm=True)
        values |= judged.reason.values
        verdict = Verdict.WAIT if judged.verdict is Verdict.WAIT else Verdict.TRANSIENT
        alarm = judged.alarm or judged.verdict is Verdict.REFUSED
        reason = Reason(judged.reason.code, values=values)
        return replace(judged, verdict=verdict, status=Status.ERROR_SENDING_EMAIL, reason=reason, alarm=alarm)


def _refuses_the_token(said: Envelope | Answer | NoAnswer) -> bool:
    """True when the call was not made for its token, which SIN may say with a 200 as it says every no."""
    if isinstance(said, Envelope):
        codes = {str(error.get("code")).lower() for error in said.errors}
        return not (said.valid or said.data) and NOT_LOGGED_IN in codes
    return isinstance(said, Answer) and said.status in REFUSED


def _late(until: Deadline) -> NoAnswer | None:
    try:
        until.left()
    except TimeoutError as late:
        return NoAnswer(late, begun=False)
    return None


def _fits_a_header(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable() and " " not in token

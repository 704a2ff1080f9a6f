"""How does an adapter speak HTTP?

With requests, short of four things (all measured): redirects, where it repeats a POST as GET and hands API keys to
other hosts; the environment's proxies and .netrc, looked up on each call; time limits that start anew with every read;
answers of any length.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from ssl import SSLContext
from types import MappingProxyType

from requests import Request

from worker.broken import CONNECTION_LOST, word
from worker.connect import verifying
from worker.deadline import Deadline
from worker.http_line import Answer, Line, NoAnswer
from worker.spare import Spare


@dataclass(frozen=True)
class Http:
    """A client for any number of hosts and threads; connections are kept open between calls.

    total_limit: for one call, from looking the host up to the answer's last byte. ca_file: certificates to trust beside
    the system's.

    Raises: OSError when ca_file holds no certificates.
    """

    total_limit: timedelta
    ca_file: Path | None = None
    idle_limit: timedelta = timedelta(seconds=30)
    _trust: SSLContext = field(init=False, repr=False, compare=False)
    _spare: Spare[Line] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_trust", verifying(self.ca_file))
        object.__setattr__(self, "_spare", Spare(self.idle_limit))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer | NoAnswer:
        """POST once; a redirect is an answer. Raises: ValueError when url or a header cannot be sent."""
        return self.call("POST", url, headers, body)

    def call(
        self, method: str, url: str, headers: Mapping[str, str] = MappingProxyType({}), body: bytes | None = None
    ) -> Answer | NoAnswer:
        """One request, sent once: again only when a kept connection turned out dead before the body's first byte."""
        request = Request(method, url, headers=dict(headers), data=body).prepare()
        deadline = Deadline(self.total_limit)
        line = self._spare.take() or Line(self._trust)
        answer = line.send_by(deadline, request)
        if isinstance(answer, NoAnswer):
            line.close()
            if line.kept and not answer.begun and word(answer.error) == CONNECTION_LOST:
                line = Line(self._trust)
                answer = line.send_by(deadline, request)
        if isinstance(answer, Answer) and answer.whole:
            self._spare.give_back(line)
        else:
            line.close()
        return answer

    def close(self) -> None:
        """Close every free connection."""
        self._spare.close()

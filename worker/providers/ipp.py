"""How does a send leave through a printer?

IPP over HTTP (RFC 8010, 8011): Validate-Job, Print-Job, then the job's state until it is completed. Each job bears the
send's token as its name, so before anything is printed a second time the printer is asked whether it has it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from duepost.features import Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.providers.ipp_line import Line
from worker.providers.ipp_message import Operation
from worker.providers.ipp_standing import Standing, refusal_of
from worker.providers.ipp_verdicts import of_code
from worker.providers.port import Document, Job, Outcome, Verdict

# Of one attempt, at most, beside those that ask for the job's number: it is asked for by name before and within the
# send, and once more when its number is gone.
CALLS = 7
MISSING = Outcome(Verdict.REFUSED, Status.ERROR, Reason("DOCUMENT_MISSING", field="Document"))
UNREADABLE = Outcome(Verdict.UNKNOWN, Status.ERROR, Reason("ANSWER_UNREADABLE"))


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Ipp:
    """A printer.

    uri: `ipp://host/ipp/print` or `ipps://…` (TLS, always verified). call_limit: for one request, connecting included.
    print_limit: how long the job is watched at once; what is not out by then is asked for later. sides, media: as the
    printer names them, such as `two-sided-long-edge`; None: the printer's own default. clock: seconds that only grow.

    Raises: ConfigError when uri is none or the extra `print` is not installed; OSError when ca_file holds no
    certificates.
    """

    uri: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sides: str | None = None
    media: str | None = None
    ca_file: Path | None = None
    call_limit: timedelta = timedelta(seconds=30)
    print_limit: timedelta = timedelta(seconds=60)
    look_every: timedelta = timedelta(seconds=1)
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    _line: Line = field(init=False, repr=False, compare=False)
    _standing: Standing = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        line = Line(
            uri=self.uri,
            user=self.user,
            password=self.password,
            ca_file=self.ca_file,
            call_limit=self.call_limit,
            now=self.now,
        )
        standing = Standing(line=line, watch_limit=self.print_limit, look_every=self.look_every, clock=self.clock)
        object.__setattr__(self, "_line", line)
        object.__setattr__(self, "_standing", standing)

    @property
    def features(self) -> frozenset[Feature]:
        """One document."""
        return frozenset({Feature.DOCUMENT})

    @property
    def total_deadline(self) -> timedelta:
        """All requests of one attempt, the time its job is watched, and the last look at it."""
        return self.call_limit * (CALLS + 1) + self.print_limit + self.look_every

    def send(self, job: Job) -> Outcome:
        """Print the document, unless the printer has a job of that name already."""
        return MISSING if job.document is None else self._line.hidden(self._printed(job.document, job.token))

    def ask(self, job: Job) -> Outcome | None:
        """What became of the job of that name; None when the printer knows none, and never said that it had it."""
        known = self._standing.known(job.token, job.provider_reference)
        return known and self._line.hidden(known)

    def close(self) -> None:
        """Close every connection."""
        self._line.close()

    def _printed(self, document: Document, name: str) -> Outcome:
        described, wanted = _described(document, name), self._wanted()
        refusal = refusal_of(self._line.ask(Operation.VALIDATE_JOB, described, wanted))
        if refusal:
            return refusal
        known = self._standing.known(name)
        if known is not None:
            return known
        said = self._line.ask(Operation.PRINT_JOB, described, wanted, document.content)
        if isinstance(said, Outcome):
            return _perhaps_taken(said)
        if not said.yes:
            return of_code(said)
        return self._standing.watched(name, said.jobs[0]) if said.jobs else UNREADABLE

    def _wanted(self) -> dict[str, Any]:
        asked = {"copies": 1, "sides": self.sides, "media": self.media}
        return {name: value for name, value in asked.items() if value is not None}


def _described(document: Document, name: str) -> dict[str, Any]:
    return {"job-name": name, "ipp-attribute-fidelity": True, "document-format": document.media_type}


def _perhaps_taken(said: Outcome) -> Outcome:
    """Of Print-Job: a printer that fails with 500 may have the job, so no other takes over before it is asked."""
    if said.reason.values.get("http") != 500:
        return said
    return replace(said, verdict=Verdict.UNKNOWN, status=Status.ERROR)

"""How does a send leave through a printer?

IPP over HTTP (RFC 8010, 8011): Validate-Job, Print-Job, then the job's state until it is completed. Each job bears the
send's token as its name, so before anything is printed a second time the printer is asked whether it has it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from duepost.errors import ConfigError
from duepost.features import Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.http import Http
from worker.http_line import Answer
from worker.providers.hiding import hide
from worker.providers.http_account import basic
from worker.providers.http_verdicts import judge
from worker.providers.ipp_message import JOB_ATTRIBUTES, JobState, Operation, PrinterJob, Reply, reply, request
from worker.providers.ipp_verdicts import names_the_document, of_code, of_job
from worker.providers.port import Document, Job, Outcome, Verdict

PORT = 631
SCHEMES = {"ipp": "http", "ipps": "https"}
CALLS = 6  # of one attempt, at most, beside those that ask for the job's state: it is asked before and within the send
NOT_FOUND = 0x0406
MISSING = Outcome(Verdict.REFUSED, Status.ERROR, Reason("DOCUMENT_MISSING", field="Document"))
# states in the order in which they speak for a job of that name
TELLING = (
    JobState.COMPLETED,
    JobState.PROCESSING,
    JobState.STOPPED,
    JobState.PENDING,
    JobState.HELD,
    JobState.CANCELED,
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Ipp:
    """A printer.

    uri: `ipp://host/ipp/print` or `ipps://…` (TLS, always verified). call_limit: for one request, connecting included.
    print_limit: how long the job is watched at once; what is not out by then is asked for later. sides, media: as the
    printer names them, such as `two-sided-long-edge`; None: the printer's own default.

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
        return MISSING if job.document is None else self._without_secret(self._printed(job.document, job.token))

    def ask(self, job: Job) -> Outcome | None:
        """What became of the job of that name; None when the printer knows none."""
        known = self._known(job.token)
        return known and self._without_secret(known)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _printed(self, document: Document, name: str) -> Outcome:
        described = self._described(document, name)
        refusal = self._refusal(self._asked(Operation.VALIDATE_JOB, described))
        if refusal:
            return refusal
        known = self._known(name)
        if known is not None:
            return known
        said = self._asked(Operation.PRINT_JOB, described, self._wanted(), document.content)
        if isinstance(said, Outcome):
            return _perhaps_taken(said)
        if not said.yes or not said.jobs:
            return (
                of_code(said) if not said.yes else Outcome(Verdict.UNKNOWN, Status.ERROR, Reason("ANSWER_UNREADABLE"))
            )
        return self._watched(said.jobs[0])

    def _known(self, name: str) -> Outcome | None:
        """What a job of that name says; one that was given up for no fault of the document counts as none."""
        found: list[PrinterJob] = []
        for which in ("not-completed", "completed"):
            said = self._asked(Operation.GET_JOBS, {"which-jobs": which, "requested-attributes": list(JOB_ATTRIBUTES)})
            refusal = self._refusal(said)
            if refusal:
                return _asked_in_vain(refusal) if refusal.verdict is Verdict.REFUSED else refusal
            assert isinstance(said, Reply)  # noqa: S101 - everything else is a refusal
            found += [one for one in said.jobs if one.name == name]
        for one in found:
            if one.state is JobState.ABORTED and names_the_document(one):
                return of_job(one)
        telling = [one for state in TELLING for one in found if one.state is state]
        return of_job(telling[0]) if telling else None

    def _watched(self, job: PrinterJob) -> Outcome:
        """Ask for the job's state until it is over, or the time for it."""
        outcome = of_job(job)
        for _ in self._looks():
            if outcome.verdict is not Verdict.PENDING:
                return outcome
            what = {"job-id": job.id, "requested-attributes": list(JOB_ATTRIBUTES)}
            said = self._asked(Operation.GET_JOB_ATTRIBUTES, what)
            if isinstance(said, Reply) and said.status == NOT_FOUND:
                # It took the job and keeps no record of what is out.
                return Outcome(Verdict.ACCEPTED, Status.SENT, Reason("ACCEPTED"), provider_reference=str(job.id))
            if isinstance(said, Reply) and said.jobs:
                outcome = of_job(said.jobs[0])
        return outcome

    def _looks(self) -> Iterator[None]:
        """At first soon, then at `look_every`, until the time is over."""
        ends_at = time.monotonic() + self.print_limit.total_seconds()
        pause = min(0.05, self.look_every.total_seconds())
        while time.monotonic() < ends_at:
            yield
            time.sleep(pause)
            pause = min(pause * 2, self.look_every.total_seconds())

    def _described(self, document: Document, name: str) -> dict[str, Any]:
        return {"job-name": name, "ipp-attribute-fidelity": True, "document-format": document.media_type}

    def _wanted(self) -> dict[str, Any]:
        asked = {"copies": 1, "sides": self.sides, "media": self.media}
        return {name: value for name, value in asked.items() if value is not None}

    def _refusal(self, said: Reply | Outcome) -> Outcome | None:
        """Of a question that prints nothing: whatever went wrong, the printer surely has not taken the send."""
        if isinstance(said, Reply):
            return None if said.yes else of_code(said)
        return _asked_in_vain(said) if said.verdict is Verdict.UNKNOWN else said

    def _asked(
        self, operation: Operation, about: dict[str, Any], wanted: dict[str, Any] | None = None, content: bytes = b""
    ) -> Reply | Outcome:
        """The printer's answer; an Outcome when none came that can be read."""
        jobs_own = self._wanted() if operation is Operation.VALIDATE_JOB else wanted or {}
        body = request(operation, self.uri, about, jobs_own, content)
        answer = self._http.post(self._url, body, {"Content-Type": "application/ipp", **self._login()})
        if isinstance(answer, Answer) and answer.whole and answer.status == 200:
            said = reply(answer.body)
            if said is not None:
                return said
        return judge(answer, self.now())

    def _without_secret(self, outcome: Outcome) -> Outcome:
        """A printer's message and reasons are words of its own, as well."""
        login = self._login().get("Authorization", "")
        return hide(outcome, [self.password or "", login.removeprefix("Basic ")])

    def _login(self) -> dict[str, str]:
        if self.user is None:
            return {}
        return {"Authorization": basic(self.user, self.password or "")}


def _asked_in_vain(said: Outcome) -> Outcome:
    """A refused question says nothing of the send that it was about."""
    reason = Reason("ASKED_IN_VAIN", values={"cause": said.reason.code, **said.reason.values})
    return Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, reason, said.answer, alarm=said.alarm)


def _perhaps_taken(said: Outcome) -> Outcome:
    """Of Print-Job: a printer that fails with 500 may have the job, so no other takes over before it is asked."""
    if said.reason.values.get("http") != 500:
        return said
    return replace(said, verdict=Verdict.UNKNOWN, status=Status.ERROR)

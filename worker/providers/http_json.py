"""How does a send leave through an HTTP endpoint of the operator's own?

One JSON POST: `_payload` below is its shape. The endpoint says yes with 2xx and {"accepted": true}, no with
{"accepted": false}; it must answer a repeated Idempotency-Key as it answered the first. A string "id" beside it is kept
as the provider's reference.
"""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from duepost.errors import ConfigError
from duepost.statuses import Status
from worker.http import Http
from worker.http_line import Answer, NoAnswer
from worker.providers.finding import Finding, reference
from worker.providers.http_verdicts import REJECTED, judge, outcome_of
from worker.providers.port import Document, Job, Outcome, Verdict

ACCEPTED = Finding(Verdict.ACCEPTED, Status.SENT, "ACCEPTED")
# what the body's "accepted" says -> what it means; anything else is no answer that we understand
SAID = {True: ACCEPTED, False: REJECTED}
ALREADY_DONE = 409  # with {"accepted": true}: the same key was taken before


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class HttpJson:
    """An HTTP endpoint that takes a send.

    total_limit: for one call, connecting included. ca_file: certificates to trust beside the system's.

    Raises: ConfigError when bearer cannot stand in a header; OSError when ca_file holds no certificates.
    """

    url: str
    bearer: str | None = field(default=None, repr=False)
    total_limit: timedelta = timedelta(seconds=30)
    ca_file: Path | None = None
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)
    _http: Http = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.bearer is not None and not (self.bearer.isascii() and self.bearer.isprintable()):
            raise ConfigError("bearer", "cannot stand in a header", "use printable ASCII without line breaks")
        object.__setattr__(self, "_http", Http(self.total_limit, self.ca_file))

    @property
    def total_deadline(self) -> timedelta:
        """One call's."""
        return self.total_limit

    def send(self, job: Job) -> Outcome:
        """POST the send once, its token as Idempotency-Key."""
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": job.token}
        if self.bearer is not None:
            headers["Authorization"] = f"Bearer {self.bearer}"
        answer = self._http.post(self.url, _payload(job), headers)
        return self._without_secret(self._judged(answer))

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _judged(self, answer: Answer | NoAnswer) -> Outcome:
        if isinstance(answer, Answer) and answer.whole:
            fields = _fields(answer.body)
            said = fields.get("accepted")
            name = fields.get("id")
            named = reference(name) if isinstance(name, str) else None
            if answer.status // 100 == 2 and isinstance(said, bool):
                return replace(outcome_of(SAID[said], answer), provider_reference=named)
            if answer.status == ALREADY_DONE and said is True:
                return replace(outcome_of(ACCEPTED, answer), provider_reference=named)
        return judge(answer, self.now())

    def _without_secret(self, outcome: Outcome) -> Outcome:
        if not self.bearer:
            return outcome
        answer, named = (
            words and words.replace(self.bearer, "***") for words in (outcome.answer, outcome.provider_reference)
        )
        return replace(outcome, answer=answer, provider_reference=named)


def _fields(body: bytes) -> dict[str, Any]:
    """Of the JSON object that the body is; none when it is something else."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or nested to break the parser
        return {}
    return said if isinstance(said, dict) else {}


def _payload(job: Job) -> bytes:
    """The send as JSON; the document's bytes in base64."""
    fields: dict[str, Any] = {
        "token": job.token,
        "channel": job.channel,
        "kind": job.kind,
        "invoice": job.invoice,
        "account": job.account,
        "to_address": job.to_address,
        "subject": job.subject,
        "note": job.note,
        "document": None if job.document is None else _document(job.document),
    }
    return json.dumps(fields).encode()


def _document(document: Document) -> dict[str, str]:
    return {
        "filename": document.filename,
        "media_type": document.media_type,
        "content": b64encode(document.content).decode("ascii"),
    }

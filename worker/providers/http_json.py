"""How does a send leave through an HTTP endpoint of the operator's own?

One JSON POST: `_payload` below is its shape. The endpoint says yes with 2xx and {"accepted": true}, no with
{"accepted": false}; it must answer a repeated Idempotency-Key as it answered the first. A string "id" beside it is kept
as the provider's reference. Asked by GET at status_url/TOKEN it answers the same, or 404 with {"accepted": null} when
the token never came.
"""

import json
from base64 import b64encode
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from duepost.errors import ConfigError
from duepost.features import EVERYTHING, OF_INVOICE_SYSTEMS, Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.http_line import Answer, NoAnswer
from worker.providers.finding import reference
from worker.providers.hiding import hide
from worker.providers.http_account import HttpAccount, check_url
from worker.providers.http_answer import fields_of
from worker.providers.http_verdicts import ACCEPTED, REJECTED, judge, outcome_of
from worker.providers.port import Document, Job, Outcome, Verdict

# what the body's "accepted" says -> what it means; anything else is no answer that we understand
SAID = {True: ACCEPTED, False: REJECTED}
NEVER_CAME = 404  # asked, with {"accepted": null}: the token was never seen
ALREADY_DONE = 409  # with {"accepted": true}: the same key was taken before


@dataclass(frozen=True, kw_only=True)
class HttpJson(HttpAccount):
    """An HTTP endpoint that takes a send.

    status_url: where it can be asked; None when it cannot. total_limit: for one call, connecting included. ca_file:
    certificates to trust beside the system's.

    Raises: ConfigError when bearer cannot stand in a header or no request can go to an address; OSError when ca_file
    holds no certificates.
    """

    status_url: str | None = None
    bearer: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.bearer is not None and not (self.bearer.isascii() and self.bearer.isprintable()):
            raise ConfigError("bearer", "cannot stand in a header", "use printable ASCII without line breaks")
        if self.status_url is not None:
            check_url(self.status_url)
        super().__post_init__()

    @property
    def total_deadline(self) -> timedelta:
        """One call's, and of one to ask first where it can be asked."""
        return self.total_limit * (1 if self.status_url is None else 2)

    @property
    def features(self) -> frozenset[Feature]:
        """Everything but what only an invoice system has."""
        return EVERYTHING - OF_INVOICE_SYSTEMS

    def send(self, job: Job) -> Outcome:
        """POST the send once, its token as Idempotency-Key."""
        headers = {**self._headers(), "Content-Type": "application/json", "Idempotency-Key": job.token}
        answer = self._http.post(self.url, _payload(job), headers)
        return self._without_secret(_said(answer) or judge(answer, self.now()))

    def ask(self, job: Job) -> Outcome | None:
        """GET what became of the token. What says neither is tried again later: to ask in vain settles nothing."""
        assert self.status_url is not None, "the settings allow policy resolve only with a status_url"  # noqa: S101
        answer = self._http.call("GET", f"{self.status_url.rstrip('/')}/{job.token}", self._headers())
        if isinstance(answer, Answer) and answer.whole and _never_came(answer):
            return None
        said = _said(answer)
        if said is not None:
            return self._without_secret(said)
        vain = self._without_secret(judge(answer, self.now()))
        if vain.verdict is Verdict.WAIT:
            return vain
        reason = Reason("ASKED_IN_VAIN", values={"cause": vain.reason.code, **vain.reason.values})
        return replace(vain, verdict=Verdict.TRANSIENT, status=Status.ERROR_SENDING_EMAIL, reason=reason)

    def _headers(self) -> dict[str, str]:
        accept = {"Accept": "application/json"}
        return accept if self.bearer is None else {**accept, "Authorization": f"Bearer {self.bearer}"}

    def _without_secret(self, outcome: Outcome) -> Outcome:
        return hide(outcome, [self.bearer or ""])


def _said(answer: Answer | NoAnswer) -> Outcome | None:
    """The yes or no that the answer is; None when it is neither."""
    if not (isinstance(answer, Answer) and answer.whole):
        return None
    fields = fields_of(answer)
    said, name = fields.get("accepted"), fields.get("id")
    named = reference(name) if isinstance(name, str) else None
    if answer.status // 100 == 2 and isinstance(said, bool):
        return replace(outcome_of(SAID[said], answer), provider_reference=named)
    if answer.status == ALREADY_DONE and said is True:
        return replace(outcome_of(ACCEPTED, answer), provider_reference=named)
    return None


def _never_came(answer: Answer) -> bool:
    # In these words: a 404 alone may come from a wrong address.
    return answer.status == NEVER_CAME and fields_of(answer).get("accepted", NEVER_CAME) is None


def _payload(job: Job) -> bytes:
    """The send as JSON; bytes of documents in base64."""
    enclosed = job.enclosed
    fields: dict[str, Any] = {
        "token": job.token,
        "channel": job.channel,
        "kind": job.kind,
        "invoice": job.invoice,
        "account": job.account,
        "to_address": job.to_address,
        "subject": job.subject,
        "note": job.note,
        "document": _document(job.document) if job.document in enclosed else None,
        "attachments": [_document(one) for one in job.attachments if one in enclosed],
        "from": job.options.sender,
        "from_name": job.options.sender_name,
        "confirm_read": job.options.confirm_read,
        "copy": job.options.copy,
        "shown_to": job.options.shown_to,
    }
    return json.dumps(fields).encode()


def _document(document: Document) -> dict[str, str]:
    return {
        "filename": document.filename,
        "media_type": document.media_type,
        "content": b64encode(document.content).decode("ascii"),
    }

"""How does Abillify send an invoice that it has to its customer again?

Abillify API, POST /invoices/{invoiceReference}/resendInvoice: the document's e-mail, to the address that the document
has. A repeat under the same Idempotency-Key is answered as the first was for 24 hours, whatever that was; so what the
network lost is asked for again under the old key, and what Abillify failed at is tried under a new one.
"""

import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import quote

from duepost.features import Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.http_line import Answer, NoAnswer
from worker.providers.finding import Finding, printable
from worker.providers.hiding import hide
from worker.providers.http_account import HttpAccount, basic
from worker.providers.http_answer import fields_of
from worker.providers.http_verdicts import (
    CREDENTIALS,
    NOT_FOUND,
    PROTOCOL,
    TEMPORARY,
    accepted,
    coded,
    judge,
    judge_foreign,
    outcome_of,
)
from worker.providers.port import Job, Outcome, Verdict

REFUSED = Finding(Verdict.REFUSED, Status.ERROR, "REFUSED_BY_PROVIDER")
DONE = "0"  # resultcode: a job was started

# "code" of an error in Abillify's own shape -> what it means; 5xx: TEMPORARY
ERRORS = {400: REFUSED, 401: CREDENTIALS, 403: CREDENTIALS, 404: NOT_FOUND, 405: PROTOCOL, 409: REFUSED}


@dataclass(frozen=True, kw_only=True)
class Abillify(HttpAccount):
    """An account at Abillify.

    url: of the API, such as https://customer.abillify.com/api.
    """

    user: str
    password: str = field(repr=False)

    @property
    def features(self) -> frozenset[Feature]:
        """None: text, documents and receiver are what Abillify has."""
        return frozenset()

    @property
    def total_deadline(self) -> timedelta:
        """No key is tried after one call's time, and the last one may take as long again."""
        return self.total_limit * 2

    def send(self, job: Job) -> Outcome:
        """Ask for the e-mail once, under the first key since a person's word that Abillify has not failed at."""
        login = basic(self.user, self.password)
        headers = {"Authorization": login, "Content-Type": "application/json", "Accept": "application/json"}
        url = f"{self.url.rstrip('/')}/invoices/{quote(job.reference or job.invoice, safe='')}/resendInvoice"
        until = time.monotonic() + self.total_limit.total_seconds()
        for number in range(job.first_attempt, job.attempt + 1):
            answer = self._http.post(url, b"{}", {**headers, "Idempotency-Key": key(job.token, number)})
            if not _failed(answer) or time.monotonic() > until:
                break
        return hide(self._judged(answer), [self.password, login.removeprefix("Basic ")])

    def _judged(self, answer: Answer | NoAnswer) -> Outcome:
        said = _meant(answer)
        if said:
            return said
        own = isinstance(answer, Answer) and _code(answer) is not None
        return judge(answer, self.now()) if own else judge_foreign(answer, self.now())


def key(token: str, number: int) -> str:
    """The Idempotency-Key of the send's first try, second, and so on. Abillify takes 255 characters."""
    return token if number == 1 else f"{token}-{number}"


def _failed(answer: Answer | NoAnswer) -> bool:
    """True for a 5xx of Abillify's own, which its key keeps; a balancer's is not kept."""
    return isinstance(answer, Answer) and answer.status >= 500 and _code(answer) is not None


def _code(answer: Answer) -> int | None:
    fields = fields_of(answer)
    code = fields.get("code")
    return (
        code if isinstance(code, int) and not isinstance(code, bool) and isinstance(fields.get("type"), str) else None
    )


def _meant(answer: Answer | NoAnswer) -> Outcome | None:
    if not isinstance(answer, Answer):
        return None
    fields = fields_of(answer)
    if answer.status == 200:
        result = fields.get("resultcode")
        if not isinstance(result, str):
            return None
        return (
            accepted(answer, str(fields.get("job") or ""))
            if result == DONE
            else coded(REFUSED, answer, printable(result)[:100])
        )
    if _code(answer) is None:
        return None
    if answer.status >= 500:
        return outcome_of(TEMPORARY, answer)  # whatever Retry-After says, the next try has another key
    finding = ERRORS.get(answer.status)
    return _told(finding, answer) if finding else None


def _told(finding: Finding, answer: Answer) -> Outcome:
    """With Abillify's word for the kind of error; its sentences stay in the answer."""
    outcome = outcome_of(finding, answer)
    kind = printable(str(fields_of(answer)["type"]))[:100]
    return replace(outcome, reason=Reason(finding.code, values={**outcome.reason.values, "type": kind}))

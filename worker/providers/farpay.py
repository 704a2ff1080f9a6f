"""How does a send leave through FarPay?

FarPay API v2: POST /v2/invoices with a Send node creates the invoice and sends it, PATCH /v2/invoices/{id} sends it
once more, GET /v2/invoices/{id} tells its send status. There is no idempotency key: an InvoiceNumber is taken once
(10009), and a PATCH repeated sends twice, so the invoice is looked at before each.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from duepost.errors import ConfigError
from duepost.features import Feature
from duepost.reasons import Reason
from duepost.sends import Kind
from duepost.statuses import Status
from worker.http import Http
from worker.http_line import Answer, NoAnswer
from worker.providers.farpay_book import Book
from worker.providers.farpay_invoice import Request, refused, request
from worker.providers.farpay_sends import UNDER_WAY, Whose, is_anothers, whose
from worker.providers.farpay_standing import Next, of_doubtful, of_new, spaced, told
from worker.providers.farpay_verdicts import (
    AT_WORK,
    NUMBER_TAKEN,
    code_of,
    id_of,
    of_invoice,
    of_refusal,
    shown,
    status_of,
)
from worker.providers.hiding import hide
from worker.providers.http_account import check_url
from worker.providers.http_answer import is_page
from worker.providers.http_verdicts import NOT_FOUND, outcome_of
from worker.providers.port import Job, Outcome, Verdict

CALLS = 5  # of one send, at most: POST, two lists, GET, PATCH
AFTER_SILENCE = timedelta(minutes=5)
COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class FarPay:
    """An account at FarPay.

    url: without `/invoices`. key: X-API-KEY. currency: of invoices whose send brings no e-invoice. zone: of FarPay's
    times that name none. bare_reminders: a reminder's own document may stay behind. total_limit: for one call,
    connecting included.

    Raises: ConfigError for a url or a key that cannot be used; OSError when ca_file holds no certificates.
    """

    key: str = field(repr=False)
    url: str = "https://api.farpay.io/v2"
    currency: str = "DKK"
    zone: tzinfo = COPENHAGEN
    bare_reminders: bool = False
    total_limit: timedelta = timedelta(seconds=30)
    ca_file: Path | None = None
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)
    _http: Http = field(init=False, repr=False, compare=False)
    _book: Book = field(init=False, repr=False, compare=False, default_factory=Book)

    def __post_init__(self) -> None:
        check_url(self.url)
        if not self.key or self.key != self.key.strip() or not (self.key.isascii() and self.key.isprintable()):
            raise ConfigError("key", "cannot stand in a header", "use printable ASCII, no blank first or last")
        object.__setattr__(self, "_http", Http(self.total_limit, self.ca_file))

    @property
    def features(self) -> frozenset[Feature]:
        """Documents and a text."""
        return frozenset({Feature.DOCUMENT, Feature.ATTACHMENTS, Feature.NOTE})

    @property
    def total_deadline(self) -> timedelta:
        """Of all calls that one send can take."""
        return self.total_limit * CALLS

    def send(self, job: Job) -> Outcome:
        """Create the invoice with its Send node; one that FarPay has already is sent once more, unless it was ours."""
        wanted = request(job, self.currency)
        if isinstance(wanted, Outcome):
            return wanted
        return hide(self._reminder(job, wanted) if job.kind == Kind.REMINDER else self._first(job, wanted), [self.key])

    def ask(self, job: Job) -> Outcome | None:
        """What FarPay made of it; None also when it stopped at 310, whose repeat is a PATCH of ours."""
        wanted = request(job, self.currency)
        if isinstance(wanted, Outcome):
            return None  # such a send never left
        if (job.provider_reference or "").isdecimal():
            self._book.keep(job.invoice, int(str(job.provider_reference)))
        number = self._book.look_up(job.invoice, wanted.due, self._get, thorough=job.kind == Kind.REMINDER)
        if number is None:
            return None
        said = self._resolved(job, number) if isinstance(number, int) else self._in_vain(number)
        return said and hide(said, [self.key])

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _first(self, job: Job, wanted: Request) -> Outcome:
        number = self._book.id_of(job.invoice)
        if number is not None:
            return self._again(job, number, wanted)
        answer = self._call("POST", "/invoices", wanted.invoice)
        if code_of(answer) != NUMBER_TAKEN:
            return self._said(job, answer)
        found = self._book.look_up(job.invoice, wanted.due, self._get, thorough=True)
        if isinstance(found, int):
            return self._again(job, found, wanted)
        # It is there, perhaps from a call of ours, and cannot be found.
        vain = self._in_vain(answer if found is None else found)
        if vain.verdict is Verdict.WAIT:
            return _doubted(job, vain)
        return replace(vain, verdict=Verdict.UNKNOWN, status=Status.ERROR)

    def _reminder(self, job: Job, wanted: Request) -> Outcome:
        # FarPay sends the invoice that it has: nothing of it can be changed, and a reminder is no new claim.
        if "PdfInvoice" in wanted.invoice and not self.bare_reminders:
            return refused("DOCUMENT_STAYS_BEHIND")
        number = self._book.look_up(job.invoice, wanted.due, self._get, thorough=True)
        if number is None:
            return _doubted(job, refused("NOT_FOUND", name="InvoiceNumber"))
        return self._again(job, number, wanted) if isinstance(number, int) else _doubted(job, self._in_vain(number))

    def _again(self, job: Job, number: int, wanted: Request) -> Outcome:
        """Send the invoice once more, unless it shows this send already or another one under way."""
        answer = self._get(f"/invoices/{number}")
        fields = shown(answer, number)
        if status_of(fields) is None or not isinstance(answer, Answer):
            return _doubted(job, self._gone(job, answer))
        if is_anothers(fields, job):
            return refused("OTHER_CUSTOMER", name="CustomerNumber")
        now = self.now()
        doubtful = job.in_doubt_since is not None
        what = of_doubtful(fields, job, self.zone) if doubtful else of_new(fields, job, self.zone, now)
        if what is not Next.REPEAT:
            return _doubted(job, told(what, answer, fields, job, now) or self._in_vain(answer))
        said = self._said(job, self._call("PATCH", f"/invoices/{number}", {"Send": wanted.send}), number)
        if said.verdict is Verdict.UNKNOWN:
            # FarPay may still be at it, and until then the invoice shows the send before.
            return replace(said, retry_after=max(said.retry_after or AFTER_SILENCE, AFTER_SILENCE))
        # What stopped at 310 FarPay may yet send by itself, whatever it says to the repeat.
        return _doubted(job, said) if status_of(fields) is Status.ERROR_SENDING_EMAIL else said

    def _resolved(self, job: Job, number: int) -> Outcome | None:
        answer = self._get(f"/invoices/{number}")
        fields = shown(answer, number)
        status = status_of(fields)
        if status is None or not isinstance(answer, Answer):
            return self._gone(job, answer)
        what = of_doubtful(fields, job, self.zone)
        if what is Next.REPEAT and status is Status.ERROR_SENDING_EMAIL and job.status != status:
            what = Next.TELL  # first seen; the repeat comes at the next look
        return told(what, answer, fields, job, self.now())

    def _said(self, job: Job, answer: Answer | NoAnswer, known: int | None = None) -> Outcome:
        """What an answer to POST or PATCH means. known: the id that was patched."""
        fields = shown(answer, known, job.invoice)
        number = known or id_of(fields)
        if number is not None:
            self._book.keep(job.invoice, number)
        if isinstance(answer, Answer) and answer.status // 100 == 2:
            said = of_invoice(answer, fields)
            if (known and answer.status == 204) or (said and self._shows_another(job, fields, known)):
                said = outcome_of(AT_WORK, answer)
            if said:
                named = said.provider_reference or (str(number) if number else None)
                return spaced(replace(said, provider_reference=named), job, self.now())
        refusal = of_refusal(answer, self.now())
        if isinstance(answer, Answer) and answer.status == 503:
            # It counts, Retry-After or not: if it was sent all the same, the next attempt has to look for it.
            return replace(refusal, verdict=Verdict.TRANSIENT)
        return refusal

    def _shows_another(self, job: Job, fields: Mapping[str, Any], known: int | None) -> bool:
        """True when an answer to POST or PATCH may show how a send before ended."""
        status = status_of(fields)
        if known:
            return status is not None and status not in UNDER_WAY
        since = self.now() - self.total_deadline
        return status is Status.SENT and whose(fields, job, since, self.zone) is not Whose.OURS

    def _gone(self, job: Job, answer: Answer | NoAnswer) -> Outcome:
        if isinstance(answer, Answer) and answer.status == 404 and not is_page(answer):
            self._book.forget(job.invoice)
            return _vain(outcome_of(NOT_FOUND, answer))  # it was asked for by its id
        return self._in_vain(answer)

    def _in_vain(self, answer: Answer | NoAnswer) -> Outcome:
        return _vain(of_refusal(answer, self.now()))

    def _get(self, place: str) -> Answer | NoAnswer:
        return self._call("GET", place)

    def _call(self, method: str, place: str, body: object = None) -> Answer | NoAnswer:
        headers = {"X-API-KEY": self.key, "Accept": "application/json"}
        where = f"{self.url.rstrip('/')}{place}"
        if body is None:
            return self._http.call(method, where, headers)
        return self._http.call(
            method, where, {**headers, "Content-Type": "application/json"}, json.dumps(body).encode()
        )


def _vain(said: Outcome) -> Outcome:
    """Of a question that was not answered: nothing was delivered by it."""
    if said.verdict is Verdict.WAIT:
        return said
    reason = Reason("ASKED_IN_VAIN", values={"cause": said.reason.code, **said.reason.values})
    return replace(said, verdict=Verdict.TRANSIENT, status=Status.ERROR_SENDING_EMAIL, reason=reason)


def _doubted(job: Job, outcome: Outcome) -> Outcome:
    """What has been in doubt and was not settled stays so."""
    if job.in_doubt_since is None:
        return outcome
    if outcome.transient:
        return replace(outcome, verdict=Verdict.UNKNOWN, status=Status.ERROR)
    return replace(outcome, undecided=outcome.verdict is Verdict.REFUSED and outcome.status is Status.ERROR)

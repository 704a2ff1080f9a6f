"""How does a send leave through FarPay?

FarPay API v2: POST /v2/invoices with a Send node creates the invoice and sends it, PATCH /v2/invoices/{id} sends it
once more, GET /v2/invoices/{id} tells its send status. There is no idempotency key: an InvoiceNumber is taken once
(10009), and a PATCH repeated sends twice, so the invoice is looked at before each.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
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
from worker.providers.farpay_sends import Whose, whose
from worker.providers.farpay_verdicts import (
    AT_WORK,
    NUMBER_TAKEN,
    STATUSES,
    code_of,
    id_of,
    of_invoice,
    of_refusal,
    shown,
    status_of,
)
from worker.providers.hiding import hide
from worker.providers.http_account import check_url
from worker.providers.http_verdicts import outcome_of
from worker.providers.port import Job, Outcome, Verdict

CALLS = 5  # of one send, at most: POST, two lists, GET, PATCH
BUSY_AGAIN = timedelta(minutes=2)  # FarPay sends each minute
# What FarPay is at work on. A new Send node would take this one's place.
UNDER_WAY = frozenset({Status.QUEUE, Status.PENDING_APPROVAL, Status.READY_TO_PRINT, Status.ERROR_SENDING_EMAIL})
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
        if not (self.key.strip() and self.key.isascii() and self.key.isprintable()):
            raise ConfigError("key", "cannot stand in a header", "use printable ASCII without line breaks")
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
            return vain
        return replace(vain, verdict=Verdict.UNKNOWN, status=Status.ERROR)

    def _reminder(self, job: Job, wanted: Request) -> Outcome:
        # FarPay sends the invoice that it has: nothing of it can be changed, and a reminder is no new claim.
        if "PdfInvoice" in wanted.invoice and not self.bare_reminders:
            return refused("DOCUMENT_STAYS_BEHIND")
        number = self._book.look_up(job.invoice, wanted.due, self._get, thorough=True)
        if number is None:
            return refused("NOT_FOUND", name="InvoiceNumber")
        return self._again(job, number, wanted) if isinstance(number, int) else self._in_vain(number)

    def _again(self, job: Job, number: int, wanted: Request) -> Outcome:
        """Send the invoice once more, unless it shows this send already or another one under way."""
        answer = self._get(f"/invoices/{number}")
        fields = shown(answer)
        status = status_of(fields)
        if status is None or not isinstance(answer, Answer):
            return self._gone(job, answer)
        of = whose(fields, job, self.zone, at_rest=status not in UNDER_WAY)
        ours = of is Whose.OURS and (status is Status.SENT or status in UNDER_WAY - {Status.ERROR_SENDING_EMAIL})
        if ours:
            return of_invoice(answer, fields) or self._in_vain(answer)
        if status in UNDER_WAY and of is not Whose.OURS:
            busy = outcome_of(STATUSES[status], answer)
            reason = Reason("INVOICE_BUSY", values={**busy.reason.values, "status": int(status)})
            return Outcome(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, reason, busy.answer, BUSY_AGAIN)
        return self._said(job, self._call("PATCH", f"/invoices/{number}", {"Send": wanted.send}), number)

    def _resolved(self, job: Job, number: int) -> Outcome | None:
        answer = self._get(f"/invoices/{number}")
        fields = shown(answer)
        status = status_of(fields)
        if status is None or not isinstance(answer, Answer):
            return self._gone(job, answer)
        of = whose(fields, job, self.zone, at_rest=status not in UNDER_WAY)
        if of is Whose.EARLIER:
            # What FarPay has said yes to is never given again for its clock's sake; at the deadline a person looks.
            return outcome_of(AT_WORK, answer) if job.provider_reference else None
        if of is Whose.OTHER:
            outcome = outcome_of(AT_WORK, answer)
            reason = Reason("OTHER_SEND", values={**outcome.reason.values, "status": int(status)})
            return replace(outcome, verdict=Verdict.TRANSIENT, status=Status.ERROR_SENDING_EMAIL, reason=reason)
        return None if status is Status.ERROR_SENDING_EMAIL else of_invoice(answer, fields)

    def _said(self, job: Job, answer: Answer | NoAnswer, known: int | None = None) -> Outcome:
        """What an answer to POST or PATCH means. known: the id that was patched."""
        fields = shown(answer)
        number = id_of(fields) or known
        if number is not None:
            self._book.keep(job.invoice, number)
        if isinstance(answer, Answer) and answer.status // 100 == 2:
            said = outcome_of(AT_WORK, answer) if known and answer.status == 204 else of_invoice(answer, fields)
            if said:
                return (
                    said
                    if said.provider_reference
                    else replace(said, provider_reference=str(number) if number else None)
                )
        return of_refusal(answer, self.now())

    def _gone(self, job: Job, answer: Answer | NoAnswer) -> Outcome:
        if isinstance(answer, Answer) and answer.status == 404:
            self._book.forget(job.invoice)
        return self._in_vain(answer)

    def _in_vain(self, answer: Answer | NoAnswer) -> Outcome:
        """Of a question that was not answered: nothing was delivered by it."""
        vain = of_refusal(answer, self.now())
        if vain.verdict is Verdict.WAIT:
            return vain
        reason = Reason("ASKED_IN_VAIN", values={"cause": vain.reason.code, **vain.reason.values})
        return replace(vain, verdict=Verdict.TRANSIENT, status=Status.ERROR_SENDING_EMAIL, reason=reason)

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

"""How does a send leave through Saphety's invoice network (SIN)?

Source: Saphety Invoice Network, Web API: Account/getToken, OutboundFinancialDocumentMaintenance/
sendAdditionalNotifications, OutboundFinancialDocument. The document lies there already. SIN has no idempotency key and
mails a repeat again, so nothing in doubt is repeated before its status was asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from duepost.features import Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.deadline import Deadline
from worker.http_line import Answer
from worker.providers.finding import Finding, reference
from worker.providers.http_account import check_url
from worker.providers.http_verdicts import STATUSES, UNREADABLE, judge_foreign, outcome_of
from worker.providers.port import Job, Outcome, Verdict
from worker.providers.saphety_calls import Calls, Replied
from worker.providers.saphety_envelope import Envelope
from worker.providers.saphety_mail import connection_failed
from worker.providers.saphety_request import document_of, is_told, notification
from worker.providers.saphety_verdicts import (
    ACCEPTED,
    AT_WORK,
    BROKE_DOWN,
    NOT_CONNECTED,
    NOT_TOLD_APART,
    of_document,
    of_errors,
    of_transitions,
    told,
)

NOTIFY = "OutboundFinancialDocumentMaintenance/sendAdditionalNotifications"
DOCUMENT = "OutboundFinancialDocument"
NOT_BEGUN = 503  # any other 5xx that has no meaning of its own may come from the midst of SIN's work
CHANNELS = frozenset({"email", "xml"})


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Saphety:
    """An account at SIN.

    url: what comes before `/api`. language: pt or en, where the send names neither. poll: a document's first mail is
    asked for until it has left. Without it, and for a further mail, SIN's yes is final. Of a mail in doubt a person
    decides, except that with repeat_unsent a document without any mail is mailed again. mail_status_url: where the fate
    of a single mail is asked for, before `/api` too. total_limit: for one call, connecting included.

    Raises: ConfigError for an address that cannot be called; OSError when ca_file holds no certificates.
    """

    url: str
    user: str
    password: str = field(repr=False)
    language: str = "en"
    poll: bool = True
    repeat_unsent: bool = False
    mail_status_url: str | None = None
    total_limit: timedelta = timedelta(seconds=30)
    ca_file: Path | None = None
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)
    _calls: Calls = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.mail_status_url is not None:
            check_url(self.mail_status_url)
        calls = Calls(
            url=self.url,
            user=self.user,
            password=self.password,
            total_limit=self.total_limit,
            ca_file=self.ca_file,
            now=self.now,
        )
        object.__setattr__(self, "_calls", calls)

    @property
    def features(self) -> frozenset[Feature]:
        """Words and a From of the send's own. Of the document SIN sends its own copy."""
        of_mail = {Feature.SUBJECT, Feature.NOTE, Feature.SENDER, Feature.SENDER_NAME, Feature.COPY}
        return frozenset({Feature.DOCUMENT, Feature.PARTICIPANT, *of_mail})

    @property
    def total_deadline(self) -> timedelta:
        """Of a question and a call after it."""
        return self._calls.longest * 2

    def send(self, job: Job) -> Outcome:
        """Channel email: have SIN mail the document once. Channel xml: ask how far SIN has brought it."""
        if job.channel not in CHANNELS:
            return Outcome(Verdict.REFUSED, Status.ERROR, Reason("CHANNEL_MISMATCH", field="Lane"))
        document = document_of(job)
        if document is None:
            return Outcome(Verdict.REFUSED, Status.ERROR, Reason("DOCUMENT_MISSING", field="Reference"))
        if job.channel == "xml":
            return self._calls.hidden(self._integrated(document))
        if not job.to_address:
            return Outcome(Verdict.REFUSED, Status.MISSING_EMAIL_ADDRESS, Reason("ADDRESS_MISSING", field="ToAddress"))
        until = self._calls.until()
        first = self._is_first(document, until) if self.poll else False
        if isinstance(first, Outcome):
            return self._calls.hidden(first)
        replied = self._calls.post(NOTIFY, notification(job, document, self.language), until)
        taken = AT_WORK if first else ACCEPTED
        return self._calls.hidden(self._notified(job.to_address, document, replied, taken))

    def ask(self, job: Job) -> Outcome | None:
        """What became of the document; None when it is to be sent, which in channel xml is a question as well."""
        document = document_of(job)
        if document is None:
            return None  # nothing was ever sent, and `send` says so
        found = self._integrated(document) if job.channel == "xml" else self._mailed(job, document)
        if found is None:
            return None
        if job.channel == "xml" and found.verdict is Verdict.REFUSED and found.status is Status.ERROR:
            # The core takes a 300 to a question for a fault that ends no doubt. There is none: `send` says the same.
            return None
        return self._calls.hidden(found)

    def close(self) -> None:
        """Close every connection."""
        self._calls.close()

    def _is_first(self, document: str, until: Deadline) -> bool | Outcome:
        """True when SIN has mailed the document to nobody yet: only then its status is that of the mail to come.

        An Outcome where SIN does not say; nothing was mailed.
        """
        replied = self._calls.get(f"{DOCUMENT}/{document}", until)
        found = of_document(replied, document)
        return self._unread(replied) if found is None else found.verdict is Verdict.PENDING

    def _notified(self, address: str, document: str, replied: Replied, taken: Finding) -> Outcome:
        """What SIN's answer to a notification means. taken: what a yes does."""
        if isinstance(replied, Outcome):
            return replied
        if isinstance(replied, Answer) and replied.status >= 500 and replied.status not in {*STATUSES, NOT_BEGUN}:
            return outcome_of(BROKE_DOWN, replied)
        if not isinstance(replied, Envelope):
            return judge_foreign(replied, self.now())
        mailed = is_told(address, replied.data)
        if not (replied.valid or mailed):
            return of_errors(replied)
        if not (replied.valid and mailed):  # half a yes
            return outcome_of(UNREADABLE, replied.answer)
        # Later questions know by it that SIN has said yes, so a yes without a name of its own has the document's.
        return replace(
            outcome_of(taken, replied.answer), provider_reference=reference(replied.correlation or "") or document
        )

    def _mailed(self, job: Job, document: str) -> Outcome | None:
        """What the document's NotificationStatus means for the send; None when it is to be sent."""
        until = self._calls.until()
        replied = self._calls.get(f"{DOCUMENT}/{document}", until)
        found = of_document(replied, document)
        if found is None or not isinstance(replied, Envelope):
            return self._in_vain(replied)
        said_yes = job.provider_reference is not None
        if found.verdict is Verdict.PENDING:
            return None if self.repeat_unsent and not (self.poll or said_yes) else found
        if not said_yes:  # it may be an earlier mail's
            return replace(told(NOT_TOLD_APART, replied.answer, found.reason.values), undecided=True)
        if found.status is Status.EMAIL_BOUNCED and self.mail_status_url:
            listed = self._calls.get(f"{DOCUMENT}/emailTrackingIds/{document}", until)
            look = partial(self._calls.get, until=until, url=self.mail_status_url)
            if connection_failed(job.to_address or "", listed, look):
                return told(NOT_CONNECTED, replied.answer, found.reason.values)
        return found

    def _integrated(self, document: str) -> Outcome:
        """How far SIN has brought the e-invoice. Nothing leaves by asking, so nothing is in doubt by it."""
        replied = self._calls.get(f"{DOCUMENT}/statusTransitions/{document}", self._calls.until())
        return of_transitions(replied, document) or self._unread(replied)

    def _unread(self, replied: Replied) -> Outcome:
        """SIN's own no to a question; all else is to be asked again."""
        if isinstance(replied, Envelope) and not replied.valid:
            return of_errors(replied)
        return self._in_vain(replied)

    def _in_vain(self, replied: Replied) -> Outcome:
        """It says neither yes nor no: to be asked again. SIN's own yes in words that nobody knows calls an operator."""
        if isinstance(replied, Outcome):
            return replied
        strange = isinstance(replied, Envelope) and replied.valid
        if isinstance(replied, Envelope):
            vain = outcome_of(UNREADABLE, replied.answer) if replied.valid else of_errors(replied)
        else:
            vain = judge_foreign(replied, self.now())
        if vain.verdict is Verdict.WAIT:
            return vain
        reason = Reason("ASKED_IN_VAIN", values={"cause": vain.reason.code, **vain.reason.values})
        alarm = vain.alarm or strange
        return replace(vain, verdict=Verdict.TRANSIENT, status=Status.ERROR_SENDING_EMAIL, reason=reason, alarm=alarm)

"""How does a send leave through Twilio?

Twilio, Programmable Messaging: POST /2010-04-01/Accounts/{AccountSid}/Messages.json, and its error dictionary. A
repeated request is a second message: there is no idempotency key.
"""

from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from duepost.features import Feature
from duepost.statuses import Status
from worker.http_line import Answer, NoAnswer
from worker.providers.finding import Finding
from worker.providers.hiding import hide
from worker.providers.http_account import HttpAccount, basic
from worker.providers.http_answer import fields_of
from worker.providers.http_verdicts import (
    CREDENTIALS,
    REJECTED,
    TEMPORARY,
    THROTTLED,
    TOO_LARGE,
    accepted,
    coded,
    judge,
    outcome_of,
)
from worker.providers.port import Job, Outcome, Verdict
from worker.providers.sms_port import (
    FEATURES,
    NUMBER_UNKNOWN,
    OPTED_OUT,
    UNREACHABLE,
    Reports,
    sender_of,
    text_of,
)

SPAM = Finding(Verdict.REFUSED, Status.EMAIL_MARKED_AS_SPAM, "SPAM")
# `status` of a message just made: it is theirs now
TAKEN = frozenset({"accepted", "queued", "scheduled", "sending", "sent", "delivered", "read"})
# error code, of a refused request or of a message that failed at once -> what it means; the rest is judged as HTTP
ERRORS: dict[int, Finding] = {
    20003: CREDENTIALS,
    20005: CREDENTIALS,  # the account is not active
    20429: THROTTLED,
    21211: NUMBER_UNKNOWN,  # "To" is no number
    21610: OPTED_OUT,  # the receiver answered STOP
    21614: NUMBER_UNKNOWN,  # "To" is no mobile number
    21617: TOO_LARGE,  # over 1,600 characters
    30001: TEMPORARY,  # their queue is full
    30002: CREDENTIALS,  # the account is suspended
    30003: UNREACHABLE,
    30004: REJECTED,  # blocked
    30005: NUMBER_UNKNOWN,
    30006: NUMBER_UNKNOWN,  # a landline, or a carrier that cannot be reached
    30007: SPAM,  # filtered
    30008: UNREACHABLE,  # for no known reason
    30010: CREDENTIALS,  # over the price that the account allows: nothing leaves until somebody raises it
}


@dataclass(frozen=True, kw_only=True)
class Twilio(HttpAccount):
    """An account at Twilio.

    sid: the account's. token: its auth token. sender: From, where the send has none of its own. reports: None asks for
    none.
    """

    sid: str
    token: str = field(repr=False)
    sender: str
    url: str = "https://api.twilio.com"
    reports: Reports | None = None

    @property
    def features(self) -> frozenset[Feature]:
        """A text and a sender."""
        return FEATURES

    def send(self, job: Job) -> Outcome:
        """POST the message once."""
        login = basic(self.sid, self.token)
        headers = {"Authorization": login, "Content-Type": "application/x-www-form-urlencoded"}
        url = f"{self.url.rstrip('/')}/2010-04-01/Accounts/{quote(self.sid, safe='')}/Messages.json"
        answer = self._http.post(url, self._body(job), headers)
        return hide(
            _meant(answer) or judge(answer, self.now(), repeats=False), [self.token, login.removeprefix("Basic ")]
        )

    def _body(self, job: Job) -> bytes:
        form = {"To": job.to_address or "", "From": sender_of(job, self.sender), "Body": text_of(job)}
        if self.reports:
            form["StatusCallback"] = self.reports.address(job.token)
        return urlencode(form).encode()


def _meant(answer: Answer | NoAnswer) -> Outcome | None:
    if not isinstance(answer, Answer):
        return None
    fields = fields_of(answer)
    if answer.status // 100 == 2:
        sid, status = fields.get("sid"), fields.get("status")
        if isinstance(sid, str) and status in TAKEN:
            return accepted(answer, sid)
        if status not in {"failed", "undelivered", "canceled"}:
            return None
        return _failed(fields.get("error_code"), answer) or outcome_of(REJECTED, answer)
    # A 429 is judged as HTTP: only there its Retry-After is read.
    return _failed(fields.get("code"), answer) if answer.status != 429 else None


def _failed(code: object, answer: Answer) -> Outcome | None:
    if not isinstance(code, int):
        return None
    finding = ERRORS.get(code)
    return coded(finding, answer, code) if finding else None

"""How does a send leave through Kannel?

Kannel 1.4 user guide, "Using the HTTP Interface to Send SMS Messages" and "Delivery Reports": one GET on smsbox's
sendsms. Operators that speak SMPP, CIMD or modems stand behind Kannel, not behind us. It names no message and knows no
repeat; its reports come to an address of ours that says which send they are about.
"""

from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from duepost.features import Feature
from duepost.sms import Encoding, measure
from duepost.statuses import Status
from worker.http_line import Answer, NoAnswer
from worker.providers.finding import Finding
from worker.providers.hiding import hide
from worker.providers.http_account import HttpAccount
from worker.providers.http_verdicts import ACCEPTED, CREDENTIALS, REJECTED, judge, outcome_of
from worker.providers.port import Job, Outcome, Verdict
from worker.providers.sms_port import (
    FEATURES,
    NOT_ROUTABLE,
    Reports,
    sender_of,
    text_of,
)

NO_NUMBER = Finding(Verdict.REFUSED, Status.MISSING_EMAIL_ADDRESS, "ADDRESS_MISSING")
# HTTP status and how the body begins (smsbox 1.4.5) -> what it means; the rest is judged as HTTP
WORDS: dict[tuple[int, bytes], Finding] = {
    (202, b"0: Accepted for delivery"): ACCEPTED,
    (202, b"3: Queued for later delivery"): ACCEPTED,  # the operator's link is down: Kannel keeps it and sends it later
    (403, b"Not routable."): NOT_ROUTABLE,  # "Do not try again."
    (403, b"Number(s) has/have been denied"): REJECTED,  # by Kannel's lists
    (403, b"Authorization failed"): CREDENTIALS,
    (400, b"Empty receiver number"): NO_NUMBER,
    (400, b"Missing receiver"): NO_NUMBER,
}
EVERY_REPORT = 31  # delivered 1, failed 2, kept by the operator 4, taken by the operator 8, refused by it 16
# what Kannel puts in: the kind of report, and the operator's own words
REPORT_FIELDS = "type=%d&answer=%A"


@dataclass(frozen=True, kw_only=True)
class Kannel(HttpAccount):
    """A Kannel's sendsms.

    url: the whole address, http://host:13013/cgi-bin/sendsms. sender: From, where the send has none of its own.
    reports: None asks for none.
    """

    user: str
    password: str = field(repr=False)
    sender: str
    reports: Reports | None = None

    @property
    def features(self) -> frozenset[Feature]:
        """A text and a sender."""
        return FEATURES

    def send(self, job: Job) -> Outcome:
        """GET sendsms once. The password stands in the address: nothing that quotes it leaves this file."""
        answer = self._http.call("GET", self._address(job))
        return hide(_meant(answer) or judge(answer, self.now()), [self.password])

    def _address(self, job: Job) -> str:
        text = text_of(job)
        query = {
            "username": self.user,
            "password": self.password,
            "from": sender_of(job, self.sender),
            "to": job.to_address or "",
            "text": text,
            "charset": "UTF-8",
            "coding": "2" if measure(text).encoding is Encoding.UCS2 else "0",
        }
        if self.reports:
            query["dlr-mask"] = str(EVERY_REPORT)
            address = self.reports.address(job.token).replace("%", "%%")  # Kannel takes one away where it puts in
            query["dlr-url"] = f"{address}?{REPORT_FIELDS}"
        # quote, not quote_plus: whatever stands behind the name Kannel reads %20 as a blank.
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(query, quote_via=quote, safe='')}"


def _meant(answer: Answer | NoAnswer) -> Outcome | None:
    if not (isinstance(answer, Answer) and answer.whole):
        return None
    for (status, words), finding in WORDS.items():
        if answer.status == status and answer.body.startswith(words):
            return outcome_of(finding, answer)
    return None

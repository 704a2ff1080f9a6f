"""How does an e-invoice leave through an access point of the Peppol network?

By the REST interface of phoss-ap (github.com/phax/phoss-ap): the document is handed over once, under an instance id of
ours, and its fate asked for by that id. phoss-ap takes a repeated instance id as a new transaction (no unique index in
its V1__InitDatabase.sql), so nothing in doubt is handed over again before it was asked.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import quote, urlencode

from duepost.einvoice.look import Found, look
from duepost.einvoice.participants import participant
from duepost.errors import ConfigError, InvalidSend
from duepost.features import Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.http_line import Answer, NoAnswer
from worker.providers.as4_verdicts import DISABLED, NOT_STORED, of_report, of_transaction
from worker.providers.hiding import hide
from worker.providers.http_account import HttpAccount
from worker.providers.http_verdicts import UNKNOWN, judge, outcome_of
from worker.providers.port import Job, Outcome, Verdict

SCHEME = "iso6523-actorid-upis::"


@dataclass(frozen=True, kw_only=True)
class As4Gateway(HttpAccount):
    """An access point.

    url: without `/api`. token: for X-Token. sender: SCHEME:ID that the access point serves. country: of the sender, two
    letters. total_limit: for one call, connecting included; handing over lasts until the receiver has answered.

    Raises: ConfigError for a token, a sender or a url that cannot be used; OSError when ca_file holds no certificates.
    """

    sender: str
    country: str
    token: str | None = field(default=None, repr=False)
    total_limit: timedelta = timedelta(seconds=60)

    def __post_init__(self) -> None:
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise ConfigError("token", "cannot stand in a header", "use printable ASCII without line breaks")
        if participant(self.sender) is None:
            raise ConfigError("sender", "is no participant", "write SCHEME:IDENTIFIER, like 0184:DK12345674")
        super().__post_init__()

    @property
    def features(self) -> frozenset[Feature]:
        """One document, to any participant."""
        return frozenset({Feature.DOCUMENT, Feature.PARTICIPANT})

    @property
    def total_deadline(self) -> timedelta:
        """A question, a call, and a question after it."""
        return self.total_limit * 3

    def send(self, job: Job) -> Outcome:
        """Hand the document over once, the send's token as its instance id."""
        request = self._request(job)
        if isinstance(request, Outcome):
            return request
        answer = self._http.post(*request)
        said = None
        if isinstance(answer, Answer) and answer.whole:
            if answer.status == 200:
                said = of_report(answer)
            elif answer.status == 404:
                said = outcome_of(DISABLED, answer)
            elif answer.status == 422:
                said = self._after_failure(job, answer)
            elif answer.status == 500:
                said = outcome_of(UNKNOWN, answer)  # it may have stored the document before it failed
        return self._without_secret(said or judge(answer, self.now()))

    def ask(self, job: Job) -> Outcome | None:
        """What became of the instance id; None when the access point knows none."""
        answer = self._asked(job)
        if isinstance(answer, Answer) and answer.whole and answer.status == 404 and not answer.body:
            return None  # phoss-ap's own 404 has no body; that of a wrong address or a proxy has
        said = of_transaction(answer) if isinstance(answer, Answer) and answer.status == 200 else None
        if said is not None:
            return self._without_secret(said)
        vain = self._without_secret(judge(answer, self.now()))
        if vain.verdict is Verdict.WAIT:
            return vain
        reason = Reason("ASKED_IN_VAIN", values={"cause": vain.reason.code, **vain.reason.values})
        return replace(vain, verdict=Verdict.TRANSIENT, status=Status.ERROR_SENDING_EMAIL, reason=reason)

    def _after_failure(self, job: Job, answer: Answer) -> Outcome:
        # 422: the first attempt failed and others follow, or none will, or it left and only its record failed.
        said = self.ask(job)
        if said is None:
            return outcome_of(NOT_STORED, answer)
        if said.transient:  # it has it, and cannot be asked now
            reason = Reason("ANSWER_UNREADABLE", values={"http": answer.status})
            return Outcome(Verdict.UNKNOWN, Status.ERROR, reason, said.answer)
        return said

    def _asked(self, job: Job) -> Answer | NoAnswer:
        place = f"{self._api}/status/{quote(job.token, safe='')}?includeArchive=true"
        return self._http.call("GET", place, self._headers())

    def _request(self, job: Job) -> tuple[str, bytes, dict[str, str]] | Outcome:
        """Where to, what, under which headers; the refusal of what cannot be handed over."""
        if job.document is None:
            return Outcome(Verdict.REFUSED, Status.ERROR, Reason("DOCUMENT_MISSING", field="Document"))
        receiver = participant(job.to_address or "")
        if receiver is None:
            return Outcome(Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS, Reason("ADDRESS_INVALID", field="ToAddress"))
        try:
            # The door has judged its check digits; what was let through there is not stopped here.
            found = look(job.document.content, job.to_address, gln_check="warn")
        except InvalidSend:
            return Outcome(Verdict.REFUSED, Status.ERROR, Reason("NOT_AN_EINVOICE", field="Document"))
        headers = {**self._headers(), "Content-Type": "application/xml"}
        return self._place(found, receiver, job), job.document.content, headers

    def _place(self, found: Found, receiver: str, job: Job) -> str:
        names = (SCHEME + self.sender, SCHEME + receiver, found.document_type, found.process, self.country)
        query = urlencode({"sbdhInstanceID": job.token, "custom1": job.invoice})
        return f"{self._api}/submit/{'/'.join(quote(name, safe='') for name in names)}?{query}"

    @property
    def _api(self) -> str:
        return f"{self.url.rstrip('/')}/api/outbound"

    def _headers(self) -> dict[str, str]:
        accept = {"Accept": "application/json"}
        return accept if self.token is None else {**accept, "X-Token": self.token}

    def _without_secret(self, outcome: Outcome) -> Outcome:
        return hide(outcome, [self.token or ""])

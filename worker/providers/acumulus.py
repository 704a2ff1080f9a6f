"""How does Acumulus mail an invoice that it has, or a reminder of it?

Acumulus API, "Email invoice or reminder": POST invoices/invoice_mail.php, one form field `xmlstring`. It knows no
repeats and cannot be asked, so what may have been taken is repeated by nobody but a person.
"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from duepost.features import Feature
from duepost.reasons import Reason
from duepost.sends import Kind
from duepost.statuses import Status
from worker.providers.acumulus_answer import read
from worker.providers.acumulus_request import TOKEN, Contract, document
from worker.providers.acumulus_verdicts import meant
from worker.providers.hiding import hide
from worker.providers.http_account import HttpAccount
from worker.providers.port import Job, Outcome, Verdict

PLACE = "invoices/invoice_mail.php"


@dataclass(frozen=True, kw_only=True)
class Acumulus(HttpAccount):
    """An account at Acumulus.

    url: of the API's tree, without the resource. language: of its answers.
    """

    contract: Contract
    url: str = "https://api.sielsystems.nl/acumulus/stable"
    language: Literal["en", "nl"] = "en"

    @property
    def features(self) -> frozenset[Feature]:
        """No document of ours, and no name beside From."""
        return frozenset(
            {
                Feature.SUBJECT,
                Feature.NOTE,
                Feature.SENDER,
                Feature.CONFIRM_READ,
                Feature.COPY,
                Feature.INTERNAL_NOTE,
                Feature.PROVIDER_DOCUMENTS,
            }
        )

    def send(self, job: Job) -> Outcome:
        """POST the mail once."""
        if not TOKEN.fullmatch(job.reference or ""):
            return Outcome(Verdict.REFUSED, Status.ERROR, Reason("INVOICE_TOKEN_MISSING", field="Reference"))
        if not (job.to_address or "").strip():  # Acumulus would mail whomever it has on file
            return Outcome(Verdict.REFUSED, Status.MISSING_EMAIL_ADDRESS, Reason("ADDRESS_MISSING", field="ToAddress"))
        # A credit note is an invoice there, by a token of its own.
        xml = document(job, self.contract, reminder=job.kind == Kind.REMINDER, language=self.language)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json, application/xml"}
        body = urlencode({"xmlstring": xml}).encode()
        answer = self._http.post(f"{self.url.rstrip('/')}/{PLACE}", body, headers)
        return hide(meant(answer, read(answer), self.now()), [self.contract.password, str(job.reference)])

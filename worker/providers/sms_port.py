"""What do the adapters of SMS gateways have in common?"""

from dataclasses import dataclass, field
from urllib.parse import quote

from duepost.features import Feature
from duepost.signed import report_context, sign
from duepost.statuses import Status
from worker.providers.finding import Finding
from worker.providers.port import Job, Verdict

FEATURES = frozenset({Feature.NOTE, Feature.SENDER})

NUMBER_UNKNOWN = Finding(Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS, "NUMBER_UNKNOWN")
NOT_ROUTABLE = Finding(Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS, "NOT_ROUTABLE")
UNREACHABLE = Finding(Verdict.REFUSED, Status.EMAIL_BOUNCED, "UNREACHABLE")
OPTED_OUT = Finding(Verdict.REFUSED, Status.EMAIL_REJECTED, "OPTED_OUT")


@dataclass(frozen=True, slots=True)
class Reports:
    """Where a gateway reports what became of an SMS.

    url: of ours, without the account. account: the provider account's name. key: signs the reference.
    """

    url: str
    account: str
    key: str = field(repr=False)

    def address(self, token: str) -> str:
        """The address for this send's reports."""
        signed = sign(token, self.key, report_context(self.account))
        return f"{self.url.rstrip('/')}/{quote(self.account, safe='')}/{quote(signed, safe='')}"


def text_of(job: Job) -> str:
    """What the SMS says. Texts are made when a send is enqueued; one from before that says what it is about."""
    return job.note or f"Invoice {job.invoice}"


def sender_of(job: Job, sender: str) -> str:
    """The send's own sender id, else the account's."""
    return job.options.sender or sender

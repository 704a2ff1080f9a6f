"""What do the adapters of SMS gateways have in common?"""

import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from requests import PreparedRequest, RequestException

from duepost.errors import ConfigError
from duepost.features import Feature
from duepost.reasons import Reason
from duepost.signed import report_context, sign
from duepost.statuses import Status
from worker.http_line import Answer
from worker.providers.finding import ANSWER_LIMIT, Finding, reference
from worker.providers.http_verdicts import outcome_of
from worker.providers.port import Job, Outcome, Verdict

FEATURES = frozenset({Feature.NOTE, Feature.SENDER})

ACCEPTED = Finding(Verdict.ACCEPTED, Status.SENT, "ACCEPTED")
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


def accepted(answer: Answer, name: str) -> Outcome:
    """A yes, with the gateway's own name for the message."""
    return replace(outcome_of(ACCEPTED, answer), provider_reference=reference(name))


def coded(finding: Finding, answer: Answer, code: int | str) -> Outcome:
    """The outcome, the gateway's own code among the reason's values."""
    outcome = outcome_of(finding, answer)
    return replace(outcome, reason=Reason(finding.code, values={**outcome.reason.values, "code": code}))


def fields_of(answer: Answer) -> dict[str, Any]:
    """Of the JSON object that the answer is; none when it is something else."""
    if not answer.whole:
        return {}
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or nested to break the parser
        return {}
    return said if isinstance(said, dict) else {}


def hide(outcome: Outcome, secrets: Iterable[str]) -> Outcome:
    """The outcome without the secrets, however an answer or a library's error may write them."""
    forms = {form for secret in secrets if secret for form in _forms(secret)}

    def cleaned(words: str | None) -> str | None:
        whole = words and len(words) < ANSWER_LIMIT
        for form in sorted(forms, key=len, reverse=True):
            words = words and words.replace(form, "***")
        return words if whole else words and _without_end(words, forms)

    return replace(outcome, answer=cleaned(outcome.answer), provider_reference=cleaned(outcome.provider_reference))


def _without_end(words: str, forms: Iterable[str]) -> str:
    """Of an answer that was cut: its end may be the beginning of a secret."""
    begun = (count for form in forms for count in range(1, len(form)) if words.endswith(form[:count]))
    return words[: len(words) - max(begun, default=0)]


def _forms(secret: str) -> Iterable[str]:
    escaped = (quote(secret), quote(secret, safe=""), quote_plus(secret))
    return {secret, json.dumps(secret)[1:-1], *escaped, *(_lower_escapes(form) for form in escaped)}


def _lower_escapes(form: str) -> str:
    first, *others = form.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in others)])


def basic(user: str, password: str) -> str:
    """The value of an Authorization header. Source: RFC 7617, in UTF-8."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")


def check_url(url: str) -> None:
    """Raises: ConfigError when no request can go there. Later, an error could quote a request's secrets."""
    try:
        PreparedRequest().prepare_url(url, None)
        fits = urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname)
    except (RequestException, ValueError):
        fits = False
    if not fits:
        raise ConfigError("url", "is no address to send to", "write it like https://host/path")

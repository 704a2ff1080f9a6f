"""What does the access point's word for a transaction mean for the send?

Source: phoss-ap, EOutboundStatus and OutboundOrchestrator (state of August 2026).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from duepost.statuses import Status
from worker.http_line import Answer, NoAnswer
from worker.providers.finding import Finding, reference
from worker.providers.http_verdicts import REJECTED, outcome_of
from worker.providers.port import Outcome, Verdict

ACCEPTED = Finding(Verdict.ACCEPTED, Status.SENT, "ACCEPTED")
AT_WORK = Finding(Verdict.PENDING, Status.QUEUE, "IN_PROGRESS")
DISABLED = Finding(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "SENDING_DISABLED", alarm=True)
NOT_STORED = Finding(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "TEMPORARY")
NOT_REGISTERED = Finding(Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS, "RECEIVER_NOT_REGISTERED")
NOT_DELIVERED = Finding(Verdict.REFUSED, Status.EMAIL_BOUNCED, "NOT_DELIVERED")

# the access point's word -> what it means
WORDS: Mapping[str, Finding] = {
    "pending": AT_WORK,
    "sending": AT_WORK,
    "failed": AT_WORK,  # it tries again by itself, even where the receiver takes no such document
    "sent": ACCEPTED,  # the receiver's access point has signed for it
    "rejected": REJECTED,  # by its own check of the document
    "permanently_failed": NOT_DELIVERED,  # out of attempts
}
# how the "errorDetails" of what failed for good begin -> what it means; any other is NOT_DELIVERED. The first is of a
# receiver that the network does not know, the second phase4's (AS4EndpointDetailProviderPeppol) of one that cannot be
# looked up for this document; phoss-ap takes both for "not registered". Technical details, which follow the first, may
# hold any words.
DETAILS: Mapping[re.Pattern[str], Finding] = {
    re.compile(r"The participant ID '[^']*' is not registered in the Peppol Network\b"): NOT_REGISTERED,
    re.compile(r"Failed to resolve SMP endpoint \("): NOT_REGISTERED,
}


def of_transaction(answer: Answer) -> Outcome | None:
    """Of the answer to a question for it; None when it is no word that we know."""
    fields = fields_of(answer)
    finding = WORDS.get(str(fields.get("status")))
    if finding is None:
        return None
    if finding is NOT_DELIVERED:
        details = str(fields.get("errorDetails") or "")
        finding = next((said for pattern, said in DETAILS.items() if pattern.match(details)), finding)
    name = fields.get("id")
    return replace(outcome_of(finding, answer), provider_reference=reference(name) if isinstance(name, str) else None)


def of_report(answer: Answer) -> Outcome | None:
    """Of a sending report with 200; None when it does not say that all went well."""
    fields = fields_of(answer)
    if fields.get("overallSuccess") is not True:
        return None
    return outcome_of(ACCEPTED, answer)


def fields_of(answer: Answer | NoAnswer) -> Mapping[str, Any]:
    """Of the JSON object that the body is; none when it is something else."""
    if not (isinstance(answer, Answer) and answer.whole):
        return {}
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}

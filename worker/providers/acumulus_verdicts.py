"""What does Acumulus' answer mean for the send?"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from duepost.reasons import Reason
from duepost.statuses import Status
from worker.http_line import Answer, NoAnswer
from worker.providers.acumulus_answer import Remark, Said
from worker.providers.finding import Finding, printable
from worker.providers.http_answer import is_page
from worker.providers.http_verdicts import (
    ACCEPTED,
    CREDENTIALS,
    NOT_FOUND,
    STATUSES,
    TEMPORARY,
    THROTTLED,
    UNKNOWN,
    judge_foreign,
    outcome_of,
)
from worker.providers.port import Outcome, Verdict

REFUSED = Finding(Verdict.REFUSED, Status.ERROR, "REFUSED_BY_PROVIDER")
ADDRESS = Finding(Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS, "ADDRESS_REFUSED")
WARNED = Finding(Verdict.UNKNOWN, Status.ERROR, "WARNED")  # its pages do not say whether the mail left
PAGE = Finding(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "ANSWER_UNREADABLE")

# tag of an error -> what it means
TAGS: Mapping[str, Finding] = {
    "TNFE4035G": NOT_FOUND,  # no invoice by this token
    "AF1001MCS": CREDENTIALS,  # no contract
    "A8N403GCN": CREDENTIALS,  # the user's role is too low
}
# first number of an error's code -> what it means
CODES: Mapping[str, Finding] = {"401": CREDENTIALS, "403": CREDENTIALS, "404": NOT_FOUND}
# HTTP status of an error whose code tells nothing -> what it means
OF_HTTP: Mapping[int, Finding] = {401: CREDENTIALS, 403: CREDENTIALS, 429: THROTTLED, 500: UNKNOWN, 503: TEMPORARY}
# warnings with which the mail leaves: a type of invoice that it does not know, an old kind of user
HARMLESS = {"GK6FKHU52", "XUPR7NEC8"}
# a wrong address, in English and Dutch, the two that it answers in
ABOUT_ADDRESS = re.compile(
    r"(?=.*(e-?mail|address|adres))(?=.*(incorrect|inconsistent|invalid|wrong|onjuist|ongeldig|inconsequent))",
    re.I | re.S,
)


def meant(answer: Answer | NoAnswer, said: Said | None, now: datetime) -> Outcome:
    """The outcome; what Acumulus has not said itself is judged as HTTP is, a page in its place as not taken."""
    if said is None or not isinstance(answer, Answer):
        outcome = judge_foreign(answer, now, repeats=False)
        if isinstance(answer, Answer) and answer.whole and is_page(answer) and _before_it(answer, outcome):
            return outcome_of(PAGE, answer, outcome.retry_after)
        return outcome
    finding = _finding(answer, said)
    outcome = outcome_of(finding, answer)
    values = {**outcome.reason.values, "status": said.status}
    if said.tags:
        values["tags"] = printable(" ".join(said.tags))[:200]
    return replace(outcome, reason=Reason(finding.code, outcome.reason.field, values))


def _before_it(answer: Answer, outcome: Outcome) -> bool:
    """True where a page stands before Acumulus and HTTP itself says nothing surer, and nothing of a lost answer."""
    return answer.status != 500 and STATUSES.get(answer.status) is None and outcome.verdict is not Verdict.WAIT


def _finding(answer: Answer, said: Said) -> Finding:
    match said.status:
        case 0:
            return WARNED if said.errors else ACCEPTED
        case 2:
            harmful = [one for one in said.warnings if one.tag not in HARMLESS]
            return WARNED if said.errors else _warned(harmful, said)
        case 3:
            return TEMPORARY
    for one in said.errors:
        found = TAGS.get(one.tag) or CODES.get(one.code.strip()[:3])
        if found:
            return found
    return OF_HTTP.get(answer.status, REFUSED)


def _warned(warnings: list[Remark], said: Said) -> Finding:
    if not warnings:
        return ACCEPTED if said.warnings else WARNED
    return ADDRESS if any(ABOUT_ADDRESS.search(one.message) for one in warnings) else WARNED

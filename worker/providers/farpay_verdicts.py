"""What do FarPay's status of an invoice and its error codes mean for the send?

FarPay API v2, "Send" node, table of send statuses; "Invoice", error codes of POST invoices.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from duepost.reasons import Reason
from duepost.statuses import Status
from worker.http_line import Answer, NoAnswer
from worker.providers.finding import Finding, reference
from worker.providers.http_verdicts import CREDENTIALS, TOO_LARGE, judge, judge_foreign, outcome_of
from worker.providers.port import Outcome, Verdict

AT_WORK = Finding(Verdict.PENDING, Status.QUEUE, "IN_PROGRESS")
REFUSED = Finding(Verdict.REFUSED, Status.ERROR, "FARPAY_REFUSED")
# A 500 may come after the invoice was stored, so it is asked for before anything else.
FAILED_INSIDE = Finding(Verdict.UNKNOWN, Status.ERROR, "GATEWAY_LOST_IT")

# FarPay's number -> what it means; each number keeps its meaning here, see duepost.statuses
STATUSES: Mapping[int, Finding] = {
    Status.QUEUE: AT_WORK,
    Status.PENDING_APPROVAL: Finding(Verdict.PENDING, Status.QUEUE, "AWAITS_APPROVAL"),
    Status.READY_TO_PRINT: Finding(Verdict.PENDING, Status.QUEUE, "IN_PRINT_QUEUE"),
    Status.SENT: Finding(Verdict.ACCEPTED, Status.SENT, "ACCEPTED"),
    Status.ERROR: Finding(Verdict.REFUSED, Status.ERROR, "HALTED"),
    # It has the invoice, and nobody says whether it tries again by itself: no other lane may take it over.
    Status.ERROR_SENDING_EMAIL: Finding(Verdict.PENDING, Status.ERROR_SENDING_EMAIL, "MAIL_TROUBLE"),
    Status.WRONG_EMAIL_ADDRESS: Finding(Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS, "MAILBOX_UNKNOWN"),
    Status.EMAIL_BOUNCED: Finding(Verdict.REFUSED, Status.EMAIL_BOUNCED, "MAILBOX_UNAVAILABLE"),
    Status.EMAIL_MARKED_AS_SPAM: Finding(Verdict.REFUSED, Status.EMAIL_MARKED_AS_SPAM, "SPAM"),
    Status.EMAIL_REJECTED: Finding(Verdict.REFUSED, Status.EMAIL_REJECTED, "REJECTED"),
    Status.MISSING_EMAIL_ADDRESS: Finding(Verdict.REFUSED, Status.MISSING_EMAIL_ADDRESS, "ADDRESS_MISSING"),
    Status.NA: Finding(Verdict.REFUSED, Status.NA, "SENDS_NOTHING"),
    Status.NOT_SENT: Finding(Verdict.REFUSED, Status.NOT_SENT, "NOT_SENT_THERE"),
}
NAMES: Mapping[str, Status] = {status.label.casefold(): status for status in Status}

IDS = 18  # digits of an id, at most; FarPay's have eight
NUMBER_TAKEN = 10009
# code of an error -> what it means; every other code refuses this send alone
CODES: Mapping[int, Finding] = {
    9000: CREDENTIALS,  # the key; the next send would meet the same, so it must not end the whole month's
}
# HTTP status of an answer without a code -> what it means, whoever says it
WITHOUT_CODE: Mapping[int, Finding] = {413: TOO_LARGE, 500: FAILED_INSIDE}
IN_WORDS = frozenset({400, 422})  # HTTP status of a refusal of this send in FarPay's words alone, without a code
CODE = re.compile(r"^\s*(\d{1,9})(?::\d{1,9})?::")


def status_of(fields: Mapping[str, Any]) -> Status | None:
    """The send status of an invoice: a number, a number in quotes, or a name in any case."""
    node = fields.get("Send")
    for said in (fields.get("SendStatus"), node.get("Status") if isinstance(node, Mapping) else None):
        status = _status(said)
        if status is not None:
            return status
    return None


def _status(said: object) -> Status | None:
    if isinstance(said, bool) or not isinstance(said, int | str):
        return None
    word = str(said).strip()
    if word.isascii() and word.isdecimal():
        number = int(word[:9])
        return Status(number) if number in STATUSES else None
    return NAMES.get(word.casefold())


def of_invoice(answer: Answer, fields: Mapping[str, Any]) -> Outcome | None:
    """Of an answer that shows the invoice; None when it shows none."""
    number = id_of(fields)
    status = status_of(fields)
    if status is None and (number is None or fields.get("SendStatus") is not None):
        return None
    outcome = outcome_of(STATUSES[status] if status else AT_WORK, answer)
    values = {**outcome.reason.values, "status": int(status)} if status else outcome.reason.values
    named = None if number is None else reference(str(number))
    return replace(outcome, reason=Reason(outcome.reason.code, values=values), provider_reference=named)


def of_refusal(answer: Answer | NoAnswer, now: datetime) -> Outcome:
    """Of an answer that shows no invoice: by its code where it has one, else by HTTP. A page of another's refuses none.

    A 404 without a code is the address's fault: a POST names no invoice, and a PATCH one that was shown just before.
    """
    if not isinstance(answer, Answer):
        return judge(answer, now)
    code = code_of(answer)
    if code is not None:
        # Who may call, how often, and what failed inside, HTTP says more surely than the code.
        by_http = code not in CODES and (answer.status in {401, 403, 429} or answer.status > 500)
        outcome = judge(answer, now) if by_http else outcome_of(CODES.get(code, REFUSED), answer)
        return replace(outcome, reason=Reason(outcome.reason.code, values={**outcome.reason.values, "code": code}))
    finding = REFUSED if answer.status in IN_WORDS and _has_words(answer) else WITHOUT_CODE.get(answer.status)
    return outcome_of(finding, answer) if finding else judge_foreign(answer, now)


def _has_words(answer: Answer) -> bool:
    said = read(answer)
    return isinstance(said, Mapping) and isinstance(said.get("Message"), str)


def id_of(fields: Mapping[str, Any]) -> int | None:
    """FarPay's own number of the invoice."""
    number = fields.get("Id")
    if isinstance(number, str) and number.isascii() and number.isdecimal() and len(number) <= IDS:
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    return number if 0 < number < 10**IDS else None


def code_of(answer: Answer | NoAnswer) -> int | None:
    """The code of `code::text`, wherever an answer that is no success has it."""
    if not isinstance(answer, Answer) or answer.status < 400:
        return None
    said = read(answer)
    if isinstance(said, Mapping):
        said = said.get("Message")
    if said is None:  # plain text, or XML
        said = re.sub(r"<[^>]*>", "", answer.body[:4000].decode(errors="replace"))
    found = CODE.match(said) if isinstance(said, str) else None
    return int(found[1]) if found else None


def read(answer: Answer | NoAnswer) -> Any:
    """The JSON that a whole answer is; None when it is none."""
    if not (isinstance(answer, Answer) and answer.whole):
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or nested to break the parser
        return None


def shown(answer: Answer | NoAnswer, number: int | None = None, invoice: str | None = None) -> Mapping[str, Any]:
    """The invoice that a success shows; nothing when it is something else, or another invoice than asked for."""
    said = read(answer) if isinstance(answer, Answer) and answer.status // 100 == 2 else None
    if not isinstance(said, dict):
        return {}
    other = number is not None and id_of(said) not in {None, number}
    named = said.get("InvoiceNumber")
    return {} if other or (invoice and named and plain(named) != plain(invoice)) else said


def plain(number: object) -> str:
    """A number of an invoice or customer as it may be kept: without blanks, leading zeros and case."""
    return str(number).strip().casefold().lstrip("0")

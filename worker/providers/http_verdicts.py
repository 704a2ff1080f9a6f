"""What does an HTTP answer, or none, mean for the send?

RFC 9110. The body of a 2xx decides, and only its adapter can read it; all else is judged here for every adapter.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from duepost.reasons import Reason
from duepost.statuses import Status
from worker.broken import CERTIFICATE_REFUSED, root, word
from worker.http_line import Answer, NoAnswer
from worker.providers.finding import ANSWER_LIMIT, Finding, raw, reference
from worker.providers.port import Outcome, Verdict

LONGEST_RETRY_AFTER = timedelta(hours=24)
SAME_KEY_IN_FLIGHT = timedelta(seconds=5)

ACCEPTED = Finding(Verdict.ACCEPTED, Status.SENT, "ACCEPTED")
TEMPORARY = Finding(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "TEMPORARY")
THROTTLED = Finding(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "THROTTLED")
CREDENTIALS = Finding(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "CREDENTIALS_REFUSED", alarm=True)
UNKNOWN = Finding(Verdict.UNKNOWN, Status.ERROR, "GATEWAY_LOST_IT")
UNREADABLE = Finding(Verdict.UNKNOWN, Status.ERROR, "ANSWER_UNREADABLE")
NOT_FOUND = Finding(Verdict.REFUSED, Status.ERROR, "NOT_FOUND")
PROTOCOL = Finding(Verdict.REFUSED, Status.ERROR, "PROTOCOL", alarm=True)
REDIRECTED = Finding(Verdict.REFUSED, Status.ERROR, "REDIRECTED", alarm=True)
ASTRAY = Finding(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "API_NOT_FOUND", alarm=True)
TOO_LARGE = Finding(Verdict.REFUSED, Status.EMAIL_REJECTED, "MESSAGE_TOO_LARGE")
REJECTED = Finding(Verdict.REFUSED, Status.EMAIL_REJECTED, "REJECTED")

# HTTP status -> what it means
STATUSES: Mapping[int, Finding] = {
    401: CREDENTIALS,
    402: CREDENTIALS,
    403: CREDENTIALS,
    404: NOT_FOUND,
    407: CREDENTIALS,
    408: TEMPORARY,
    409: TEMPORARY,  # the same key is in flight; an adapter whose provider says "already done" here reads that first
    413: TOO_LARGE,
    421: TEMPORARY,
    423: TEMPORARY,
    424: TEMPORARY,
    425: TEMPORARY,
    429: THROTTLED,
    501: PROTOCOL,
    502: UNKNOWN,  # a gateway speaks; the server behind it may have taken the request
    504: UNKNOWN,
    505: PROTOCOL,
    511: PROTOCOL,
    520: UNKNOWN,  # Cloudflare's 502
    524: UNKNOWN,  # Cloudflare's 504
}
# hundreds of the HTTP status -> what the others mean
HUNDREDS: Mapping[int, Finding] = {3: REDIRECTED, 4: REJECTED, 5: TEMPORARY}


def judge(answer: Answer | NoAnswer, now: datetime, *, repeats: bool = True) -> Outcome:
    """What it means; a 2xx counts as unreadable here, since its adapter could not read a yes or no in it.

    The reason's values are `http`, or `error` where no answer came. repeats: the provider recognises a repeat, or is
    asked before one; where it does neither, a 500 may come after the send was taken.
    """
    if isinstance(answer, NoAnswer):
        return _no_answer(answer)
    finding = STATUSES.get(answer.status) or HUNDREDS.get(answer.status // 100, UNREADABLE)
    if answer.status == 500 and not repeats:
        finding = UNKNOWN
    retry_after = None
    if answer.status == 409:
        retry_after = SAME_KEY_IN_FLIGHT
    if answer.status in {429, 503}:
        retry_after = parse_retry_after(answer.headers.get("Retry-After"), now)
        finding = finding if retry_after is None else THROTTLED
    return outcome_of(finding, answer, retry_after)


def judge_foreign(answer: Answer | NoAnswer, now: datetime, *, repeats: bool = True) -> Outcome:
    """As judge, of what is not in the provider's own words: a balancer's page, or whatever a wrong address leads to.

    It refuses no send, for the next would meet the same.
    """
    outcome = judge(answer, now, repeats=repeats)
    if isinstance(answer, Answer) and outcome.verdict is Verdict.REFUSED:
        return outcome_of(ASTRAY, answer)
    return outcome


def outcome_of(finding: Finding, answer: Answer, retry_after: timedelta | None = None) -> Outcome:
    """The outcome with the provider's words."""
    reason = Reason(finding.code, values={"http": answer.status})
    words = raw(f"{answer.status} {answer.body[: 4 * ANSWER_LIMIT].decode(errors='replace')}")
    return Outcome(finding.verdict, finding.status, reason, words, retry_after, alarm=finding.alarm)


def accepted(answer: Answer, name: str) -> Outcome:
    """A yes, with the provider's own name for it."""
    return replace(outcome_of(ACCEPTED, answer), provider_reference=reference(name))


def coded(finding: Finding, answer: Answer, code: int | str) -> Outcome:
    """The outcome, the provider's own code among the reason's values."""
    outcome = outcome_of(finding, answer)
    return replace(outcome, reason=Reason(finding.code, values={**outcome.reason.values, "code": code}))


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """The wait that a Retry-After header asks for, at most 24 hours; None when it says nothing that can be used."""
    value = (value or "").strip()
    if value.isascii() and value.isdecimal():
        return min(timedelta(seconds=int(value[:10])), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # no date, or a year that no integer of C holds
        return None
    wait = moment.replace(tzinfo=moment.tzinfo or UTC) - now
    return min(wait, LONGEST_RETRY_AFTER) if wait > timedelta(0) else None


def _no_answer(answer: NoAnswer) -> Outcome:
    code = word(answer.error)
    cause = root(answer.error)
    reason = Reason(code, values={"error": type(cause).__name__})
    text = raw(f"{type(cause).__name__}: {cause}")
    if answer.begun:
        return Outcome(Verdict.UNKNOWN, Status.ERROR, reason, text)
    alarm = code == CERTIFICATE_REFUSED
    return Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, reason, text, alarm=alarm)

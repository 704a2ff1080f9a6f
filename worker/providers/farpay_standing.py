"""What is to be done about a send whose invoice FarPay has already?

A PATCH repeated sends twice, and one that is left out sends nothing. So what cannot be told goes to a person.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from typing import Any

from duepost.reasons import Reason
from duepost.statuses import Status
from worker.http_line import Answer
from worker.providers.farpay_sends import UNDER_WAY, Whose, enqueued, is_fresh, whose
from worker.providers.farpay_verdicts import AT_WORK, STATUSES, of_invoice, status_of
from worker.providers.http_verdicts import outcome_of
from worker.providers.port import Job, Outcome, Verdict

BUSY_AGAIN = timedelta(minutes=2)  # FarPay sends each minute
# After mail trouble FarPay is told to send once more when half the time that it has lasted has passed, within these.
SOONEST_REPEAT, SELDOMEST_REPEAT = timedelta(minutes=10), timedelta(hours=4)


class Next(Enum):
    """What is to be done."""

    TELL = "what FarPay shows is the send's"
    WAIT = "FarPay said yes, or is at work, and shows nothing of it; at the deadline a person looks"
    REPEAT = "surely nothing of it has left, or it stopped at 310"
    BUSY = "another send of the invoice is under way"
    OTHER = "the invoice shows another send, and ours may have been before it"
    UNDECIDED = "nobody can tell whether it has left"


# whose send the invoice shows at rest, of a send in doubt -> what is to be done; first where FarPay said yes to it
AT_REST: Mapping[Whose, tuple[Next, Next]] = {
    Whose.OURS: (Next.TELL, Next.TELL),
    Whose.EARLIER: (Next.WAIT, Next.REPEAT),
    Whose.PERHAPS: (Next.WAIT, Next.UNDECIDED),
    Whose.OTHER: (Next.OTHER, Next.OTHER),
    Whose.UNSAID: (Next.WAIT, Next.UNDECIDED),
}


def of_doubtful(fields: Mapping[str, Any], job: Job, zone: tzinfo) -> Next:
    """Of a send that FarPay may have, and an invoice that tells its status."""
    status, of = status_of(fields), whose(fields, job, job.in_doubt_since or enqueued(job.id), zone)
    if of is Whose.OTHER:
        return Next.OTHER
    if status in UNDER_WAY:
        if of is Whose.UNSAID and job.provider_reference is None:
            return Next.WAIT  # told with FarPay's id, it would pass for something that FarPay said yes to
        return Next.REPEAT if status is Status.ERROR_SENDING_EMAIL and of is Whose.OURS else Next.TELL
    if of is Whose.PERHAPS and status is not Status.SENT:
        return Next.TELL  # a failure loses nothing in silence
    return AT_REST[of][job.provider_reference is None]


def of_new(fields: Mapping[str, Any], job: Job, zone: tzinfo, now: datetime) -> Next:
    """Of a send that FarPay surely has not: what its invoice shows is another's.

    As far as an attempt before has not reached it after all, with an answer that said otherwise (503): what has left
    since the send was due goes to a person.
    """
    status = status_of(fields)
    tried = job.attempt > 1 and job.first_due is not None
    like_ours = tried and whose(fields, job, job.first_due, zone) is Whose.OURS
    if status in UNDER_WAY:
        return Next.REPEAT if status is Status.ERROR_SENDING_EMAIL and like_ours else Next.BUSY
    if status is Status.SENT and like_ours:
        return Next.UNDECIDED
    return Next.BUSY if is_fresh(fields, job, now, zone) else Next.REPEAT


def told(what: Next, answer: Answer, fields: Mapping[str, Any], job: Job, now: datetime) -> Outcome | None:
    """The outcome; None for REPEAT, and for TELL where the answer shows nothing that can be told."""
    status = status_of(fields)
    if what is Next.TELL:
        said = of_invoice(answer, fields)
        return said and spaced(said, job, now)
    if what is Next.REPEAT or status is None:
        return None
    if what is Next.WAIT:
        return outcome_of(AT_WORK, answer)
    shown = outcome_of(STATUSES[status], answer)
    values = {**shown.reason.values, "status": int(status)}
    if what is Next.UNDECIDED:
        reason = Reason("NOT_TOLD_APART", values=values)
        return Outcome(Verdict.REFUSED, Status.ERROR, reason, shown.answer, undecided=True)
    if what is Next.OTHER:
        return Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, Reason("OTHER_SEND", values=values), shown.answer)
    busy = Reason("INVOICE_BUSY", values=values)
    return Outcome(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, busy, shown.answer, BUSY_AGAIN)


def spaced(said: Outcome, job: Job, now: datetime) -> Outcome:
    """At 310 the next look, which repeats the send, comes so late that a month's sends at 310 are no storm."""
    if said.verdict is not Verdict.PENDING or said.status is not Status.ERROR_SENDING_EMAIL:
        return said
    lasted = now - job.in_doubt_since if job.in_doubt_since else timedelta(0)
    return replace(said, retry_after=min(max(SOONEST_REPEAT, lasted / 2), SELDOMEST_REPEAT))

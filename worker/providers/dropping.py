"""What does a file that was handed over, or was not, mean for the send?

A reader may take the file away at any moment, so an empty place proves nothing: of a send in doubt, only its file or its
unrenamed beginning tells what became of it.
"""

from duepost.features import Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.drop import Drop, DropFailed, safe_name
from worker.providers.finding import raw
from worker.providers.port import Document, Job, Outcome, Verdict

FEATURES = frozenset({Feature.DOCUMENT, Feature.PARTICIPANT})
SUFFIXES = {
    "application/xml": ".xml",
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
}
PAUSES = {"CREDENTIALS_REFUSED"}  # refused for all sends alike


def name_of(job: Job, document: Document) -> str:
    """The invoice's number and the send's token: the same at every attempt, and no other send's."""
    return safe_name(job.invoice, job.token, suffix=SUFFIXES.get(document.media_type, ".bin"))


def hand_over(drop: Drop, job: Job) -> Outcome:
    """Put the send's document there."""
    if job.document is None:
        return Outcome(Verdict.REFUSED, Status.ERROR, Reason("DOCUMENT_MISSING", field="Document"))
    name = name_of(job, job.document)
    try:
        drop.put(name, job.document.content)
    except DropFailed as failure:
        return _failed(failure)
    return _accepted(name)


def found(drop: Drop, job: Job) -> Outcome | None:
    """What became of it; None when it was begun and not renamed, or the send has no document."""
    if job.document is None:
        return None
    name = name_of(job, job.document)
    try:
        if drop.exists(name):
            return _accepted(name)
        if drop.lies_aside(name):
            return None
    except DropFailed as failure:
        refused = _failed(failure)
        if refused.verdict is Verdict.WAIT:
            return refused
        return _in_vain(failure.code)
    return _in_vain("FILE_GONE")


def _accepted(name: str) -> Outcome:
    return Outcome(Verdict.ACCEPTED, Status.SENT, Reason("ACCEPTED"), provider_reference=name[:100])


def _failed(failure: DropFailed) -> Outcome:
    reason, answer = Reason(failure.code), raw(failure.text)
    if failure.begun:
        return Outcome(Verdict.UNKNOWN, Status.ERROR, reason, answer, alarm=failure.alarm)
    verdict = Verdict.WAIT if failure.code in PAUSES else Verdict.TRANSIENT
    return Outcome(verdict, Status.ERROR_SENDING_EMAIL, reason, answer, alarm=failure.alarm)


def _in_vain(cause: str) -> Outcome:
    reason = Reason("ASKED_IN_VAIN", values={"cause": cause})
    return Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, reason)

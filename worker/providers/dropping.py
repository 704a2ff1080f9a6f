"""What does a file that was handed over, or was not, mean for the send?

A reader may take the file away at any moment, so an empty place proves nothing: of a send in doubt only its file, or
its beginning that was not renamed, tells what became of it.
"""

import re

from duepost.features import Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.drop import Drop, DropFailed
from worker.providers.finding import REFERENCE_LIMIT, raw
from worker.providers.port import Document, Job, Outcome, Verdict

FEATURES = frozenset({Feature.DOCUMENT, Feature.PARTICIPANT})
SUFFIXES = {
    "application/xml": ".xml",
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
}
SAFE = re.compile(r"[^A-Za-z0-9._-]+")
INVOICE_LIMIT = 64  # characters


def name_of(job: Job, document: Document) -> str:
    """The invoice's number and the send's token: the same at every attempt, and no other send's."""
    invoice = SAFE.sub("-", job.invoice).strip(".-")[:INVOICE_LIMIT] or "x"
    return f"{invoice}_{job.token}{SUFFIXES.get(document.media_type, '.bin')}"


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
        if drop.exists(f"{name}.part"):  # written aside by SFTP; a folder's own beginnings have names of their own
            return None
    except DropFailed as failure:
        return _in_vain(_failed(failure))
    return _in_vain(Outcome(Verdict.UNKNOWN, Status.ERROR, Reason("FILE_GONE")))


def _accepted(name: str) -> Outcome:
    return Outcome(Verdict.ACCEPTED, Status.SENT, Reason("ACCEPTED"), provider_reference=name[:REFERENCE_LIMIT])


def _failed(failure: DropFailed) -> Outcome:
    code = "DROP_REFUSED" if failure.refused else "TIMED_OUT" if failure.late else "DROP_FAILED"
    if failure.begun:
        return Outcome(Verdict.UNKNOWN, Status.ERROR, Reason(code), raw(str(failure)))
    return Outcome(
        Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, Reason(code), raw(str(failure)), alarm=failure.refused
    )


def _in_vain(cause: Outcome) -> Outcome:
    reason = Reason("ASKED_IN_VAIN", values={"cause": cause.reason.code})
    return Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, reason, cause.answer, alarm=cause.alarm)

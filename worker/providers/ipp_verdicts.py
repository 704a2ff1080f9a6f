"""What do a printer's status codes and job states mean for the send? RFC 8011 5.3.7, 5.3.8 and appendix B."""

from collections.abc import Mapping

from duepost.reasons import Reason
from duepost.statuses import Status
from worker.providers.finding import Finding, raw
from worker.providers.ipp_message import JobState, PrinterJob, Reply
from worker.providers.port import Outcome, Verdict

PRINTED = Finding(Verdict.ACCEPTED, Status.SENT, "PRINTED")
# 100, not 150: what waits for the print run is 150 here and nobody asks for it; a job in a printer is asked for.
IN_PRINTER = Finding(Verdict.PENDING, Status.QUEUE, "IN_PRINTER")
# Still the printer's own: another printer must not take it over, it may come out yet.
STOPPED = Finding(Verdict.PENDING, Status.ERROR_SENDING_EMAIL, "PRINTER_STOPPED", alarm=True)
CANCELED = Finding(Verdict.REFUSED, Status.NOT_SENT, "CANCELED_AT_PRINTER")
ABORTED = Finding(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "ABORTED")
UNPRINTABLE = Finding(Verdict.REFUSED, Status.EMAIL_REJECTED, "UNPRINTABLE")
TEMPORARY = Finding(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "TEMPORARY")
CREDENTIALS = Finding(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "CREDENTIALS_REFUSED", alarm=True)
NO_PRINTER = Finding(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "PRINTER_NOT_FOUND", alarm=True)
PROTOCOL = Finding(Verdict.REFUSED, Status.ERROR, "PROTOCOL", alarm=True)
# It has printed nothing, and another printer of the route may speak ours.
OTHER_VERSION = Finding(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "PROTOCOL", alarm=True)

# status code -> what it means; other 0x04xx are faults of ours, other 0x05xx the printer's trouble
CODES: Mapping[int, Finding] = {
    0x0400: UNPRINTABLE,  # bad request: about this job, as the printers seen say it
    0x0401: CREDENTIALS,
    0x0402: CREDENTIALS,
    0x0403: CREDENTIALS,
    0x0406: NO_PRINTER,
    0x0408: UNPRINTABLE,  # too large
    0x040A: UNPRINTABLE,  # document format
    0x040B: UNPRINTABLE,  # attributes or values, such as two-sided
    0x0411: UNPRINTABLE,  # compression or document format error
    0x0500: TEMPORARY,
    0x0501: PROTOCOL,  # operation not supported
    0x0502: TEMPORARY,
    0x0503: OTHER_VERSION,  # version not supported
    0x0505: TEMPORARY,
    0x0506: TEMPORARY,
    0x0507: TEMPORARY,  # busy
}
# job state -> what it means
STATES: Mapping[JobState, Finding] = {
    JobState.PENDING: IN_PRINTER,
    JobState.HELD: IN_PRINTER,
    JobState.PROCESSING: IN_PRINTER,
    JobState.STOPPED: IN_PRINTER,
    JobState.CANCELED: CANCELED,
    JobState.ABORTED: ABORTED,
    JobState.COMPLETED: PRINTED,
}
# words in job-state-reasons that name the document as the cause
OF_THE_DOCUMENT = ("document-format-error", "unsupported", "document-access-error", "document-unprintable")
STOPPED_SECONDS = 30 * 60  # longer than this a stopped job needs a person


def of_code(said: Reply) -> Outcome:
    """What a refusal means."""
    finding = CODES.get(said.status, PROTOCOL if said.status < 0x0500 else TEMPORARY)
    reason = Reason(finding.code, values={"ipp": f"0x{said.status:04X}"})
    return Outcome(finding.verdict, finding.status, reason, raw(said.message), alarm=finding.alarm)


def of_job(job: PrinterJob) -> Outcome:
    """What the state of our job means."""
    finding = STATES[job.state]
    if job.state is JobState.STOPPED and (job.stopped_seconds or 0) > STOPPED_SECONDS:
        finding = STOPPED
    if job.state is JobState.ABORTED and names_the_document(job):
        finding = UNPRINTABLE
    reason = Reason(finding.code, values={"job_state": int(job.state)})
    answer = raw(", ".join(job.reasons))
    return Outcome(finding.verdict, finding.status, reason, answer, provider_reference=str(job.id), alarm=finding.alarm)


def names_the_document(job: PrinterJob) -> bool:
    """True when the printer gave the job up for what is in it: another try would end the same."""
    return any(word in reason for reason in job.reasons for word in OF_THE_DOCUMENT)

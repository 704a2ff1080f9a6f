"""Does every status code and job state of a printer mean what RFC 8011 says?"""

import pytest

from duepost.statuses import Status
from worker.providers.ipp_message import JobState, PrinterJob, Reply, reply
from worker.providers.ipp_verdicts import STOPPED_SECONDS, of_code, of_job
from worker.providers.port import Verdict

RETRY = (Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL)
PAUSE = (Verdict.WAIT, Status.ERROR_SENDING_EMAIL)
FINAL = (Verdict.REFUSED, Status.EMAIL_REJECTED)
OURS = (Verdict.REFUSED, Status.ERROR)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (0x0500, RETRY),
        (0x0502, RETRY),
        (0x0505, RETRY),
        (0x0506, RETRY),
        (0x0507, RETRY),
        (0x0501, OURS),
        (0x0401, PAUSE),
        (0x0402, PAUSE),
        (0x0403, PAUSE),
        (0x0406, PAUSE),
        (0x0400, FINAL),
        (0x0408, FINAL),
        (0x040A, FINAL),
        (0x040B, FINAL),
        (0x0411, FINAL),
        (0x04FF, OURS),
        (0x05FF, RETRY),
    ],
)
def test_a_status_code(code: int, meaning: tuple[Verdict, Status]) -> None:
    outcome = of_code(Reply(code))
    assert (outcome.verdict, outcome.status) == meaning
    assert outcome.alarm is (meaning in {PAUSE, OURS})


def test_a_printer_of_another_version_of_ipp_calls_an_operator_while_another_printer_may_take_over() -> None:
    outcome = of_code(Reply(0x0503))
    assert ((outcome.verdict, outcome.status), outcome.alarm, outcome.reason.code) == (RETRY, True, "PROTOCOL")


@pytest.mark.parametrize(
    ("state", "verdict", "status"),
    [
        # 150 is what waits for the print run and is asked for by nobody: a job in a printer stays 100 until it is out.
        (JobState.PENDING, Verdict.PENDING, Status.QUEUE),
        (JobState.HELD, Verdict.PENDING, Status.QUEUE),
        (JobState.PROCESSING, Verdict.PENDING, Status.QUEUE),
        (JobState.STOPPED, Verdict.PENDING, Status.QUEUE),
        (JobState.CANCELED, Verdict.REFUSED, Status.NOT_SENT),
        (JobState.ABORTED, Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL),
        (JobState.COMPLETED, Verdict.ACCEPTED, Status.SENT),
    ],
)
def test_a_job_state(state: JobState, verdict: Verdict, status: Status) -> None:
    outcome = of_job(PrinterJob(7, "name", state))
    assert (outcome.verdict, outcome.status, outcome.provider_reference) == (verdict, status, "7")


def test_a_job_stopped_for_half_an_hour_is_310_and_an_alarm() -> None:
    outcome = of_job(PrinterJob(7, "name", JobState.STOPPED, stopped_seconds=STOPPED_SECONDS + 1))
    # Still pending for the ledger: it may come out yet, so no other printer takes it over.
    assert (outcome.verdict, outcome.status, outcome.alarm) == (Verdict.PENDING, Status.ERROR_SENDING_EMAIL, True)


@pytest.mark.parametrize(
    "reason",
    ["document-format-error", "unsupported-document-format", "document-access-error", "unsupported-attributes"],
)
def test_a_job_aborted_for_its_document_is_final(reason: str) -> None:
    outcome = of_job(PrinterJob(7, "name", JobState.ABORTED, (reason,)))
    assert (outcome.verdict, outcome.status) == FINAL


@pytest.mark.parametrize("body", [b"", b"\x02", b"<html>", b"\x02\x00\x00\x00\x00\x00\x00\x01", b"\xff" * 200])
def test_what_is_no_ipp_is_read_as_nothing(body: bytes) -> None:
    assert reply(body) is None

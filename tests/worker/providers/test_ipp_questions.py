"""Does a printer's answer to a question say nothing that only its answer to Print-Job could?"""

import struct
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from duepost.statuses import Status
from sandbox.http_counterpart import HttpCounterpart
from worker.providers.ipp import Ipp
from worker.providers.ipp_message import JobState
from worker.providers.port import Job, Verdict

pytest.importorskip("pyipp")
MakeJob = Callable[..., Job]
LIMIT = timedelta(seconds=5)
OK, BAD_REQUEST, NOT_FOUND, NO_SUCH_OPERATION = 0x0000, 0x0400, 0x0406, 0x0501
UP = 100_000  # seconds that the printer is up
INTEGER, ENUM, NAME, CHARSET = 0x21, 0x23, 0x42, 0x47


def attribute(kind: int, name: bytes, value: bytes) -> bytes:
    return struct.pack(">BH", kind, len(name)) + name + struct.pack(">H", len(value)) + value


def said(status: int, *, job: str | None = None, state: JobState = JobState.COMPLETED, processing: int = 0) -> bytes:
    """RFC 8010 3.1: an answer, with at most one job in it. processing: for how many seconds it is at work on it."""
    told = attribute(CHARSET, b"attributes-charset", b"utf-8")
    if job is not None:
        told += b"\x02" + attribute(INTEGER, b"job-id", struct.pack(">i", 7))
        told += attribute(NAME, b"job-name", job.encode()) + attribute(ENUM, b"job-state", struct.pack(">i", state))
        told += attribute(INTEGER, b"time-at-processing", struct.pack(">i", UP - processing))
        told += attribute(INTEGER, b"job-printer-up-time", struct.pack(">i", UP))
    return struct.pack(">BBhi", 2, 0, status, 1) + b"\x01" + told + b"\x03"


def printer(counterpart: HttpCounterpart, **further: Any) -> Ipp:
    where = counterpart.url.replace("http:", "ipp:") + "/ipp/print"
    return Ipp(uri=where, call_limit=LIMIT, print_limit=LIMIT, look_every=timedelta(seconds=0.1), **further)


def begun(counterpart: HttpCounterpart, *answers: bytes) -> None:
    """The printer takes the job, and says these after that."""
    for body in (said(OK), said(OK), said(OK), *answers):
        counterpart.answer(200, body)


@pytest.mark.parametrize("status", [301, 404, 422])
def test_an_address_where_no_printer_is_waits_with_an_alarm_and_ends_no_send(
    http_counterpart: HttpCounterpart, job: MakeJob, status: int
) -> None:
    for _ in range(2):
        http_counterpart.answer(status, b"<html>no such page</html>")
    provider, send = printer(http_counterpart), job()
    for outcome in (provider.send(send), provider.ask(send)):
        assert outcome is not None
        assert (outcome.verdict, outcome.status) == (Verdict.WAIT, Status.ERROR_SENDING_EMAIL)
        assert (outcome.reason.code, outcome.alarm) == ("API_NOT_FOUND", True)


def test_a_document_that_is_too_much_for_the_way_there_is_refused(
    http_counterpart: HttpCounterpart, job: MakeJob
) -> None:
    begun(http_counterpart)
    http_counterpart.answer(413)
    outcome = printer(http_counterpart).send(job())
    assert (outcome.verdict, outcome.reason.code) == (Verdict.REFUSED, "MESSAGE_TOO_LARGE")


@pytest.mark.parametrize(
    ("state", "verdict", "code"),
    [
        (JobState.COMPLETED, Verdict.ACCEPTED, "PRINTED"),
        (JobState.CANCELED, Verdict.REFUSED, "CANCELED_AT_PRINTER"),
        (JobState.ABORTED, Verdict.TRANSIENT, "ABORTED"),
    ],
)
def test_a_job_that_went_while_it_was_watched_is_looked_for_among_those_that_are_over(
    http_counterpart: HttpCounterpart, job: MakeJob, state: JobState, verdict: Verdict, code: str
) -> None:
    send = job()
    begun(http_counterpart, said(OK, job=send.token, state=JobState.PENDING), said(NOT_FOUND))
    http_counterpart.answer(200, said(OK, job=send.token, state=state))
    outcome = printer(http_counterpart).send(send)
    assert (outcome.verdict, outcome.reason.code) == (verdict, code)


def test_one_that_nobody_knows_any_more_may_have_been_printed(http_counterpart: HttpCounterpart, job: MakeJob) -> None:
    send = job()
    begun(http_counterpart, said(OK, job=send.token, state=JobState.PENDING), said(NOT_FOUND), said(OK, job="another"))
    outcome = printer(http_counterpart).send(send)
    assert (outcome.verdict, outcome.undecided, outcome.status) == (Verdict.REFUSED, True, Status.ERROR)
    assert (outcome.reason.code, outcome.provider_reference, outcome.alarm) == ("NOT_AT_PRINTER", "7", True)


def test_one_that_went_while_the_printer_tells_no_list_is_still_pending(
    http_counterpart: HttpCounterpart, job: MakeJob
) -> None:
    send = job()
    begun(http_counterpart, said(OK, job=send.token, state=JobState.PENDING), said(NOT_FOUND), said(BAD_REQUEST))
    assert printer(http_counterpart).send(send).verdict is Verdict.PENDING


def test_a_job_that_the_printer_once_had_and_tells_of_no_more_is_not_printed_again(
    http_counterpart: HttpCounterpart, job: MakeJob
) -> None:
    for _ in range(4):
        http_counterpart.answer(200, said(OK))
    provider, send = printer(http_counterpart), job()
    assert provider.ask(send) is None
    outcome = provider.ask(replace(send, provider_reference="7"))
    assert outcome is not None
    assert (outcome.undecided, outcome.reason.code) == (True, "NOT_AT_PRINTER")


def test_one_that_it_gave_up_is_printed_again(http_counterpart: HttpCounterpart, job: MakeJob) -> None:
    send = job()
    for body in (said(OK), said(OK, job=send.token, state=JobState.ABORTED)):
        http_counterpart.answer(200, body)
    assert printer(http_counterpart).ask(replace(send, provider_reference="7")) is None


def test_half_an_hour_is_counted_from_the_first_look_that_saw_it_stopped(
    http_counterpart: HttpCounterpart, job: MakeJob
) -> None:
    send, minutes = job(), [0.0]
    provider = printer(http_counterpart, clock=lambda: minutes[0] * 60)

    def at(minute: float, state: JobState) -> tuple[str, bool]:
        minutes[0] = minute
        http_counterpart.answer(200, said(OK, job=send.token, state=state, processing=31 * 60))
        http_counterpart.answer(200, said(OK))
        outcome = provider.ask(send)
        assert outcome is not None
        assert outcome.verdict is Verdict.PENDING
        return outcome.reason.code, outcome.alarm

    assert at(0, JobState.STOPPED) == ("IN_PRINTER", False)
    assert at(29, JobState.STOPPED) == ("IN_PRINTER", False)
    assert at(31, JobState.STOPPED) == ("PRINTER_STOPPED", True)
    assert at(32, JobState.PROCESSING) == ("IN_PRINTER", False)
    assert at(33, JobState.STOPPED) == ("IN_PRINTER", False)
    assert at(62, JobState.STOPPED) == ("IN_PRINTER", False)


@pytest.mark.parametrize(("status", "body"), [(200, said(NO_SUCH_OPERATION)), (200, said(BAD_REQUEST))])
def test_a_refused_question_leaves_the_send_in_doubt(
    http_counterpart: HttpCounterpart, job: MakeJob, status: int, body: bytes
) -> None:
    http_counterpart.answer(status, body)
    outcome = printer(http_counterpart).ask(job())
    assert outcome is not None
    assert (outcome.verdict, outcome.reason.code) == (Verdict.TRANSIENT, "ASKED_IN_VAIN")


def test_what_is_found_in_the_printer_is_the_sends_own_fate(http_counterpart: HttpCounterpart, job: MakeJob) -> None:
    send = job()
    for body in (said(OK), said(OK, job=send.token, state=JobState.CANCELED)):
        http_counterpart.answer(200, body)
    outcome = printer(http_counterpart).ask(send)
    assert outcome is not None
    assert (outcome.verdict, outcome.reason.code) == (Verdict.REFUSED, "CANCELED_AT_PRINTER")


def test_a_printer_that_fails_with_the_document_in_hand_may_have_taken_it(
    http_counterpart: HttpCounterpart, job: MakeJob
) -> None:
    for _ in ("Validate-Job", "Get-Jobs", "Get-Jobs"):
        http_counterpart.answer(200, said(OK))
    http_counterpart.answer(500)
    assert printer(http_counterpart).send(job()).verdict is Verdict.UNKNOWN


def test_every_call_of_an_attempt_is_within_its_deadline(http_counterpart: HttpCounterpart, job: MakeJob) -> None:
    provider, send = printer(http_counterpart), job()
    for _ in range(5):
        http_counterpart.answer(200, said(OK))
    http_counterpart.answer(200, said(OK, job=send.token))
    assert provider.ask(send) is None
    assert provider.send(send).verdict is Verdict.ACCEPTED
    last_look = 1
    calls = len(http_counterpart.requests) + last_look
    assert provider.total_deadline >= calls * LIMIT + provider.print_limit


def test_no_answer_tells_the_login_however_the_printer_writes_it(
    http_counterpart: HttpCounterpart, job: MakeJob
) -> None:
    http_counterpart.answer(500, b"you said " + b64encode(b"shop:correct-horse"))
    where = http_counterpart.url.replace("http:", "ipp:")
    outcome = Ipp(uri=where, user="shop", password="correct-horse").send(job())
    assert outcome.answer == "500 you said ***"

"""Does a printer's answer to a question say nothing that only its answer to Print-Job could?"""

import struct
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta

import pytest

from sandbox.http_counterpart import HttpCounterpart
from worker.providers.ipp import Ipp
from worker.providers.ipp_message import JobState
from worker.providers.port import Job, Verdict

pytest.importorskip("pyipp")
MakeJob = Callable[..., Job]
LIMIT = timedelta(seconds=5)
OK, BAD_REQUEST, NO_SUCH_OPERATION = 0x0000, 0x0400, 0x0501
INTEGER, ENUM, NAME, CHARSET = 0x21, 0x23, 0x42, 0x47


def attribute(kind: int, name: bytes, value: bytes) -> bytes:
    return struct.pack(">BH", kind, len(name)) + name + struct.pack(">H", len(value)) + value


def said(status: int, *, job: str | None = None, state: JobState = JobState.COMPLETED) -> bytes:
    """RFC 8010 3.1: an answer, with at most one job in it."""
    told = attribute(CHARSET, b"attributes-charset", b"utf-8")
    if job is not None:
        told += b"\x02" + attribute(INTEGER, b"job-id", struct.pack(">i", 7))
        told += attribute(NAME, b"job-name", job.encode()) + attribute(ENUM, b"job-state", struct.pack(">i", state))
    return struct.pack(">BBhi", 2, 0, status, 1) + b"\x01" + told + b"\x03"


def printer(counterpart: HttpCounterpart) -> Ipp:
    where = counterpart.url.replace("http:", "ipp:") + "/ipp/print"
    return Ipp(uri=where, call_limit=LIMIT, print_limit=LIMIT, look_every=timedelta(seconds=0.1))


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"no such page"), (400, b""), (200, said(NO_SUCH_OPERATION)), (200, said(BAD_REQUEST))]
)
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

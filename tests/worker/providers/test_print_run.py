"""Does a send gather for the print run, and only one that can be printed?"""

from collections.abc import Callable
from io import BytesIO

import pikepdf
import pytest

from duepost.statuses import Status
from worker.providers.port import Document, Job, Verdict
from worker.providers.print_run import PrintRun

MakeJob = Callable[..., Job]


def pdf() -> bytes:
    out = BytesIO()
    made = pikepdf.new()
    made.add_blank_page()
    made.save(out)
    return out.getvalue()


def test_a_document_that_opens_gathers(job: MakeJob) -> None:
    outcome = PrintRun().send(job(document=Document("1.pdf", "application/pdf", pdf())))
    assert (outcome.verdict, outcome.status) == (Verdict.ACCEPTED, Status.READY_TO_PRINT)
    assert outcome.reason.code == "GATHERED"


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"no PDF"])
def test_a_broken_document_is_refused(job: MakeJob, content: bytes) -> None:
    outcome = PrintRun().send(job(document=Document("1.pdf", "application/pdf", content)))
    assert (outcome.verdict, outcome.status) == (Verdict.REFUSED, Status.EMAIL_REJECTED)
    assert outcome.reason.code == "UNPRINTABLE"


def test_a_send_without_a_document_is_refused(job: MakeJob) -> None:
    assert PrintRun().send(job(document=None)).reason.code == "DOCUMENT_MISSING"

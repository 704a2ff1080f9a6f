"""Does a real printer print what we send, once?"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from duepost.statuses import Status
from sandbox.child import wait_until
from sandbox.printer import Printer, missing
from sandbox.processes import Processes
from worker.providers.ipp import Ipp
from worker.providers.port import Document, Job, Verdict

pytestmark = pytest.mark.printer

SECONDS = timedelta(seconds=10)


def started(processes: Processes, **given: object) -> Iterator[Printer]:
    lacking = missing()
    if lacking:
        pytest.fail(lacking) if os.environ.get("CI") else pytest.skip(lacking)
    folder = Path(tempfile.mkdtemp(prefix="ipp-"))
    printer = Printer(folder / uuid4().hex[:6], processes, **given)  # type: ignore[arg-type]  # its own fields
    printer.start()
    yield printer
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def printer(processes: Processes) -> Iterator[Printer]:
    """A printer that is done at once."""
    yield from started(processes)


@pytest.fixture(scope="module")
def slow_printer(processes: Processes) -> Iterator[Printer]:
    """A printer that takes some seconds for a job."""
    script = Path(tempfile.mkdtemp(prefix="ipp-")) / "slow"
    script.write_text("#!/bin/sh\nsleep 3\n")
    script.chmod(0o755)
    yield from started(processes, command=str(script))
    shutil.rmtree(script.parent)


MakeJob = Callable[..., Job]


@pytest.fixture
def print_job(job: MakeJob) -> MakeJob:
    """A send to print, with a token of its own."""

    def make(content: bytes = b"", **changes: object) -> Job:
        token = uuid4()
        document = Document("1001.pdf", "application/pdf", content or b"%PDF-1.7\n" + token.bytes.hex().encode())
        usual = {"channel": "print", "to_address": None, "token": str(token), "id": token, "document": document}
        return job(**{**usual, **changes})

    return make


def ipp(printer: Printer, **settings: object) -> Ipp:
    usual: dict[str, object] = {"look_every": timedelta(seconds=0.2)}
    return Ipp(uri=printer.uri, **{**usual, **settings})  # type: ignore[arg-type]  # the test's own settings


def test_it_prints_the_document_byte_for_byte_and_says_so(printer: Printer, print_job: MakeJob) -> None:
    job = print_job()
    outcome = ipp(printer).send(job)
    assert (outcome.verdict, outcome.status, outcome.reason.code) == (Verdict.ACCEPTED, Status.SENT, "PRINTED")
    document = job.document
    assert document is not None
    assert wait_until(lambda: document.content in printer.printed(), SECONDS)


def test_the_printer_is_asked_before_a_reprint_and_nothing_comes_out_twice(
    printer: Printer, print_job: MakeJob
) -> None:
    job, provider = print_job(), ipp(printer)
    provider.send(job)
    before = len(printer.printed())
    again = provider.send(job)
    assert (again.verdict, len(printer.printed())) == (Verdict.ACCEPTED, before)


def test_asked_for_a_job_it_has_not_it_says_that_it_never_came(printer: Printer, print_job: MakeJob) -> None:
    assert ipp(printer).ask(print_job()) is None


def test_asked_for_a_job_that_is_out_it_says_so(printer: Printer, print_job: MakeJob) -> None:
    job, provider = print_job(), ipp(printer)
    provider.send(job)
    outcome = provider.ask(job)
    assert outcome is not None
    assert outcome.reason.code == "PRINTED"


def test_a_format_that_it_does_not_take_is_final(printer: Printer, print_job: MakeJob) -> None:
    outcome = ipp(printer).send(print_job(document=Document("a.tif", "image/tiff", b"II*\0")))
    assert (outcome.verdict, outcome.status) == (Verdict.REFUSED, Status.EMAIL_REJECTED)


def test_two_sides_where_it_has_one_are_final(printer: Printer, print_job: MakeJob) -> None:
    outcome = ipp(printer, sides="two-sided-long-edge").send(print_job())
    assert (outcome.verdict, outcome.reason.code) == (Verdict.REFUSED, "UNPRINTABLE")


def test_a_wrong_address_on_it_is_no_printer(printer: Printer, print_job: MakeJob) -> None:
    outcome = Ipp(uri=printer.uri.replace("/ipp/print", "/nowhere")).send(print_job())
    assert (outcome.verdict, outcome.status) == (Verdict.WAIT, Status.ERROR_SENDING_EMAIL)
    assert outcome.alarm


def test_while_it_prints_the_job_is_pending_and_it_is_busy_for_others(
    slow_printer: Printer, print_job: MakeJob
) -> None:
    first = print_job()
    provider = ipp(slow_printer, print_limit=timedelta(seconds=0.2))
    outcome = provider.send(first)
    assert (outcome.verdict, outcome.status) == (Verdict.PENDING, Status.QUEUE)
    busy = provider.send(print_job())
    assert (busy.verdict, busy.reason.values["ipp"]) == (Verdict.TRANSIENT, "0x0507")
    patient = ipp(slow_printer, print_limit=SECONDS)
    done = patient.ask(first)
    while done is not None and done.verdict is Verdict.PENDING:
        done = patient.ask(first)
    assert done is not None
    assert done.reason.code == "PRINTED"

"""What does it cost to build a mail with a PDF, beside the standard library's way?"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from uuid import UUID

from benchmarks.report import Figure, ratio
from benchmarks.sends import pdf
from worker.providers.message import Sender, build
from worker.providers.port import Document, Job

MESSAGES = 200
ROUNDS = 5
SENDER = Sender("invoices@duepost.test", "duepost", "duepost.test")
RECIPIENT = "kirsten@firma.test"
TEXT = "Thank you for your order."


def measure(say: Callable[[str], None], _folder: Path) -> list[Figure]:
    """Milliseconds of CPU a message, both ways in turn."""
    say(f"{ROUNDS} rounds of {MESSAGES} messages, two ways")
    ident = UUID(int=7)
    document = Document("Invoice-1.pdf", "application/pdf", pdf())
    job = Job(ident, str(ident), "email", "invoice", "1", "default", RECIPIENT, None, TEXT, document)
    now = datetime.now(UTC)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        ours.append(_milliseconds(lambda: build(job, SENDER, RECIPIENT, now)))
        theirs.append(_milliseconds(lambda: _with_email_message(job, document, now)))
    mine, plain = statistics.median(ours), statistics.median(theirs)
    return [
        Figure("worker.providers.message.build", mine, "ms CPU"),
        Figure("EmailMessage, add_attachment, as_bytes(policy=SMTP)", plain, "ms CPU"),
        ratio("build / EmailMessage", mine / plain, at_most=0.25),
    ]


def _with_email_message(job: Job, document: Document, now: datetime) -> bytes:
    message = EmailMessage()
    message["Message-ID"] = f"<{job.token}@{SENDER.message_domain}>"
    message["Date"] = format_datetime(now)
    message["From"] = f"{SENDER.name} <{SENDER.address}>"
    message["To"] = RECIPIENT
    message["Subject"] = f"Invoice {job.invoice}"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(TEXT)
    message.add_attachment(document.content, maintype="application", subtype="pdf", filename=document.filename)
    return message.as_bytes(policy=SMTP)


def _milliseconds(build_one: Callable[[], bytes]) -> float:
    started = time.process_time()
    for _ in range(MESSAGES):
        build_one()
    return (time.process_time() - started) * 1000 / MESSAGES

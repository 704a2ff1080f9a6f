"""Does the demo's reckoning look at what was really mailed and printed, not at what we say of it?"""

import io
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pikepdf
import pytest

from sandbox.customers import customer_of
from sandbox.held import attached_to
from sandbox.invoice_pdf import draw_up, render
from sandbox.mail_counterpart import MailCounterpart
from sandbox.mail_ledger import read_taken
from sandbox.printing_house import fetch
from worker.print_run.mark import Mark
from worker.print_run.merge import Letter, merge
from worker.providers.port import Document, Job
from worker.providers.smtp import Smtp

NUMBERS = (100_001, 100_002, 100_003)
HEAD = "run,sequence,send,sha256,pages,address,filename\r\n"


def invoice(number: int) -> bytes:
    return render(draw_up(number, customer_of(number, 1)[0], 1))


def printed(folder: Path, *letters: bytes) -> list[str]:
    """What each paper of a run says, whose manifest has two pages for each."""
    shared = folder / "shared"
    shared.mkdir()
    run = merge("P000001", (Letter(place, (one,)) for place, one in enumerate(letters, 1)), Mark(), duplex=True)
    (shared / "P000001.pdf").write_bytes(run.content)
    rows = [f'P000001,{place},{uuid4()},00,2,"Vej 1\nOdense",a.pdf\r\n' for place in range(1, len(letters) + 1)]
    (shared / "P000001.csv").write_text(HEAD + "".join(rows), newline="")
    (shared / "P000001.done").touch()
    [(_, taken)] = fetch(shared, folder)
    assert {one.address for one in taken} == {"Vej 1\nOdense"}
    return [one.invoice for one in taken]


def test_each_paper_says_which_invoice_it_is(tmp_path: Path) -> None:
    assert printed(tmp_path, *map(invoice, NUMBERS)) == ["100001", "100002", "100003"]


def test_letters_that_were_swapped_are_seen_on_the_paper(tmp_path: Path) -> None:
    assert printed(tmp_path, *map(invoice, (NUMBERS[1], NUMBERS[0]))) == ["100002", "100001"]


def test_so_are_a_page_of_another_letter_and_a_blank_one(tmp_path: Path) -> None:
    mixed = io.BytesIO()
    with pikepdf.new() as made:
        for number, page in ((NUMBERS[0], 0), (NUMBERS[1], 1)):
            with pikepdf.open(io.BytesIO(invoice(number))) as one:
                made.pages.append(one.pages[page])
        made.add_blank_page()
        made.add_blank_page()
        made.save(mixed)
    with pytest.raises(ValueError, match="4 pages, the manifest 2"):
        printed(tmp_path, mixed.getvalue())
    (tmp_path / "again").mkdir()
    with pikepdf.open(io.BytesIO(mixed.getvalue())) as whole:
        halves = [io.BytesIO(), io.BytesIO()]
        for place, half in enumerate(halves):
            with pikepdf.new() as part:
                part.pages.extend(whole.pages[2 * place : 2 * place + 2])
                part.save(half)
    assert printed(tmp_path / "again", *(half.getvalue() for half in halves)) == ["100001 100002", ""]


def test_what_a_mail_carries_is_told_by_the_mail_itself(tmp_path: Path) -> None:
    token, content = uuid4(), invoice(NUMBERS[0])
    job = Job(
        id=token,
        token=str(token),
        channel="email",
        kind="invoice",
        invoice="100001",
        account="default",
        to_address="anna@customer.test",
        subject="Invoice",
        note="Dear customer",
        document=Document("1.pdf", "application/pdf", content),
    )
    with MailCounterpart(tmp_path) as server:
        limit = timedelta(seconds=10)
        smtp = Smtp(host="127.0.0.1", port=server.port, tls="none", sender="a@shop.test", command_limit=limit)
        smtp.send(job)
        smtp.send(replace(job, document=None))
        smtp.send(replace(job, attachments=(Document("2.pdf", "application/pdf", content + b"\n"),)))
        smtp.close()
    whole, altered = sha256(content).hexdigest(), sha256(content + b"\n").hexdigest()
    assert [attached_to(tmp_path, one) for one in read_taken(tmp_path)] == [whole, "", f"{whole} {altered}"]
    assert attached_to(tmp_path, replace(read_taken(tmp_path)[0], file=None)) is None

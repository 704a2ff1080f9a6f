"""Does every reply of a mail server mean what the taxonomy of failures says?"""

from collections.abc import Iterator
from itertools import product

import pytest

from duepost.inbound.mail import read_mail
from duepost.statuses import Status
from tests.duepost.inbound.mails import dsn
from tests.worker.providers.taxonomy.rows import agrees, rows, said, stands
from worker.providers.smtp_verdicts import Stage, judge

# A refusal of RSET is never a send's outcome: its connection is replaced.
ALL: list[Stage] = [stage for stage in Stage if stage is not Stage.RESET]
SPOKEN_OF = [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT]
# the taxonomy's word for a stage -> ours; a message is refused at DATA or after the final dot
STAGES: dict[str, list[Stage]] = {
    "any": ALL,
    "-": SPOKEN_OF,
    "MAIL": [Stage.MAIL],
    "RCPT": [Stage.RCPT],
    "AUTH": [Stage.AUTH],
    "DATA": [Stage.DATA, Stage.DOT],
    "TLS": [Stage.TLS],
    "greeting": [Stage.GREETING],
}


def mail(code: int, text: str, stage: Stage) -> str:
    """What we make of a mail server's reply."""
    return said(judge(code, text, stage))


def test_any_stage_is_each_of_eight() -> None:
    assert len(ALL) == 8


@pytest.mark.parametrize(("row", "name", "meaning"), rows("smtp_reply"))
def test_a_basic_code(row: str, name: str, meaning: str) -> None:
    code, where, *text = name.split()
    stages = [stage for word in where.split("/") for stage in STAGES[word]]
    agrees(row, {mail(int(code), " ".join(text) or "no", stage) for stage in stages}, meaning)


def codes_of(name: str) -> Iterator[str]:
    """The enhanced codes that a row speaks of."""
    name = name.split(" ", maxsplit=1)[0].replace("*", "0..5.6.10").replace("5xx", "500..5.7.599")
    first, _, last = name.partition("..")
    start, end = int(first.rsplit(".", 1)[1]), int((last or first).rsplit(".", 1)[1])
    return (f"{first.rsplit('.', 1)[0]}.{detail}" for detail in range(start, end + 1))


@pytest.mark.parametrize(("row", "name", "meaning"), rows("enhanced"))
def test_an_enhanced_code(row: str, name: str, meaning: str) -> None:
    agrees(row, {mail(550, f"{code} no", Stage.RCPT) for code in codes_of(name)}, meaning)


@pytest.mark.parametrize(("row", "name", "meaning"), rows("enhanced"))
def test_class_4_of_an_enhanced_code_is_tried_again(row: str, name: str, meaning: str) -> None:
    later = [f"4{code[1:]} no" for code in codes_of(name)]
    replies = product((450, 550, 554), later, (Stage.RCPT, Stage.DOT))
    assert {mail(*reply) for reply in replies} == {"310 yes"}, (row, meaning)


@pytest.mark.parametrize(("row", "name", "meaning"), rows("enhanced"))
@pytest.mark.parametrize("class_", [4, 5])
def test_what_a_relay_reports_as_final_its_row_decides(class_: int, row: str, name: str, meaning: str) -> None:
    # What is tried again at once nobody tries again here: the relay gave up.
    final = "330" if meaning.startswith("310") else meaning
    for code in codes_of(name):
        [found] = read_mail(dsn(status=f"{class_}{code[1:]}", diagnostic=None))
        assert stands(found) == final, row


def phrases(name: str) -> Iterator[str]:
    """The texts that a row speaks of, a/b written out."""
    for piece in name.split("|"):
        for words in product(*(word.split("/") for word in piece.split())):
            yield " ".join(words)


@pytest.mark.parametrize(("row", "name", "meaning"), rows("smtp_text"))
def test_a_text(row: str, name: str, meaning: str) -> None:
    agrees(row, {mail(550, f"5.6.0 {phrase}", Stage.RCPT) for phrase in phrases(name)}, meaning)


# row -> replies that it speaks of
ORDER = {
    "a known text beside a 5xx goes before its enhanced code": [(550, "5.1.1 mailbox full")],
    "a known text beside a 4xx goes before its code": [(450, "4.1.1 mailbox full"), (452, "mailbox full")],
    "an enhanced code goes before the basic code": [(550, "5.2.2 no"), (553, "5.2.1 no")],
    "class 4 beside a 4xx": [(450, "4.1.1 no"), (452, "4.2.2 no")],
    "class 4 beside a 5xx": [(550, "4.7.1 no"), (550, "4.2.2 no"), (554, "4.4.7 no")],
}


@pytest.mark.parametrize(("row", "name", "meaning"), rows("smtp_order"))
def test_what_goes_before_what(row: str, name: str, meaning: str) -> None:
    if name == "class 4 that the relay reports as final":
        [found] = read_mail(dsn(status="4.2.2", diagnostic="smtp; 452 4.2.2 no"))
        ours = {stands(found)}
    else:
        ours = {mail(code, text, stage) for code, text in ORDER[name] for stage in (Stage.RCPT, Stage.DOT)}
    agrees(row, ours, meaning)


@pytest.mark.parametrize("status", [Status.EMAIL_BOUNCED, Status.WRONG_EMAIL_ADDRESS])
def test_delayed_changes_no_status(status: Status) -> None:
    [found] = read_mail(dsn(action="delayed", status="4.2.2"))
    assert stands(found, status) == str(int(status))

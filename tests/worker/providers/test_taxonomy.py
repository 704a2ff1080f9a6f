"""Do our tables of verdicts agree with the taxonomy of failures, row by row?

The taxonomy lies beside a checkout where there is one. Where we decide otherwise, DEVIATIONS says why.
"""

import json
import re
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from socket import gaierror

import pytest

from duepost.sms_reports import STATES, parse_report
from duepost.statuses import Status
from sandbox.http_counterpart import HttpCounterpart
from tests.worker.providers.taxonomy_deviations import DEVIATIONS
from worker.http_line import Answer, NoAnswer
from worker.providers.as4_verdicts import of_transaction
from worker.providers.http_json import HttpJson
from worker.providers.http_verdicts import SAME_KEY_IN_FLIGHT, judge
from worker.providers.ipp_message import JobState, PrinterJob, Reply
from worker.providers.ipp_verdicts import STOPPED_SECONDS, of_code, of_job
from worker.providers.port import Job, Outcome, Verdict
from worker.providers.smtp_verdicts import Stage
from worker.providers.smtp_verdicts import judge as judge_mail
from worker.providers.twilio import Twilio

FILE = Path(__file__).parents[4] / "shared" / "taxonomy.json"
if not FILE.is_file():
    pytest.skip("no taxonomy lies beside this checkout", allow_module_level=True)
TAXONOMY = json.loads(FILE.read_text())
NOW = datetime(2026, 8, 1, tzinfo=UTC)
# verdict -> the taxonomy's word for whether it is tried again
AGAIN = {Verdict.TRANSIENT: "yes", Verdict.WAIT: "pause", Verdict.UNKNOWN: "check", Verdict.PENDING: "pending"}
# the taxonomy's word for a stage -> ours; a message is refused at DATA or after the final dot
SPOKEN_OF = [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT]
STAGES = {
    "any": SPOKEN_OF,
    "-": SPOKEN_OF[1:],
    "MAIL": [Stage.MAIL],
    "RCPT": [Stage.RCPT],
    "AUTH": [Stage.AUTH],
    "DATA": [Stage.DATA, Stage.DOT],
    "TLS": [Stage.TLS],
    "greeting": [Stage.GREETING],
}
# shorthand of a row of texts -> what a server says in full
IN_FULL = {
    "insufficient disk": "insufficient disk space",
    "suspended": "account suspended",
    "inactive": "account inactive",
    "... does not exist": "mailbox does not exist",
    "UBE": "this is UBE",
}


def said(outcome: Outcome | None) -> str:
    """Status and whether it is tried again, as the taxonomy would write it; a wait that needs nobody is no pause."""
    assert outcome is not None
    again = "yes" if outcome.verdict is Verdict.WAIT and not outcome.alarm else AGAIN.get(outcome.verdict, "")
    return f"{int(outcome.status)} {again}".strip()


def told(meaning: object) -> str:
    """The same of a cell: 310 and its first word, else the status alone."""
    found = re.match(r"(\d+)(?: '?(yes|no|pause|check))?", str(meaning))
    assert found
    again = found[2] if found[1] == "310" else None
    return f"{found[1]} {again or ''}".strip()


def rows(section: str) -> list[pytest.ParameterSet]:
    """The section's rows as cases, named by their first cells."""
    table = TAXONOMY
    for part in section.split(":"):
        table = table[part]
    table = table["rows"] if isinstance(table, dict) else table
    names = [" ".join(str(cell) for cell in (row[:2] if section == "smtp_reply" else row[:1])) for row in table]
    return [
        pytest.param(section, name, row, id=f"{section}: {name}"[:60]) for name, row in zip(names, table, strict=True)
    ]


def agrees(section: str, name: str, ours: set[str], theirs: str) -> None:
    """One row: ours is what is written there, or the deviation that is argued."""
    expected, _why = DEVIATIONS.get(f"{section}: {name}", ({theirs}, ""))
    assert ours == expected
    assert (ours == {theirs}) is (f"{section}: {name}" not in DEVIATIONS), "an argued deviation is none any more"


def mail(code: int, text: str, stage: Stage) -> str:
    """What we make of a mail server's reply."""
    return said(judge_mail(code, text, stage))


@pytest.mark.parametrize(("section", "name", "row"), rows("smtp_reply"))
def test_a_basic_code_of_mail(section: str, name: str, row: list[str]) -> None:
    code, where, status, again = row
    ours = {mail(int(code), "no", stage) for word in where.split("/") for stage in STAGES[word]}
    agrees(section, name, ours, told(f"{status} {again}"))


def codes_of(name: str) -> Iterator[str]:
    """The enhanced codes that a row speaks of."""
    name = name.split(" ", maxsplit=1)[0].replace("*", "0..5.6.10").replace("5xx", "500..5.7.599")
    first, _, last = name.partition("..")
    start, end = int(first.rsplit(".", 1)[1]), int((last or first).rsplit(".", 1)[1])
    return (f"{first.rsplit('.', 1)[0]}.{detail}" for detail in range(start, end + 1))


@pytest.mark.parametrize(("section", "name", "row"), rows("enhanced"))
def test_an_enhanced_code_of_mail(section: str, name: str, row: list[object]) -> None:
    ours = {mail(550, f"{code} no", Stage.RCPT) for code in codes_of(name)}
    # A bare 310 is technical, and tried again.
    agrees(section, name, ours, told("310 yes" if row[1] == 310 else row[1]))


def phrases(name: str) -> Iterator[str]:
    """The texts that a row speaks of, a/b written out."""
    for piece in name.split("|"):
        for words in product(*(word.split("/") for word in piece.split())):
            yield IN_FULL.get(" ".join(words), " ".join(words))


@pytest.mark.parametrize(("section", "name", "row"), rows("smtp_text"))
def test_a_text_of_mail(section: str, name: str, row: list[object]) -> None:
    ours = {mail(550, f"5.6.0 {phrase}", Stage.RCPT) for phrase in phrases(name)}
    agrees(section, name, ours, told("310 yes" if row[1] == 310 else row[1]))


def numbers(name: str) -> list[int]:
    """The HTTP statuses that a row names, ranges written out; 200 for 2xx, 301 to 308 for 3xx."""
    name = {"2xx": "200", "3xx": "301-308"}.get(name, name)
    found = re.findall(r"(\d{3})(?:-(\d{3}))?", name)
    return [status for first, last in found for status in range(int(first), int(last or first) + 1)]


def http(name: str) -> set[str]:
    """What we make of every answer, or none, that a row of HTTP speaks of."""
    if name.startswith("connect refused"):
        failures = [ConnectionRefusedError(), gaierror(), ssl.SSLError()]
        return {said(judge(NoAnswer(error, begun=False), NOW)) for error in failures}
    if name.startswith("timeout"):
        return {said(judge(NoAnswer(error, begun=True), NOW)) for error in (TimeoutError(), ConnectionResetError())}
    return {said(judge(Answer(status, {}, b"<html>", whole=True), NOW)) for status in numbers(name)}


@pytest.mark.parametrize(("section", "name", "row"), [case for case in rows("http") if case.values[1] != "201/202"])
def test_http(section: str, name: str, row: list[str]) -> None:
    meaning = "310 yes" if name == "409" else row[2]
    agrees(section, name, http(name), told(meaning))


def test_http_409_waits_for_the_request_in_flight() -> None:
    assert judge(Answer(409, {}, b"", whole=True), NOW).retry_after == SAME_KEY_IN_FLIGHT


@pytest.mark.parametrize("status", [201, 202])
def test_http_201_and_202_are_a_yes(status: int, http_counterpart: HttpCounterpart, job: Callable[..., Job]) -> None:
    http_counterpart.answer(status, b'{"accepted": true}')
    assert said(HttpJson(url=http_counterpart.url).send(job())) == "200"


def reported(kind: str, form: dict[str, str]) -> str:
    """What becomes of a send by a report; 200 where nothing changes."""
    report = parse_report(kind, form)
    assert report is not None
    return str(int(STATES[report.state] or Status.SENT))


@pytest.mark.parametrize(("section", "name", "row"), rows("smpp_dlr"))
def test_kannels_reports(section: str, name: str, row: list[object]) -> None:
    words = name.removesuffix(" (SMPP 5)").split("/")
    ours = {reported("kannel", {"type": "2", "answer": f"stat:{word} err:000"}) for word in words}
    agrees(section, name, ours, told(str(row[1]).removeprefix("keep ")))


@pytest.mark.parametrize(("section", "name", "row"), rows("sms_gateways:Twilio (pages)"))
def test_twilio(
    section: str, name: str, row: list[object], http_counterpart: HttpCounterpart, job: Callable[..., Job]
) -> None:
    codes = re.findall(r"\d{5}", name)
    ours = set()
    for code in codes:
        http_counterpart.answer(400, json.dumps({"code": int(code)}).encode())
        ours.add(said(Twilio(sid="AC1", token="t", sender="Acme", url=http_counterpart.url).send(job())))
    if not codes:
        ours = {reported("twilio", {"MessageStatus": word}) for word in name.split()}
    theirs = "330" if name == "undelivered failed" else row[1]  # "error code decides"; none here
    agrees(section, name, ours, told(str(theirs).removeprefix("100/")))


@pytest.mark.parametrize(("section", "name", "row"), rows("ipp"))
def test_a_printer(section: str, name: str, row: list[object]) -> None:
    codes = re.findall(r"0x[0-9A-F]{4}", name)
    ours = {said(of_code(Reply(int(code, 16)))) for code in codes}
    if not codes:
        ours = {said(of_job(PrinterJob(7, "name", JobState(int(name[0])))))}
    agrees(section, name, ours, told(row[1]))


def test_a_printer_stopped_for_half_an_hour_is_310_and_one_that_names_the_document_is_350() -> None:
    stopped = of_job(PrinterJob(7, "name", JobState.STOPPED, stopped_seconds=STOPPED_SECONDS + 1))
    aborted = of_job(PrinterJob(7, "name", JobState.ABORTED, ("document-format-error",)))
    assert (stopped.status, aborted.status) == (310, 350)


# row -> how phoss-ap tells it
AS4 = {
    "participant not registered, no SMP entry": ("permanently_failed", "participant is not registered in any SMP"),
    "document type not supported by receiver": ("permanently_failed", "document type is not supported"),
    "AS4 receipt": ("sent", ""),
    "EBMS error connection/TLS": ("failed", "EBMS:0005 ConnectionFailure"),
    "EBMS policy/security": ("permanently_failed", "EBMS:0103 PolicyNoncompliance"),
}


@pytest.mark.parametrize(("section", "name", "row"), rows("einvoice:AS4/SMP"))
def test_an_access_point(section: str, name: str, row: list[object]) -> None:
    status, details = AS4[name]
    body = json.dumps({"id": "1", "status": status, "errorDetails": details}).encode()
    agrees(section, name, {said(of_transaction(Answer(200, {}, body, whole=True)))}, told(row[1]))


def test_every_deviation_is_of_a_row() -> None:
    sections = ("smtp_reply", "enhanced", "smtp_text", "http", "smpp_dlr", "sms_gateways:Twilio (pages)", "ipp")
    named = {
        f"{case.values[0]}: {case.values[1]}" for section in (*sections, "einvoice:AS4/SMP") for case in rows(section)
    }
    assert set(DEVIATIONS) <= named

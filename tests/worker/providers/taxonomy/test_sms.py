"""Does every word about an SMS mean what the taxonomy of failures says?"""

import json
import re
from collections.abc import Callable
from uuid import uuid4

import pytest

from duepost.inbound.sms import read_report
from duepost.receipts import NewReceipt, Word, end_of
from duepost.sms_reports import TWILIO_ERRORS
from sandbox.http_counterpart import HttpCounterpart
from tests.worker.providers.taxonomy.rows import agrees, key, rows, said, stands
from worker.providers.port import Job
from worker.providers.twilio import Twilio


def reported(kind: str, form: dict[str, str]) -> str:
    """Where a send that was sent stands after a report."""
    found = read_report(kind, form, uuid4())
    assert found is not None
    return f"{_status(found)} delivered" if found.word in {Word.DELIVERED, Word.READ} else _status(found)


def _status(found: NewReceipt) -> str:
    return stands(found).removesuffix(" alert")


@pytest.mark.parametrize(("row", "name", "meaning"), rows("smpp_dlr"))
def test_a_report_by_smpp(row: str, name: str, meaning: str) -> None:
    words, _, error = name.partition(" of an ")
    answers = [f"stat:{word} err:{'001' if error else '000'}" for word in words.split("/")]
    agrees(row, {reported("kannel", {"type": "2", "answer": answer}) for answer in answers}, meaning)


def test_a_number_that_wants_no_more_asks_for_a_person() -> None:
    found = read_report("kannel", {"type": "2", "answer": "stat:BARRED err:000"}, uuid4())
    assert found is not None
    assert found.attention


@pytest.mark.parametrize(("row", "name", "meaning"), rows("sms_silence"))
def test_silence(row: str, name: str, meaning: str) -> None:
    assert name.endswith("never comes")
    status, _ = end_of([])
    agrees(row, {str(int(status))}, meaning)


# row of reports -> their words; the other rows are error codes
WORDS = {
    "queued accepted scheduled sending": ("queued", "accepted", "scheduled", "sending"),
    "sent": ("sent",),
    "delivered read": ("delivered", "read"),
    "canceled": ("canceled",),
}


@pytest.mark.parametrize(("row", "name", "meaning"), rows("twilio"))
def test_twilio(row: str, name: str, meaning: str, http_counterpart: HttpCounterpart, job: Callable[..., Job]) -> None:
    if name in WORDS:
        ours = {reported("twilio", {"MessageStatus": word}) for word in WORDS[name]}
    elif name == "undelivered failed":
        by_code = {
            word: {reported("twilio", {"MessageStatus": word, "ErrorCode": code}) for code in TWILIO_ERRORS}
            for word in name.split()
        }
        ours = {"by its error code"} if all(len(statuses) > 1 for statuses in by_code.values()) else set(by_code)
    else:
        ours = set()
        for code in re.findall(r"\d{5}", name):
            http_counterpart.answer(400, json.dumps({"code": int(code)}).encode())
            ours.add(said(Twilio(sid="AC1", token="t", sender="Acme", url=http_counterpart.url).send(job())))
    agrees(row, ours, meaning)


CODES = [case for case in rows("twilio") if re.match(r"[23]\d{4}", str(case.values[1])) and "20429" not in case.values]


@pytest.mark.parametrize(("row", "name", "meaning"), CODES)
def test_an_error_code_of_twilio_means_the_same_in_a_report(row: str, name: str, meaning: str) -> None:
    assert row == key("twilio", name)
    codes = re.findall(r"\d{5}", name)
    ours = {reported("twilio", {"MessageStatus": "undelivered", "ErrorCode": code}) for code in codes}
    agrees(key("twilio in a report", name), ours, meaning)

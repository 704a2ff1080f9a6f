"""Is each word of a gateway's report understood as it is meant?

The tables of MMG and Firetext, which GOV.UK Notify uses, have no rows here: no adapter of ours speaks to them. A report
that never comes changes nothing: 200 means that the gateway took the SMS.
"""

import pytest

from duepost.sms_reports import STATES, SmsReport, parse_report

KEPT = None  # the report changes no status


def status(kind: str, **form: str) -> int | None:
    report = parse_report(kind, form)
    assert report is not None
    return STATES[report.state]


# The words of SMPP's receipts, as Kannel hands them on in %A: word, error -> status.
@pytest.mark.parametrize(
    ("word", "error", "becomes"),
    [
        ("ENROUTE", "000", KEPT),
        ("ACCEPTD", "000", KEPT),
        ("DELIVRD", "000", 200),
        ("EXPIRED", "000", 330),
        ("DELETED", "000", 9999),
        ("UNDELIV", "000", 330),
        ("UNDELIV", "001", 320),  # unknown subscriber
        ("UNKNOWN", "000", KEPT),  # never 330 by the clock alone: 200 says that the gateway took it, and it did
        ("REJECTD", "000", 350),
        ("SKIPPED", "000", 350),
        ("BARRED", "000", 350),
        ("BLIST", "000", 350),
        ("NOROUTE", "000", 320),
    ],
)
def test_an_smpp_word_behind_kannel_has_its_status(word: str, error: str, becomes: int | None) -> None:
    answer = f"id:7a sub:001 dlvrd:000 submit date:2611260800 done date:2611260801 stat:{word} err:{error} text:Hej"
    assert status("kannel", type="2", answer=answer) == becomes


@pytest.mark.parametrize("word", ["BARRED", "BLIST"])
def test_a_barred_number_wants_nothing_more(word: str) -> None:
    assert parse_report("kannel", {"type": "2", "answer": f"stat:{word}"}) == SmsReport("opted_out", word)


@pytest.mark.parametrize(("kind", "becomes"), [("1", 200), ("2", 330), ("4", KEPT), ("8", KEPT), ("16", 350)])
@pytest.mark.parametrize("answer", ["", "ACK/", "NACK/no SMSC"])
def test_kannels_own_kinds_have_their_status(kind: str, answer: str, becomes: int | None) -> None:
    assert status("kannel", type=kind, answer=answer) == becomes


@pytest.mark.parametrize(
    ("word", "error", "becomes"),
    [
        ("queued", "", KEPT),
        ("accepted", "", KEPT),
        ("scheduled", "", KEPT),
        ("sending", "", KEPT),
        ("sent", "", KEPT),  # it is 200 already; the carrier's word adds nothing that the receiver has seen
        ("delivered", "", 200),
        ("read", "", 200),
        ("canceled", "", 9999),
        # In a report 30001, 30002 and 30010 are 330 and not 310 or a pause: it comes when Twilio has given the message
        # up. As an answer to a send they are (test_sms_gateways.py).
        ("failed", "30001", 330),
        ("failed", "30002", 330),
        ("failed", "30010", 330),
        ("undelivered", "30003", 330),
        ("undelivered", "30004", 350),
        ("undelivered", "30005", 320),
        ("undelivered", "30006", 320),
        ("undelivered", "30007", 340),
        ("undelivered", "30008", 330),
        ("failed", "21211", 320),
        ("failed", "21614", 320),
        ("failed", "21610", 350),
        ("undelivered", "", 330),
        ("failed", "99999", 330),
    ],
)
def test_twilios_words_have_their_status(word: str, error: str, becomes: int | None) -> None:
    assert status("twilio", MessageStatus=word, ErrorCode=error) == becomes


@pytest.mark.parametrize(
    ("word", "code", "becomes"),
    [
        ("UNKNOWN", "", KEPT),
        ("SCHEDULED", "", KEPT),
        ("BUFFERED", "", KEPT),
        ("ENROUTE", "", KEPT),
        ("ACCEPTED", "", KEPT),
        ("DELIVERED", "", 200),
        ("EXPIRED", "", 330),
        ("DELETED", "", 9999),
        ("UNDELIVERABLE", "", 330),
        ("UNDELIVERABLE", "0x1013", 330),  # absent subscriber
        ("UNDELIVERABLE", "0x1010", 320),  # unknown subscriber
        ("UNDELIVERABLE", "0x1060", 320),  # invalid destination address
        ("REJECTED", "", 350),
        ("SKIPPED", "", 350),
    ],
)
def test_gatewayapis_words_have_their_status(word: str, code: str, becomes: int | None) -> None:
    assert status("gatewayapi", status=word, code=code) == becomes


def test_the_gateways_own_code_is_kept() -> None:
    assert parse_report("twilio", {"MessageStatus": "failed", "ErrorCode": "30007"}) == SmsReport(
        "spam", "failed 30007"
    )
    assert parse_report("gatewayapi", {"status": "DELIVERED"}) == SmsReport("delivered", "DELIVERED")
    assert parse_report("kannel", {"type": "1"}) == SmsReport("delivered", "1")


@pytest.mark.parametrize("kind", ["kannel", "gatewayapi", "twilio", "smtp", ""])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"type": "3"},
        {"type": ""},
        {"type": "1\0"},
        {"status": "delivered?"},
        {"status": ""},
        {"MessageStatus": "done"},
        {"MessageStatus": "", "ErrorCode": "30005"},
        {"stat": "DELIVRD"},
    ],
)
def test_what_is_no_report_is_none(kind: str, form: dict[str, str]) -> None:
    assert parse_report(kind, form) is None


def test_a_code_from_outside_is_short_and_printable() -> None:
    report = parse_report("twilio", {"MessageStatus": "failed", "ErrorCode": "\0\x1b[31m" + "9" * 500})
    assert report is not None
    assert report.code is not None
    assert len(report.code) <= 100
    assert report.code.isprintable()

"""What comes of a send that FarPay, or what stands before it, does not answer as it should?"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from duepost.errors import ConfigError
from sandbox.behaviour_file import behave
from sandbox.farpay_counterpart import FarPayCounterpart
from sandbox.http_behaviour import LOGIN_PAGE, Answer, Fault
from sandbox.http_standing import HttpStanding
from tests.worker.providers.farpay import AT_WORK, DAY, KEY, NOW, Said, account, said, sent, shows, z
from worker.providers.farpay import FarPay
from worker.providers.port import Job, Verdict

MakeJob = Callable[..., Job]


@pytest.fixture
def farpay(tmp_path: Path) -> Iterator[FarPayCounterpart]:
    with FarPayCounterpart(tmp_path / "farpay", key=KEY) as server:
        yield server


ASTRAY: Said = (Verdict.WAIT, 310, "API_NOT_FOUND")
NO_ROUTE = b'{"Message": "No HTTP resource was found that matches the request URI"}'


# `code::text` speaks first, in whatever form it comes; without it HTTP does, and no page of another's refuses a send.
@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        # The key's fault and not the send's: it pauses the account, for else it would end a month's sends as 300.
        (401, b'{"Message": "9000::X-API-KEY is not authenticated"}', (Verdict.WAIT, 310, "CREDENTIALS_REFUSED")),
        (400, b'{"Message": "9000::X-API-KEY is not authenticated"}', (Verdict.WAIT, 310, "CREDENTIALS_REFUSED")),
        (400, b'{"Message": "10000::Invoice not received"}', (Verdict.REFUSED, 300, "FARPAY_REFUSED")),
        (400, b'"10000::Invoice not received"', (Verdict.REFUSED, 300, "FARPAY_REFUSED")),
        (400, b"10000::Invoice not received", (Verdict.REFUSED, 300, "FARPAY_REFUSED")),
        (400, b"<Error><Message>10000::x</Message></Error>", (Verdict.REFUSED, 300, "FARPAY_REFUSED")),
        (400, b'{"Message": "20050:100::x"}', (Verdict.REFUSED, 300, "FARPAY_REFUSED")),
        (500, b'{"Message": "10000::Invoice not received"}', (Verdict.REFUSED, 300, "FARPAY_REFUSED")),
        (401, b"", (Verdict.WAIT, 310, "CREDENTIALS_REFUSED")),
        (403, b"", (Verdict.WAIT, 310, "CREDENTIALS_REFUSED")),
        (400, b'{"Message": "The request is invalid.", "Details": []}', (Verdict.REFUSED, 300, "FARPAY_REFUSED")),
        (422, b'{"Message": "The request is invalid.", "Details": []}', (Verdict.REFUSED, 300, "FARPAY_REFUSED")),
        (400, b"<html>Bad Request</html>", ASTRAY),
        (404, b"", ASTRAY),
        (404, b"<html>", ASTRAY),
        (404, NO_ROUTE, ASTRAY),
        (405, b"", ASTRAY),
        (413, b"<html>", (Verdict.REFUSED, 350, "MESSAGE_TOO_LARGE")),  # of the send's own documents
        (429, b"<html>", (Verdict.WAIT, 310, "THROTTLED")),
        (500, b'{"Message": "An error has occurred."}', (Verdict.UNKNOWN, 300, "GATEWAY_LOST_IT")),
        (502, b"<html>", (Verdict.UNKNOWN, 300, "GATEWAY_LOST_IT")),
        (503, b"", (Verdict.TRANSIENT, 310, "TEMPORARY")),
        (504, b"", (Verdict.UNKNOWN, 300, "GATEWAY_LOST_IT")),
        (301, b"<html>", ASTRAY),
        (302, b"", ASTRAY),
        (501, b"<html>", ASTRAY),
    ],
)
def test_what_a_refusal_means(
    farpay: FarPayCounterpart, job: MakeJob, status: int, body: bytes, expected: Said
) -> None:
    farpay.answer(status, body)
    assert said(account(farpay).send(job())) == expected


def test_a_wrong_base_address_is_the_operators_and_no_sends(farpay: FarPayCounterpart, job: MakeJob) -> None:
    provider = FarPay(url=farpay.url, key=KEY)
    outcome = provider.send(job())
    assert (said(outcome), outcome.alarm, outcome.reason.values) == (ASTRAY, True, {"http": 404})
    assert farpay.given() == []
    reminder = provider.send(job(kind="reminder", document=None))
    assert (said(reminder), reminder.alarm) == (ASTRAY, True)
    provider.close()


@pytest.mark.parametrize("status", [302, 400, 404, 405])
def test_a_page_before_farpay_does_not_end_a_repeat(farpay: FarPayCounterpart, job: MakeJob, status: int) -> None:
    outcome = sent(farpay, job(), shows(200, z(NOW - DAY)), Answer(status, b"<html>"))
    assert (said(outcome), outcome.alarm) == (ASTRAY, True)


def test_a_page_before_farpay_ends_no_doubt(farpay: FarPayCounterpart, job: MakeJob) -> None:
    outcome = sent(farpay, job(in_doubt_since=NOW, status=310), shows(310), Answer(400, b"<html>"))
    assert said(outcome) == (Verdict.UNKNOWN, 300, "API_NOT_FOUND")


def test_a_code_stands_in_the_reason(farpay: FarPayCounterpart, job: MakeJob) -> None:
    farpay.answer(400, b'{"Message": "10000::Invoice not received"}')
    assert account(farpay).send(job()).reason.values == {"http": 400, "code": 10000}


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b"[]", b"null", b'{"Id": 1, "SendStatus": 205}', b'{"Id": true}', b"[" * 100_000]
)
def test_a_200_that_shows_no_invoice_is_no_yes(farpay: FarPayCounterpart, job: MakeJob, body: bytes) -> None:
    farpay.answer(200, body)
    assert said(account(farpay).send(job())) == (Verdict.UNKNOWN, 300, "ANSWER_UNREADABLE")


def test_a_login_page_of_a_proxy_is_no_yes_and_the_send_is_sent_again(farpay: FarPayCounterpart, job: MakeJob) -> None:
    behave(farpay.folder, HttpStanding(LOGIN_PAGE))
    provider = account(farpay)
    assert provider.send(job()).verdict is Verdict.UNKNOWN
    assert provider.ask(job()) is None


def test_an_invoice_in_a_wrong_content_type_is_read(farpay: FarPayCounterpart, job: MakeJob) -> None:
    farpay.answer(200, b'\xef\xbb\xbf{"Id": 7, "SendStatus": 100}', {"Content-Type": "text/html"})
    assert said(account(farpay).send(job())) == AT_WORK


@pytest.mark.parametrize("digits", ["902", "914"])
def test_a_busy_farpay_has_taken_nothing_and_takes_the_next(
    farpay: FarPayCounterpart, job: MakeJob, digits: str
) -> None:
    provider, send = account(farpay), job(to_address=f"anna{digits}@customer.test")
    assert provider.send(send).transient
    assert said(provider.send(send)) == AT_WORK
    assert len(farpay.given()) == 1


def test_a_balancers_wish_to_wait_is_kept(farpay: FarPayCounterpart, job: MakeJob) -> None:
    outcome = account(farpay).send(job(to_address="anna914@customer.test"))
    assert outcome.retry_after == timedelta(seconds=3)


@pytest.mark.parametrize("digits", ["903", "915"])
def test_what_was_taken_without_a_yes_is_found_by_asking(farpay: FarPayCounterpart, job: MakeJob, digits: str) -> None:
    provider, send = account(farpay), job(to_address=f"anna{digits}@customer.test")
    assert provider.send(send).verdict is Verdict.UNKNOWN
    assert said(provider.ask(send)) == AT_WORK
    assert len(farpay.given()) == 1


def test_a_body_that_broke_off_is_no_answer(farpay: FarPayCounterpart, job: MakeJob) -> None:
    farpay.answer(200, b'{"Id": 10000001, "SendSta', {"Content-Length": "400"})
    assert account(farpay, seconds=0.5).send(job()).verdict is Verdict.UNKNOWN


def test_an_endless_answer_is_no_answer(farpay: FarPayCounterpart, job: MakeJob) -> None:
    farpay.huge(2_000_000)
    assert account(farpay).send(job()).verdict is Verdict.UNKNOWN


def test_a_reset_before_the_body_has_taken_nothing(farpay: FarPayCounterpart, job: MakeJob) -> None:
    farpay.reset_before_reading(times=2)
    assert account(farpay).send(job()).verdict in {Verdict.TRANSIENT, Verdict.UNKNOWN}
    assert farpay.given() == []


def test_a_page_in_place_of_a_known_invoice_calls_an_operator(farpay: FarPayCounterpart, job: MakeJob) -> None:
    provider = account(farpay)
    provider.send(job())
    farpay.answer(404, b"<html>")
    assert said(provider.ask(job())) == ASTRAY
    assert said(provider.ask(job())) == AT_WORK


def test_a_question_that_is_throttled_waits(farpay: FarPayCounterpart, job: MakeJob) -> None:
    behave(farpay.folder, HttpStanding(Answer(429, b"<html>"), asks="same"))
    assert said(account(farpay).ask(job())) == (Verdict.WAIT, 310, "THROTTLED")


@pytest.mark.parametrize("fault", [Answer(500), Answer(200, b"<html>"), Fault.CUT])
def test_a_question_in_vain_settles_nothing(farpay: FarPayCounterpart, job: MakeJob, fault: Answer | Fault) -> None:
    provider = account(farpay)
    provider.send(job())
    behave(farpay.folder, HttpStanding(fault, asks="same"))
    assert said(provider.ask(job())) == (Verdict.TRANSIENT, 310, "ASKED_IN_VAIN")


def test_the_key_is_shown_nowhere(farpay: FarPayCounterpart, job: MakeJob, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    key = 'k/e y+"quoted"'
    provider = account(farpay, key=key)
    farpay.answer(400, f"{key} {quote(key)} anna@customer.test".encode())
    outcome = provider.send(job())
    told = f"{provider!r} {outcome!r} {outcome.reason} {caplog.text}"
    assert key not in f"{told} {outcome.answer}"
    assert quote(key) not in f"{told} {outcome.answer}"
    assert "anna@customer.test" not in told


@pytest.mark.parametrize("key", ["", " ", " key", "key ", "two\nlines", "nøgle"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_at_once(key: str) -> None:
    with pytest.raises(ConfigError, match="cannot stand in a header"):
        FarPay(key=key)

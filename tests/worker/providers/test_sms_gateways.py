"""Do GatewayAPI's and Twilio's words, and Kannel's where none is installed, become the right outcomes?"""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from duepost.errors import ConfigError
from duepost.options import Options
from duepost.signed import report_context, verify
from sandbox.http_counterpart import HttpCounterpart
from sandbox.sms_counterpart import SmsCounterpart
from tests.worker.providers.conftest import ID
from tests.worker.providers.misbehaving import Misbehaving, Script, Talk
from worker.providers.finding import ANSWER_LIMIT
from worker.providers.gatewayapi import GatewayApi
from worker.providers.kannel import Kannel
from worker.providers.port import Job, Provider, Verdict
from worker.providers.sms_port import Reports
from worker.providers.twilio import Twilio

MakeJob = Callable[..., Job]
Make = Callable[..., Provider]
KEY = "k" * 32
SECRET = "pä ss&w/ord+1"
# the ways in which it may be quoted
QUOTED = ["pä ss&w/ord+1", "p%C3%A4%20ss%26w%2Ford%2B1", "p%c3%a4+ss%26w%2ford%2b1", "p\\u00e4 ss&w/ord+1"]
# name -> what basic authentication encodes; Kannel has none
LOGINS = {"gatewayapi": f"{SECRET}:", "twilio": f"AC1:{SECRET}"}
LIMIT = timedelta(seconds=10)

# name -> an adapter for exactly this address
PLAIN: dict[str, Callable[[str], Provider]] = {
    "kannel": lambda url: Kannel(url=url, user="shop", password=SECRET, sender="Acme"),
    "gatewayapi": lambda url: GatewayApi(url=url, token=SECRET, sender="Acme"),
    "twilio": lambda url: Twilio(url=url, sid="AC1", token=SECRET, sender="Acme"),
}

# name -> an adapter that sends to the server of this address
GATEWAYS: dict[str, Callable[..., Any]] = {
    "kannel": lambda url, secret, **other: Kannel(
        url=f"{url}/cgi-bin/sendsms", user="shop", password=secret, sender="Acme", total_limit=LIMIT, **other
    ),
    "gatewayapi": lambda url, secret, **other: GatewayApi(
        url=f"{url}/rest/mtsms", token=secret, sender="Acme", total_limit=LIMIT, **other
    ),
    "twilio": lambda url, secret, **other: Twilio(
        url=url, sid="AC1", token=secret, sender="Acme", total_limit=LIMIT, **other
    ),
}


@pytest.fixture(params=GATEWAYS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sms(job: MakeJob) -> MakeJob:
    usual = {"channel": "sms", "to_address": "+4520123456", "note": "Kære Anna: 1+1 € & %d", "document": None}
    return lambda **changes: job(**usual | changes)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[SmsCounterpart]:
    with SmsCounterpart(tmp_path / "sms") as server:
        yield server


def once(name: str, url: str, job: Job, *, secret: str = SECRET, **other: Any) -> Any:
    provider = GATEWAYS[name](url, secret, **other)
    try:
        return provider.send(job)
    finally:
        provider.close()


def test_what_the_gateway_takes_is_the_send(name: str, gateway: SmsCounterpart, sms: MakeJob) -> None:
    outcome = once(name, gateway.url, sms(note="æ" * 161), reports=Reports("http://127.0.0.1:1", "lane", KEY))
    assert (outcome.verdict, outcome.status) == (Verdict.ACCEPTED, 200)
    [taken] = gateway.taken()
    assert (taken.gateway, taken.number, taken.sender, taken.parts, taken.token) == (
        name,
        "+4520123456",
        "Acme",
        2,
        str(ID),
    )


def test_a_send_may_have_a_sender_id_of_its_own(name: str, gateway: SmsCounterpart, sms: MakeJob) -> None:
    once(name, gateway.url, sms(options=Options(sender="Other A-S"), token="t"))
    assert [taken.sender for taken in gateway.taken()] == ["Other A-S"]


def test_kannel_is_asked_by_its_query(http_counterpart: HttpCounterpart, sms: MakeJob) -> None:
    http_counterpart.answer(202, b"0: Accepted for delivery")
    once("kannel", http_counterpart.url, sms(), reports=Reports("https://pay.test/r/", "my lane", KEY))
    [request] = http_counterpart.requests
    assert request.method == "GET"
    assert "+" not in request.path  # blanks and pluses are %20 and %2B
    query = {key: value for key, [value] in parse_qs(urlsplit(request.path).query).items()}
    reports = query.pop("dlr-url")
    assert query == {
        "username": "shop",
        "password": SECRET,
        "from": "Acme",
        "to": "+4520123456",
        "text": "Kære Anna: 1+1 € & %d",
        "charset": "UTF-8",
        "coding": "0",
        "dlr-mask": "31",
    }
    address, _, fields = reports.partition("?")
    assert fields == "type=%d&answer=%A"
    base, _, signed = address.rpartition("/")
    assert base == "https://pay.test/r/my%%20lane"  # %% is Kannel's way to write %
    assert verify(signed, KEY, report_context("my lane")) == str(ID)


def test_gatewayapi_is_asked_in_json(http_counterpart: HttpCounterpart, sms: MakeJob) -> None:
    http_counterpart.answer(200, b'{"ids": [421332671], "usage": {}}')
    outcome = once("gatewayapi", http_counterpart.url, sms(), reports=Reports("https://pay.test/r", "lane", KEY))
    assert outcome.provider_reference == "421332671"
    [request] = http_counterpart.requests
    assert request.path == "/rest/mtsms"
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode() == f"{SECRET}:"
    asked = json.loads(request.body)
    assert asked.pop("callback_url").startswith(f"https://pay.test/r/lane/{ID}.")
    assert asked == {
        "message": "Kære Anna: 1+1 € & %d",
        "sender": "Acme",
        "userref": str(ID),
        "recipients": [{"msisdn": "4520123456"}],
        "encoding": "UTF8",
    }


def test_twilio_is_asked_by_form(http_counterpart: HttpCounterpart, sms: MakeJob) -> None:
    http_counterpart.answer(201, b'{"sid": "SM1", "status": "queued", "error_code": null}')
    outcome = once("twilio", http_counterpart.url, sms(), reports=Reports("https://pay.test/r", "lane", KEY))
    assert outcome.provider_reference == "SM1"
    [request] = http_counterpart.requests
    assert request.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode() == f"AC1:{SECRET}"
    form = {key: value for key, [value] in parse_qs(request.body.decode()).items()}
    assert form.pop("StatusCallback").startswith(f"https://pay.test/r/lane/{ID}.")
    assert form == {"To": "+4520123456", "From": "Acme", "Body": "Kære Anna: 1+1 € & %d"}


@pytest.mark.parametrize(("name", "field", "value"), [("kannel", "coding", "2"), ("gatewayapi", "encoding", "UCS2")])
def test_what_gsm_has_not_goes_as_ucs2(
    name: str, field: str, value: str, http_counterpart: HttpCounterpart, sms: MakeJob
) -> None:
    once(name, http_counterpart.url, sms(note="Привет 😀"))
    [request] = http_counterpart.requests
    asked = json.loads(request.body) if request.body else parse_qs(urlsplit(request.path).query)
    assert asked[field] in (value, [value])


# gateway, HTTP status, body -> verdict, status, reason, alarm
WORDS = [
    ("kannel", 202, "0: Accepted for delivery", "accepted", 200, "ACCEPTED", False),
    ("kannel", 202, "3: Queued for later delivery", "accepted", 200, "ACCEPTED", False),
    ("kannel", 202, "", "unknown", 300, "ANSWER_UNREADABLE", False),
    ("kannel", 200, "<html>Log in</html>", "unknown", 300, "ANSWER_UNREADABLE", False),
    ("kannel", 403, "Not routable. Do not try again.", "refused", 320, "NOT_ROUTABLE", False),
    ("kannel", 403, "Number(s) has/have been denied by white- and/or black-lists.", "refused", 350, "REJECTED", False),
    ("kannel", 403, "Authorization failed for sendsms", "wait", 310, "CREDENTIALS_REFUSED", True),
    ("kannel", 400, "Empty receiver number not allowed, rejected", "refused", 400, "ADDRESS_MISSING", False),
    ("kannel", 400, "Sender missing and no global set, rejected", "refused", 350, "REJECTED", False),
    ("kannel", 503, "Temporal failure, try again later.", "transient", 310, "TEMPORARY", False),
    ("gatewayapi", 200, '{"ids": [1]}', "accepted", 200, "ACCEPTED", False),
    ("gatewayapi", 200, '{"ids": []}', "unknown", 300, "ANSWER_UNREADABLE", False),
    ("gatewayapi", 200, '{"ids": [1, 2]}', "unknown", 300, "ANSWER_UNREADABLE", False),
    ("gatewayapi", 200, '{"ids": [null]}', "unknown", 300, "ANSWER_UNREADABLE", False),
    ("gatewayapi", 401, '{"code": "0x0210"}', "wait", 310, "CREDENTIALS_REFUSED", True),
    ("gatewayapi", 403, '{"code": "0x0213"}', "wait", 310, "CREDENTIALS_REFUSED", True),
    ("gatewayapi", 403, '{"code": "0x0215"}', "refused", 350, "OPTED_OUT", False),
    ("gatewayapi", 403, '{"code": "0x0216"}', "wait", 310, "CREDENTIALS_REFUSED", True),
    ("gatewayapi", 403, '{"code": "0x0217"}', "refused", 350, "REJECTED", False),
    ("gatewayapi", 403, "{}", "wait", 310, "CREDENTIALS_REFUSED", True),
    ("gatewayapi", 400, '{"code": "0x0308"}', "refused", 350, "REJECTED", False),
    ("gatewayapi", 422, "[]", "refused", 350, "REJECTED", False),
    ("gatewayapi", 500, '{"message": "x"}', "unknown", 300, "GATEWAY_LOST_IT", False),
    ("twilio", 500, '{"message": "x"}', "unknown", 300, "GATEWAY_LOST_IT", False),
    ("twilio", 201, '{"sid": "SM1", "status": "queued"}', "accepted", 200, "ACCEPTED", False),
    ("twilio", 201, '{"sid": "SM1", "status": "accepted"}', "accepted", 200, "ACCEPTED", False),
    ("twilio", 201, '{"sid": "SM1", "status": "scheduled"}', "accepted", 200, "ACCEPTED", False),
    ("twilio", 201, '{"sid": "SM1", "status": "sending"}', "accepted", 200, "ACCEPTED", False),
    ("twilio", 201, '{"sid": "SM1", "status": "sent"}', "accepted", 200, "ACCEPTED", False),
    ("twilio", 201, '{"sid": "SM1", "status": "failed", "error_code": 30007}', "refused", 340, "SPAM", False),
    ("twilio", 201, '{"sid": "SM1", "status": "failed", "error_code": null}', "refused", 350, "REJECTED", False),
    ("twilio", 201, '{"sid": "SM1"}', "unknown", 300, "ANSWER_UNREADABLE", False),
    ("twilio", 201, '{"status": "queued"}', "unknown", 300, "ANSWER_UNREADABLE", False),
    ("twilio", 401, '{"code": 20003}', "wait", 310, "CREDENTIALS_REFUSED", True),
    ("twilio", 400, '{"code": 21606}', "refused", 350, "REJECTED", False),
    # The table of Twilio's codes, as answers to a send:
    ("twilio", 400, '{"code": 30001}', "transient", 310, "TEMPORARY", False),
    ("twilio", 400, '{"code": 30002}', "wait", 310, "CREDENTIALS_REFUSED", True),
    ("twilio", 400, '{"code": 30003}', "refused", 330, "UNREACHABLE", False),
    ("twilio", 400, '{"code": 30004}', "refused", 350, "REJECTED", False),
    ("twilio", 400, '{"code": 30005}', "refused", 320, "NUMBER_UNKNOWN", False),
    ("twilio", 400, '{"code": 30006}', "refused", 320, "NUMBER_UNKNOWN", False),
    ("twilio", 400, '{"code": 30007}', "refused", 340, "SPAM", False),
    # One retry would be allowed. None is made: Twilio has tried, and charged, already.
    ("twilio", 400, '{"code": 30008}', "refused", 330, "UNREACHABLE", False),
    ("twilio", 400, '{"code": 30010}', "wait", 310, "CREDENTIALS_REFUSED", True),
    ("twilio", 429, '{"code": 20429}', "wait", 310, "THROTTLED", False),  # 310, and no attempt is counted
    ("twilio", 400, '{"code": 21211}', "refused", 320, "NUMBER_UNKNOWN", False),
    ("twilio", 400, '{"code": 21614}', "refused", 320, "NUMBER_UNKNOWN", False),
    ("twilio", 400, '{"code": 21610}', "refused", 350, "OPTED_OUT", False),
]


@pytest.mark.parametrize("row", WORDS, ids=lambda row: f"{row[0]}-{row[1]}-{row[2][:30]}")
def test_every_word_has_its_outcome(
    row: tuple[str, int, str, str, int, str, bool], http_counterpart: HttpCounterpart, sms: MakeJob
) -> None:
    name, answered, body, *expected = row
    http_counterpart.answer(answered, body.encode())
    outcome = once(name, http_counterpart.url, sms())
    assert [outcome.verdict, outcome.status, outcome.reason.code, outcome.alarm] == expected


def test_silence_after_the_request_is_unknown(name: str, gateway: SmsCounterpart, sms: MakeJob) -> None:
    outcome = once(name, gateway.url, sms(to_address="+4520123903"))
    assert (outcome.verdict, outcome.reason.code) == (Verdict.UNKNOWN, "CONNECTION_LOST")
    assert len(gateway.taken()) == 1


def test_what_is_refused_for_now_is_taken_later(name: str, gateway: SmsCounterpart, sms: MakeJob) -> None:
    outcomes = [once(name, gateway.url, sms(to_address="+4520123902")) for _ in range(2)]
    assert outcomes[0].transient
    assert outcomes[1].verdict is Verdict.ACCEPTED
    assert len(gateway.taken()) == 1


@pytest.mark.parametrize(("name", "status"), [("kannel", 320), ("gatewayapi", 350), ("twilio", 320)])
def test_an_unknown_number_is_final(name: str, status: int, gateway: SmsCounterpart, sms: MakeJob) -> None:
    outcome = once(name, gateway.url, sms(to_address="+4520123901"))
    assert (outcome.verdict, outcome.status) == (Verdict.REFUSED, status)


def test_a_wrong_secret_waits_and_alarms(name: str, gateway: SmsCounterpart, sms: MakeJob) -> None:
    outcome = once(name, gateway.url, sms(), secret="wrong")
    assert (outcome.verdict, outcome.alarm) == (Verdict.WAIT, True)


def test_no_log_and_no_answer_tells_the_secret_or_the_number(
    name: str, http_counterpart: HttpCounterpart, sms: MakeJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    provider = GATEWAYS[name](http_counterpart.url, SECRET)
    login = base64.b64encode(LOGINS.get(name, SECRET).encode()).decode()
    for form in (*QUOTED, *([login] if name in LOGINS else [])):
        http_counterpart.answer(400, f"bad request: {form}.".encode())
        outcome = provider.send(sms())
        assert outcome.answer == "400 bad request: ***."
    provider.close()
    told = f"{provider!r} {outcome!r} {caplog.text}"
    assert not any(word in told for word in (*QUOTED, "20123456"))


def test_an_answer_that_is_cut_within_the_secret_tells_no_part_of_it(
    name: str, http_counterpart: HttpCounterpart, sms: MakeJob
) -> None:
    filling = "x" * (ANSWER_LIMIT - len("400 ") - 5)
    http_counterpart.answer(400, (filling + SECRET).encode())
    assert once(name, http_counterpart.url, sms()).answer == f"400 {filling}"


def broken_header(talk: Talk) -> None:
    talk.hear()
    talk.say(b"HTTP/1.1 202 Accepted\r\nno header\r\nContent-Length: 24\r\n\r\n0: Accepted for delivery")


def test_an_answer_with_a_broken_header_puts_no_address_into_the_log(
    sms: MakeJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    with Misbehaving(broken_header) as server:
        once("kannel", f"http://127.0.0.1:{server.port}", sms(), secret="correct-horse")
    assert not any(word in caplog.text for word in ("correct-horse", "20123456"))


def garbage(talk: Talk) -> None:
    talk.hear()
    talk.say(b"\0\0 sendsms\r\n\r\n")


@pytest.mark.parametrize("script", [Talk.close, Talk.reset, garbage])
def test_no_error_of_a_connection_quotes_the_address_of_the_call(script: Script, sms: MakeJob) -> None:
    with Misbehaving(script) as server:
        outcome = once("kannel", f"http://127.0.0.1:{server.port}", sms(), secret="correct-horse")
    assert outcome.verdict in {Verdict.TRANSIENT, Verdict.UNKNOWN}
    assert "correct-horse" not in f"{outcome.answer} {outcome!r}"


def once_then_gone(talk: Talk) -> None:
    while talk.hear():
        pass
    talk.say(b"HTTP/1.1 202 Accepted\r\nContent-Length: 24\r\n\r\n0: Accepted for delivery")


def test_a_connection_that_kannel_closed_in_between_costs_nothing(sms: MakeJob) -> None:
    with Misbehaving(once_then_gone) as server:
        provider = GATEWAYS["kannel"](f"http://127.0.0.1:{server.port}", SECRET)
        outcomes = [(provider.send(sms()), server.heard())[0] for _ in range(2)]
        provider.close()
    assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED] * 2
    assert server.connections == 2


def test_no_error_about_a_host_quotes_the_address_of_the_call(sms: MakeJob) -> None:
    outcome = once("kannel", f"http://{'x' * 64}.test", sms(), secret="correct-horse")
    assert outcome.verdict is Verdict.TRANSIENT
    assert "correct-horse" not in f"{outcome.answer} {outcome!r}"


def test_threads_share_an_adapter(name: str, gateway: SmsCounterpart, sms: MakeJob) -> None:
    provider = GATEWAYS[name](gateway.url, SECRET, reports=Reports("http://127.0.0.1:1", "lane", KEY))
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda number: provider.send(sms(token=f"t{number}")), range(40)))
    provider.close()
    assert {outcome.verdict for outcome in outcomes} == {Verdict.ACCEPTED}
    assert len({taken.token for taken in gateway.taken()}) == 40


@pytest.mark.parametrize("url", ["nowhere", "http://", "http://*.test/", "ftp:/x"])
def test_an_address_that_cannot_be_called_stops_the_process(name: str, url: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        PLAIN[name](url)
    assert wrong.value.setting == "url"
    assert SECRET not in str(wrong.value)

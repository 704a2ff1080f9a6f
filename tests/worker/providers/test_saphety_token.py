"""Does one login serve every thread of a process until its token ends, and is a renewal never the end of a send?"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from sandbox.http_behaviour import Answer, Fault
from sandbox.ports import free_port
from sandbox.saphety_counterpart import SaphetyCounterpart
from tests.worker.providers.saphety_account import DOCUMENT, NOW, PASSWORD, Clock, Said, account, logins, said
from worker.providers.port import Job, Outcome, Verdict
from worker.providers.saphety_token import Tokens, renewal

MakeJob = Callable[..., Job]
HTML = {"content-type": "text/html"}
PENDING = (Verdict.PENDING, 100, "IN_PROGRESS")
REFUSED = (Verdict.WAIT, 310, "CREDENTIALS_REFUSED")
ASTRAY = (Verdict.WAIT, 310, "API_NOT_FOUND")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def point(tmp_path: Path, clock: Clock) -> Iterator[SaphetyCounterpart]:
    with SaphetyCounterpart(tmp_path / "sin", password=PASSWORD, clock=clock) as server:
        yield server


@pytest.fixture
def mail(job: MakeJob) -> Job:
    return job(reference=DOCUMENT)


def test_sends_and_questions_share_one_login(point: SaphetyCounterpart, mail: Job, clock: Clock) -> None:
    provider = account(point, now=clock)
    for _ in range(3):
        provider.send(mail)
        provider.ask(mail)
    assert logins(point) == 1


def test_threads_that_come_together_share_one_login(point: SaphetyCounterpart, job: MakeJob, clock: Clock) -> None:
    provider = account(point, now=clock)
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda n: provider.send(job(reference=str(UUID(int=n + 1)))), range(40)))
    assert {said(one) for one in outcomes} == {PENDING}
    assert (logins(point), len(point.taken())) == (1, 40)


def test_a_token_is_renewed_before_it_ends(point: SaphetyCounterpart, mail: Job, clock: Clock) -> None:
    provider = account(point, now=clock)
    provider.send(mail)
    clock.now += timedelta(hours=7, minutes=54)
    provider.send(mail)
    assert logins(point) == 1
    clock.now += timedelta(minutes=2)  # 4 of its 8 hours' last minutes are left
    provider.send(mail)
    assert len(point.taken()) == 3
    assert logins(point) == 2
    assert len(point.requests) == 2 + 3 * 2  # none was answered 401


def test_a_401_in_mid_batch_costs_one_login_for_all_threads_and_no_mail(
    point: SaphetyCounterpart, job: MakeJob, clock: Clock
) -> None:
    provider = account(point, now=clock)
    provider.send(job(reference=DOCUMENT))
    point.tokens.revoke()
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda n: provider.send(job(reference=str(UUID(int=n + 1)))), range(40)))
    assert {said(one) for one in outcomes} == {PENDING}
    assert (logins(point), len(point.taken())) == (2, 41)


@pytest.mark.parametrize("status", [401, 403])
def test_a_second_401_is_for_an_operator(point: SaphetyCounterpart, mail: Job, clock: Clock, status: int) -> None:
    point.reply("notify", Answer(status), times=2)
    outcome = account(point, now=clock).send(mail)
    assert said(outcome) == REFUSED
    assert outcome.alarm
    assert (logins(point), point.taken()) == (2, [])


NO = b'{"IsValid":false,"Errors":[{"Code":"INVALID_AUTHENTICATION_DATA","Field":null,"Values":[]}],"Data":null}'


@pytest.mark.parametrize("call", ["notify", "document"])
def test_a_token_that_sin_refuses_in_words_is_renewed_once_too(
    point: SaphetyCounterpart, mail: Job, clock: Clock, call: str
) -> None:
    provider = account(point, now=clock)
    point.reply(call, Answer(200, NO, taken=False))
    assert said(provider.send(mail)) == PENDING
    point.reply(call, Answer(200, NO, taken=False), times=2)
    assert said(provider.send(mail)) == REFUSED
    assert (logins(point), len(point.taken())) == (3, 1)


@pytest.mark.parametrize("words", ["opaque", "past", "none", "garbage"])
def test_a_token_that_tells_no_end_to_come_is_called_with_until_it_is_refused(
    point: SaphetyCounterpart, mail: Job, clock: Clock, words: str
) -> None:
    tokens = {"opaque": "opaque", "past": token(exp=1), "none": token(), "garbage": "a.%%.c"}
    point.reply("getToken", Answer(200, json.dumps({"IsValid": True, "Data": tokens[words]}).encode()), times=3)
    point.reply("document", Answer(401), times=2)
    assert said(account(point, now=clock).send(mail)) == REFUSED
    assert (logins(point), point.taken()) == (2, [])


def test_a_wrong_password_is_for_an_operator_and_ends_no_send(point: SaphetyCounterpart, mail: Job) -> None:
    outcome = account(point, password="wrong-secret").send(mail)
    assert said(outcome) == REFUSED
    assert outcome.alarm
    assert outcome.reason.values == {
        "call": "Account/getToken",
        "code": "INVALID_AUTHENTICATION_DATA",
        "about": "Username",
    }
    assert [one.path.rpartition("/")[2] for one in point.requests] == ["getToken"]


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (Answer(401), REFUSED),
        (Answer(429, b"<html>", HTML), (Verdict.WAIT, 310, "THROTTLED")),
        (Answer(500, b"<html>", HTML), (Verdict.TRANSIENT, 310, "TEMPORARY")),
        (Answer(502), (Verdict.TRANSIENT, 310, "GATEWAY_LOST_IT")),
        (Answer(404), ASTRAY),
        (Answer(400), ASTRAY),
        (Answer(302, headers={"location": "http://127.0.0.1:1/"}), ASTRAY),
        (Answer(400, b'{"IsValid":false,"Errors":[]}'), REFUSED),
        (Answer(200, b"<html>Log in</html>", HTML), (Verdict.TRANSIENT, 310, "ANSWER_UNREADABLE")),
        (Answer(200, b'{"IsValid":true,"Errors":[],"Data":null}'), (Verdict.TRANSIENT, 310, "ANSWER_UNREADABLE")),
        (Answer(200, b'{"IsValid":true,"Data":"a\\r\\nb"}'), (Verdict.TRANSIENT, 310, "ANSWER_UNREADABLE")),
        (Answer(200, b'{"IsValid":false,"Errors":[]}'), REFUSED),
        (Fault.CUT, (Verdict.TRANSIENT, 310, "CONNECTION_LOST")),
    ],
)
def test_a_login_that_fails_leaves_the_send_as_it_was(
    point: SaphetyCounterpart, mail: Job, act: Answer | Fault, expected: Said
) -> None:
    point.reply("getToken", act, times=2)
    provider = account(point)
    assert said(provider.send(mail)) == said(provider.ask(mail)) == expected
    assert said(provider.send(mail)) == PENDING


def test_an_account_that_is_called_at_a_wrong_address_needs_an_operator(point: SaphetyCounterpart, mail: Job) -> None:
    point.reply("getToken", Answer(404))
    assert account(point).send(mail).alarm


def test_no_login_shows_the_password(mail: Job, point: SaphetyCounterpart, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    point.reply("getToken", Answer(400, f'{{"password": "{PASSWORD}"}}'.encode()))
    provider = account(point)
    outcome = provider.send(mail)
    away = account(point, url=f"http://127.0.0.1:{free_port()}").send(mail)
    told = f"{provider!r} {outcome!r} {outcome.answer} {away!r} {away.answer} {caplog.text}"
    assert PASSWORD not in told


def token(**claims: object) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJIUzI1NiJ9.{part}.c3R1Yg"


@pytest.mark.parametrize(
    ("life", "early"),
    [
        (timedelta(seconds=28_800), timedelta(minutes=5)),  # the vendor's page
        (timedelta(seconds=5_999_940), timedelta(minutes=5)),  # its samples of other years
        (timedelta(seconds=100), timedelta(seconds=10)),
    ],
)
def test_a_token_is_renewed_a_little_before_its_own_end(life: timedelta, early: timedelta) -> None:
    assert renewal(token(exp=int((NOW + life).timestamp())), NOW) == NOW + life - early


@pytest.mark.parametrize(
    "words",
    ["", "opaque", "a.b.c", "a.%%.c", token(), token(exp="soon"), token(exp=10**30), token(exp=1), "a.WzFd.c"],
)
def test_a_token_that_does_not_tell_its_end_is_kept_until_it_is_refused(words: str) -> None:
    assert renewal(words, NOW) is None


def test_a_login_that_fails_is_shared_by_those_who_waited_for_it_and_tried_again_by_the_next() -> None:
    calls, everybody, go = [], threading.Barrier(5), threading.Event()
    failed = Outcome(Verdict.TRANSIENT, 310, None)  # type: ignore[arg-type]

    def login() -> str | Outcome:
        calls.append(1)
        go.wait(10)
        return failed if len(calls) == 1 else "token"

    tokens = Tokens(login, lambda: NOW)

    def one(_: int) -> str | Outcome:
        everybody.wait(10)
        return tokens.current()

    with ThreadPoolExecutor(4) as threads:
        waiting = threads.map(one, range(4))
        everybody.wait(10)
        threading.Timer(0.2, go.set).start()
        assert list(waiting) == [failed] * 4
    assert len(calls) == 1
    assert tokens.current() == "token"

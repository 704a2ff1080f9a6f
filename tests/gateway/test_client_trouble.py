"""Is nothing sent twice, waited for too long, followed or told on, however the other side behaves?"""

import json
import logging
import pickle
import socket
import ssl
import subprocess
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from duepost import Client, Conflict, DuepostError, InvalidSend, NewSend, Refused, TryLater, Unexpected
from duepost.client_calls import retry_after
from duepost.doors import Taken
from duepost.errors import ConfigError
from sandbox.ports import HOST
from tests.gateway.conftest import Served
from tests.gateway.scripted import answer, drip, flood, relay, silence, standing_in
from tests.gateway.test_client import MAIL, mails
from tests.gateway.test_sends import count

KEY = "dp_live_12345678_" + "s" * 40
PROBLEM = b'{"code": 409, "type": "%s", "message": "said so", "details": [], "request_id": "r-1"}'
NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


class Waits(list[float]):
    """Notes what a client would sleep."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client_of(url: str, key: str = KEY, timeout: float = 30) -> tuple[Client, Waits]:
    made, waits = Client(url, key, timeout=timeout), Waits()
    made._calls = replace(made._calls, sleep=waits)
    return made, waits


@pytest.fixture
def said() -> bytes:
    """A receipt, as the gateway tells it."""
    told: dict[str, object] = {
        "id": "019ac1f2-7b5e-7c3d-9f00-2a4b6c8d0e1f",
        "status": 100,
        "status_name": "Queue",
        "due_at": None,
    }
    more: dict[str, object] = {"duplicate_of": None, "segments": 1, "encoding": None, "warnings": [], "also": []}
    return json.dumps(told | more).encode()


def test_an_answer_lost_behind_the_commit_is_fetched_again_and_nothing_is_sent_twice(
    gateway: Served, key: str, engine: Engine
) -> None:
    with standing_in(relay(gateway.url, answered=False), relay(gateway.url)) as link:
        client, _ = client_of(link.url, key)
        with client:
            receipt = client.send(MAIL)
    assert len({seen.headers["Idempotency-Key"] for seen in link.seen}) == 1
    assert (len(link.seen), receipt.duplicate) == (2, False)
    assert count(engine, "send") == 1


def test_a_resend_whose_answer_is_lost_makes_one(gateway: Served, key: str, engine: Engine) -> None:
    with Client(gateway.url, key) as direct:
        made = direct.send(MAIL)
        direct.cancel(made.id, "first")
    with standing_in(relay(gateway.url, answered=False), relay(gateway.url)) as link:
        client, _ = client_of(link.url, key)
        with client:
            client.resend(made.id, "again")
    assert count(engine, "send") == 2


def test_a_batch_whose_answer_is_lost_is_repeated_and_taken_once(gateway: Served, key: str, engine: Engine) -> None:
    with standing_in(relay(gateway.url, answered=False), relay(gateway.url)) as link:
        client, _ = client_of(link.url, key)
        with client:
            assert client.send_many(mails(100)) == Taken(0, 100, 0)
    assert count(engine, "send") == 100


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(said: bytes, status: int) -> None:
    with standing_in(answer(status, Retry_After="7"), answer(status), answer(202, said)) as place:
        client, waits = client_of(place.url)
        with client:
            client.send(MAIL)
    assert waits[0] == 7
    assert 0 < waits[1] < 1
    assert len({seen.headers["Idempotency-Key"] for seen in place.seen}) == 1


def test_a_key_in_use_is_waited_for_and_another_conflict_is_not(said: bytes) -> None:
    busy = answer(409, PROBLEM % b"ERR_KEY_IN_USE", Retry_After="1")
    with standing_in(busy, answer(202, said)) as place:
        client, waits = client_of(place.url)
        with client:
            client.send(MAIL)
    assert waits == [1]
    with standing_in(answer(409, PROBLEM % b"ERR_CONFLICT")) as place:
        client, waits = client_of(place.url)
        with client, pytest.raises(Conflict, match="said so"):
            client.send(MAIL)
    assert (waits, len(place.seen)) == ([], 1)


def test_a_retry_after_of_nothing_makes_no_storm(said: bytes) -> None:
    with standing_in(answer(503, Retry_After="0"), answer(202, said)) as place:
        client, waits = client_of(place.url)
        with client:
            client.send(MAIL)
    assert waits[0] > 0.1


@pytest.mark.parametrize("seconds", ["31", "3600"])
def test_a_longer_retry_after_is_the_callers_to_obey(seconds: str) -> None:
    with standing_in(answer(503, Retry_After=seconds)) as place:
        client, waits = client_of(place.url)
        with client, pytest.raises(TryLater):
            client.send(MAIL)
    assert (waits, len(place.seen)) == ([], 1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5.0),
        (format_datetime(NOW + timedelta(seconds=9), usegmt=True), 9.0),
        (format_datetime(NOW - timedelta(seconds=9), usegmt=True), 0.0),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_a_number_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, NOW) == seconds


@pytest.mark.parametrize(("status", "error"), [(500, Unexpected), (502, TryLater), (504, TryLater), (400, Unexpected)])
def test_nothing_else_is_repeated(status: int, error: type[DuepostError]) -> None:
    with standing_in(answer(status, PROBLEM % b"ERR_X")) as place:
        client, _ = client_of(place.url)
        with client, pytest.raises(error, match="said so"):
            client.send(MAIL)
    assert len(place.seen) == 1


def test_a_gateway_that_stays_silent_is_given_up_when_the_time_is_over() -> None:
    with standing_in(silence) as place:
        made = Client(place.url, KEY, timeout=0.7)
        with made, pytest.raises(TryLater, match=r"within 0\.7 s"):
            made.send(MAIL)
    assert len(place.seen) > 1


def test_a_deadline_holds_though_bytes_keep_coming() -> None:
    with standing_in(drip) as place:
        made = Client(place.url, KEY, timeout=1)
        with made, pytest.raises(TryLater, match="no whole answer came within 1 s"):
            made.send(MAIL)
    assert len(place.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int, said: bytes) -> None:
    with (
        standing_in(answer(202, said)) as elsewhere,
        standing_in(answer(status, b"", Location=elsewhere.url)) as place,
    ):
        client, _ = client_of(place.url)
        with client, pytest.raises(Unexpected, match=f"{status} is no gateway"):
            client.send(MAIL)
    assert (len(place.seen), elsewhere.seen) == (1, [])


def test_an_answer_without_an_end_is_cut_off() -> None:
    with standing_in(flood) as place:
        client, _ = client_of(place.url)
        with client, pytest.raises(Unexpected, match="more than"):
            client.send(MAIL)
    assert len(place.seen) == 1


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b"{}", b'{"id": 1}', b'{"sends": 7}', b"\xff", b""])
def test_what_is_no_gateway_is_told_of(body: bytes) -> None:
    with standing_in(answer(200, body)) as place:
        client, _ = client_of(place.url)
        with client:
            for call in (lambda: client.send(MAIL), lambda: client.get("1"), lambda: client.why("1")):
                with pytest.raises(Unexpected):
                    call()
            with pytest.raises(Unexpected):
                client.send_many(mails(2))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine with its key, in one file."""
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    names = ["-subj", "/CN=here", "-addext", f"subjectAltName=IP:{HOST}"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    argv = ["openssl", "req", "-x509", *curve, "-nodes", "-days", "2", *names, *files]
    subprocess.run(argv, check=True, capture_output=True)
    return tmp_path / "cert.pem"


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.parent / "key.pem")
    return context


def test_tls_is_checked_against_the_certificates_of_the_environment(
    said: bytes, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standing_in(answer(202, said), tls=tls) as place:
        client, _ = client_of(place.url)
        with client, pytest.raises(Unexpected, match="certificate is not trusted"):
            client.send(MAIL)
        assert place.seen == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        with client:
            assert client.send(MAIL).status == 100


def test_a_deadline_holds_within_tls(tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with standing_in(drip, tls=tls) as place:
        made = Client(place.url, KEY, timeout=1)
        with made, pytest.raises(TryLater, match="no whole answer came within 1 s"):
            made.send(MAIL)


def test_a_deadline_holds_within_the_handshake() -> None:
    with socket.create_server((HOST, 0)) as mute:
        made = Client(f"https://{HOST}:{mute.getsockname()[1]}", KEY, timeout=1)
        with made, pytest.raises(TryLater):
            made.send(MAIL)


def test_nobody_listening_is_one_sentence_that_names_the_address() -> None:
    made = Client("http://127.0.0.1:1", KEY, timeout=0.5)
    with made, pytest.raises(TryLater, match=r"gateway at http://127\.0\.0\.1:1: it cannot be reached within"):
        made.get("1")


def test_the_key_is_in_no_log_no_text_and_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with standing_in(silence, answer(500), answer(401, PROBLEM % b"ERR_UNAUTHORIZED")) as place:
        client, _ = client_of(place.url)
        with client, pytest.raises(DuepostError) as caught:
            client.send(MAIL)
        with client, pytest.raises(Refused):
            client.send(MAIL)
        assert place.seen[0].headers["Authorization"] == f"Bearer {KEY}"
    chain: list[BaseException] = [caught.value]
    while below := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(below)
    told = [caplog.text, repr(client), *map(repr, chain), *traceback.format_exception(caught.value)]
    assert not any("ssss" in one for one in told)
    assert not any(hasattr(one, "request") for one in chain)


@pytest.mark.parametrize("url", ["", "gateway", "ftp://x", "https://", "https://u:p@x", "https://x/?a=1", "http://[x"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Client(url, KEY)
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("key", ["", " ", "two words", "line\nbreak", "nøgle"])
def test_a_key_that_is_none_is_refused_at_once_and_not_repeated(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Client("https://x", key)
    assert not key.strip() or key not in str(caught.value)


def test_no_password_of_netrc_takes_the_keys_place(
    said: bytes, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with standing_in(answer(202, said)) as place:
        client, _ = client_of(place.url)
        with client:
            client.send(MAIL)
    assert place.seen[0].headers["Authorization"] == f"Bearer {KEY}"


def test_the_proxy_of_the_environment_is_used(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with standing_in(answer(202, said)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        client, _ = client_of("http://duepost.example.com")
        with client:
            client.send(MAIL)
    assert proxy.seen[0].path == "http://duepost.example.com/v1/sends"


def test_cookies_are_not_kept(said: bytes) -> None:
    with standing_in(answer(202, said, Set_Cookie="a=b; Path=/")) as place:
        client, _ = client_of(place.url)
        with client:
            client.send(MAIL)
            client.send(MAIL)
    assert "Cookie" not in place.seen[1].headers


def test_an_error_travels_between_processes_with_all_that_is_wrong() -> None:
    wrong = InvalidSend("A", "is wrong", "mend it", others=(InvalidSend("B", "is wrong", "mend it"),))
    there = pickle.loads(pickle.dumps(wrong))  # noqa: S301 - our own
    assert [one.field for one in there.problems] == ["A", "B"]


def test_a_send_is_given_whole_or_by_its_fields() -> None:
    made = Client("https://duepost.example.com/", KEY)
    assert made.url == "https://duepost.example.com"
    with pytest.raises(TypeError, match="not both"):
        made.send(MAIL, invoice="2")


def _sends() -> Iterator[NewSend]:
    yield MAIL
    raise RuntimeError("the caller's own")


def test_what_the_callers_own_iterator_raises_comes_through() -> None:
    with pytest.raises(RuntimeError, match="own"):
        Client("https://duepost.example.com", KEY).send_many(_sends())

"""Does the access point of the sandbox take documents and tell their fate as phoss-ap does, and survive a crash?"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from sandbox.access_point import AccessPoint
from sandbox.behaviour_file import behave, behave_well
from sandbox.http_behaviour import Answer
from sandbox.http_ledger import read_taken
from sandbox.http_standing import HttpStanding
from sandbox.invoice_xml import invoice_xml
from tests.sandbox.program import Program

XML = invoice_xml()
TOKEN = "t"
SCHEME = "iso6523-actorid-upis::"
RECEIVER = "0088:5790000435975"
NAMES = (f"{SCHEME}0184:DK12345674", f"{SCHEME}{RECEIVER}", "busdox-docid-qns::x", "cenbii-procid-ubl::y", "DK")


@pytest.fixture
def point(tmp_path: Path) -> Iterator[AccessPoint]:
    with AccessPoint(tmp_path / "ap", words=("pending", "sent"), token=TOKEN) as server:
        yield server


def submit(url: str, instance: str, names: tuple[str, ...] = NAMES, token: str = TOKEN) -> requests.Response:
    path = "/".join(quote(name, safe="") for name in names)
    asked = {"sbdhInstanceID": instance}
    place = f"{url}/api/outbound/submit/{path}"
    return requests.post(place, data=XML, params=asked, headers={"X-Token": token}, timeout=10)


def status(url: str, instance: str, token: str = TOKEN) -> requests.Response:
    return requests.get(f"{url}/api/outbound/status/{instance}", headers={"X-Token": token}, timeout=10)


def test_what_is_submitted_is_written_down(point: AccessPoint) -> None:
    submit(point.url, "one")
    [taken] = point.taken()
    assert (taken.key, taken.sha256, point.receivers()) == ("one", sha256(XML).hexdigest(), [RECEIVER])


def test_its_word_goes_on_with_each_question_and_the_last_stays(point: AccessPoint) -> None:
    assert submit(point.url, "one").status_code == 422
    words = [status(point.url, "one").json()["status"] for _ in range(3)]
    assert words == ["pending", "sent", "sent"]


def test_a_repeated_instance_id_is_a_further_document(point: AccessPoint) -> None:
    submit(point.url, "one")
    submit(point.url, "one")
    assert [taken.key for taken in point.taken()] == ["one", "one"]


def test_an_instance_id_that_never_came_is_answered_without_a_body(point: AccessPoint) -> None:
    answer = status(point.url, "never")
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(("names", "token", "code"), [(NAMES, "wrong", 401), (NAMES[:4], "t", 400)])
def test_what_it_may_not_or_cannot_take_is_not_taken(
    point: AccessPoint, names: tuple[str, ...], token: str, code: int
) -> None:
    assert submit(point.url, "one", names, token).status_code == code
    assert point.taken() == []


def test_it_misbehaves_until_told_otherwise(point: AccessPoint) -> None:
    behave(point.folder, HttpStanding(Answer(503), asks="same"))
    assert submit(point.url, "one").status_code == 503
    behave_well(point.folder)
    assert submit(point.url, "two").status_code == 422
    assert [taken.key for taken in point.taken()] == ["two"]


def test_as_a_process_it_knows_after_a_crash_what_it_took(tmp_path: Path) -> None:
    with Program("sandbox.access_point", tmp_path, "--token", "t", "--words", "sent") as program:
        assert submit(program.url, "one").status_code == 200
        program.kill_and_restart()
        assert status(program.url, "one").json()["status"] == "sent"
        assert status(program.url, "one", token="wrong").status_code == 401
    assert [taken.key for taken in read_taken(tmp_path)] == ["one"]


def to(url: str, digits: str, instance: str = "one") -> requests.Response:
    return submit(url, instance, (NAMES[0], f"{SCHEME}0088:579000000{digits}9", *NAMES[2:]))


@pytest.mark.parametrize(
    ("digits", "word", "details"),
    [
        (
            "901",
            "permanently_failed",
            "The participant ID 'iso6523-actorid-upis::0088:5790000009019' is not registered",
        ),
        ("902", "rejected", ""),
        ("905", "permanently_failed", "Failed to resolve SMP endpoint (iso6523-actorid-upis::0088:5790000009059, busd"),
        ("100", "sent", ""),
    ],
)
def test_some_receivers_end_otherwise(point: AccessPoint, digits: str, word: str, details: str) -> None:
    assert to(point.url, digits).status_code == 422
    status(point.url, "one")
    said = status(point.url, "one").json()
    assert said["status"] == word
    assert (said["errorDetails"] or "").startswith(details)


def test_a_silent_receivers_document_is_taken_and_can_be_asked_for(point: AccessPoint) -> None:
    with pytest.raises(requests.ConnectionError):
        to(point.url, "903")
    assert [taken.key for taken in point.taken()] == ["one"]
    assert status(point.url, "one").json()["status"] == "pending"


def test_a_busy_receivers_document_is_taken_when_it_comes_again(point: AccessPoint) -> None:
    assert to(point.url, "904").status_code == 503
    assert point.taken() == []
    assert to(point.url, "904").status_code == 422
    assert [taken.key for taken in point.taken()] == ["one"]

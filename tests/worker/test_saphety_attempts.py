"""Does the ledger end where SIN says, asked as often as it takes, with one mail and never a guess?"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from duepost.ledger.unknown import UnknownPolicy
from duepost.sends import Channel
from sandbox.http_behaviour import Answer, Fault
from sandbox.saphety_counterpart import SaphetyCounterpart
from tests.worker.conftest import AttempterOf
from tests.worker.providers.saphety_account import DOCUMENT, PASSWORD, account
from tests.worker.test_attempt import attempt, due_again, leased, reasons, standing


@pytest.fixture
def point(tmp_path: Path) -> Iterator[SaphetyCounterpart]:
    with SaphetyCounterpart(tmp_path / "sin", password=PASSWORD) as server:
        yield server


class Night:
    """A send that is due again until SIN's word is final."""

    def __init__(self, engine: Engine, attempter_of: AttempterOf, point: SaphetyCounterpart) -> None:
        self.engine, self.attempter_of, self.point = engine, attempter_of, point

    def told(self, attempts: int, *, channel: Channel = Channel.EMAIL, digits: str = "d6f", **more: Any) -> Any:
        """Status and reasons after so many attempts."""
        local = more.pop("to", "anna")
        provider = account(self.point, **more)
        attempter = replace(self.attempter_of(provider, on_unknown=UnknownPolicy.RESOLVE), channel=channel)
        lease, send = leased(self.engine)
        changes: dict[str, Any] = {
            "reference": DOCUMENT[:-3] + digits,
            "channel": channel,
            "to_address": f"{local}@customer.test",
        }
        send = replace(send, **changes)
        attempt(attempter, lease, send)
        for _ in range(attempts - 1):
            attempt(attempter, due_again(self.engine), send)
        provider.close()
        return int(standing(self.engine, send).status), reasons(self.engine, send)


@pytest.fixture
def night(engine: Engine, attempter_of: AttempterOf, point: SaphetyCounterpart) -> Night:
    return Night(engine, attempter_of, point)


def test_a_mail_is_polled_until_it_left(night: Night, point: SaphetyCounterpart) -> None:
    assert night.told(3) == (200, ["IN_PROGRESS", "IN_PROGRESS", "ACCEPTED"])
    assert len(point.taken()) == 1


def test_a_silence_is_asked_about_and_mailed_once(night: Night, point: SaphetyCounterpart) -> None:
    assert night.told(2, to="anna903") == (300, ["OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN"])
    assert len(point.taken()) == 1


@pytest.mark.parametrize("word", ["Sent", "Error"])
def test_a_lost_second_mail_does_not_end_as_the_first_one_did(
    night: Night, point: SaphetyCounterpart, word: str
) -> None:
    point.mailed_before = word
    point.reply("notify", Answer(502, taken=False))
    assert night.told(2) == (300, ["OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN"])
    assert point.taken() == []


def test_a_mail_without_a_yes_whose_document_is_mailed_later_is_a_persons_to_end(
    night: Night, point: SaphetyCounterpart
) -> None:
    point.reply("notify", Fault.CUT)
    assert night.told(3) == (300, ["OUTCOME_UNKNOWN", "IN_PROGRESS", "OUTCOME_UNKNOWN"])
    assert len(point.taken()) == 1


def test_a_yes_without_a_name_is_known_when_the_mail_is_asked_for(night: Night, point: SaphetyCounterpart) -> None:
    yes = b'{"CorrelationId":null,"IsValid":true,"Errors":[],"Data":["anna@customer.test"]}'
    point.reply("notify", Answer(200, yes))
    assert night.told(3) == (200, ["IN_PROGRESS", "IN_PROGRESS", "ACCEPTED"])


def test_a_mail_that_bounces_says_so(night: Night) -> None:
    assert night.told(3, to="anna902") == (330, ["IN_PROGRESS", "IN_PROGRESS", "NOT_DELIVERED"])


def test_a_busy_balancer_costs_no_second_mail(night: Night, point: SaphetyCounterpart) -> None:
    assert night.told(2, to="anna904") == (100, ["THROTTLED", "IN_PROGRESS"])
    assert len(point.taken()) == 1


def test_of_a_document_mailed_before_a_doubt_is_a_persons_to_end(night: Night, point: SaphetyCounterpart) -> None:
    point.mailed_before = "Sent"
    point.reply("notify", Answer(502, taken=False))
    assert night.told(2, poll=False) == (300, ["OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN"])
    assert point.taken() == []


def test_a_server_that_broke_after_the_mail_leaves_it_to_a_person(night: Night, point: SaphetyCounterpart) -> None:
    assert night.told(2, to="anna905") == (300, ["OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN"])
    assert len(point.taken()) == 1
    assert len(point.taken()) == 1


@pytest.mark.parametrize(
    ("digits", "attempts", "expected"),
    [
        ("d6f", 3, (200, ["IN_PROGRESS", "IN_PROGRESS", "ACCEPTED"])),
        ("901", 3, (350, ["IN_PROGRESS", "IN_PROGRESS", "REJECTED"])),
        ("902", 3, (300, ["IN_PROGRESS", "IN_PROGRESS", "REFUSED_BY_PROVIDER"])),
        ("903", 2, (9999, ["IN_PROGRESS", "NOT_INTEGRATED"])),
        ("904", 1, (300, ["NOT_FOUND"])),
    ],
)
def test_an_e_invoice_is_followed_to_its_end(
    night: Night, point: SaphetyCounterpart, digits: str, attempts: int, expected: tuple[int, list[str]]
) -> None:
    assert night.told(attempts, channel=Channel.XML, digits=digits) == expected
    assert point.taken() == []

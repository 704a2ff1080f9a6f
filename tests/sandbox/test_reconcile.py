"""Does the demo's reckoning see everything that ledger and counterparts do not agree on?"""

from dataclasses import replace
from uuid import UUID

import pytest

from duepost.statuses import Status
from sandbox.held import Held
from sandbox.month_end import Expected
from sandbox.reconcile import Accepted, reconcile

MAIL, SMS, XML, LETTER, STRANGER = (UUID(int=number) for number in range(1, 6))
SENDS = {
    MAIL: Accepted("email", Status.SENT, "a@firma.test", "11"),
    SMS: Accepted("sms", Status.SENT, "+4526100200", "22"),
    XML: Accepted("xml", Status.SENT, "0088:5790000435975", "33"),
    LETTER: Accepted("print", Status.SENT, "Nørregade 1\n5000 Odense", "44", invoice="1004"),
}
HELD = [
    Held("email", MAIL, "a@firma.test", "11"),
    Held("sms", SMS, "+4526100200", "22"),
    Held("xml", XML, "5790000435975", "33"),
    Held("print", LETTER, "Nørregade 1\n5000 Odense", "44", invoice="1004"),
]
EXPECTED = Expected({Status.SENT: 4}, {"email": 1, "sms": 1, "xml": 1, "print": 1})


def test_what_agrees_is_explained() -> None:
    account = reconcile(SENDS, HELD, EXPECTED)
    assert (account.line, account.unexplained) == ("reconciled: 4 accepted, 0 unexplained", [])


@pytest.mark.parametrize("lost", HELD, ids=lambda one: one.channel)
def test_a_sent_one_that_the_counterpart_never_took(lost: Held) -> None:
    account = reconcile(SENDS, [one for one in HELD if one is not lost], EXPECTED)
    assert f"send {lost.send}: 200 Sent, but the counterpart never took it" in account.unexplained


@pytest.mark.parametrize("twice", HELD, ids=lambda one: one.channel)
def test_one_that_went_out_twice(twice: Held) -> None:
    assert f"send {twice.send}: went out 2 times" in reconcile(SENDS, [*HELD, twice], EXPECTED).unexplained


@pytest.mark.parametrize(
    ("place", "wrong", "told"),
    [
        (0, {"receiver": "b@firma.test"}, "went to somebody else"),
        (0, {"sha256": "12"}, "left with another document"),
        (0, {"sha256": ""}, "left with another document"),
        (1, {"sha256": "23"}, "left with another text"),
        (2, {"receiver": "5790000000000"}, "went to somebody else"),
        (2, {"sha256": "34"}, "left with another document"),
        (3, {"sha256": "45"}, "left with another document"),
        (3, {"receiver": ""}, "went to somebody else"),
        (3, {"invoice": "1005"}, "the paper is invoice 1005"),
        (3, {"invoice": "1004 1005"}, "the paper is invoice 1004 1005"),
        (3, {"invoice": ""}, "the paper is invoice of no number"),
        (3, {"channel": "xml"}, "left by xml, not by print"),
    ],
)
def test_one_that_left_wrongly(place: int, wrong: dict[str, str], told: str) -> None:
    held = [*HELD]
    held[place] = Held(**{**vars(held[place]), **wrong})
    assert any(line.endswith(told) for line in reconcile(SENDS, held, EXPECTED).unexplained)


def test_one_that_no_send_explains() -> None:
    told = reconcile(SENDS, [*HELD, Held("sms", STRANGER, "+4526100200"), Held("email", None)], EXPECTED).unexplained
    assert f"sms for {STRANGER}: no such send" in told
    assert "the counterparts hold 1 things that name no send" in told


@pytest.mark.parametrize("status", [Status.QUEUE, Status.READY_TO_PRINT, Status.ERROR_SENDING_EMAIL])
def test_one_that_still_waits(status: Status) -> None:
    sends = {**SENDS, LETTER: replace(SENDS[LETTER], status=status)}
    assert any("still" in line for line in reconcile(sends, HELD, EXPECTED).unexplained)


def test_a_refused_mail_that_was_taken() -> None:
    sends = {**SENDS, MAIL: replace(SENDS[MAIL], status=Status.WRONG_EMAIL_ADDRESS)}
    told = reconcile(sends, HELD, EXPECTED).unexplained
    assert f"send {MAIL}: 320 WrongEmailAddress, but the counterpart took it" in told


def test_who_was_asked_and_who_is_left_to_a_person_are_told_apart() -> None:
    sends = {
        **SENDS,
        MAIL: replace(SENDS[MAIL], status=Status.ERROR, unknown=True),
        XML: replace(SENDS[XML], unknown=True),
    }
    account = reconcile(sends, HELD, EXPECTED)
    assert (account.asked, account.unknown) == (1, 1)


def test_what_an_invoice_system_holds_is_a_sends_by_its_reference_there() -> None:
    sends = {MAIL: Accepted("acumulus", Status.SENT, "a@firma.test", None, reference="t1")}
    held = [Held("acumulus", None, "a@firma.test", reference="t1")]
    expected = Expected({Status.SENT: 1}, {"acumulus": 1})
    assert reconcile(sends, held, expected).unexplained == []
    assert reconcile(sends, [*held, *held], expected).unexplained != []
    other = [Held("acumulus", None, "a@firma.test", reference="t2")]
    assert "the counterparts hold 1 things that name no send" in reconcile(sends, other, expected).unexplained

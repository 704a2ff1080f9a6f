"""Is an e-invoice followed at SIN by the newest of its transitions, whatever their order, and nothing handed over?"""

import json
from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from sandbox.http_behaviour import Answer, Fault
from sandbox.saphety_counterpart import SaphetyCounterpart
from tests.worker.providers.saphety_account import DOCUMENT, PASSWORD, Said, account, said
from worker.providers.port import Job, Outcome, Verdict

MakeJob = Callable[..., Job]
PENDING = (Verdict.PENDING, 100, "IN_PROGRESS")
SENT = (Verdict.ACCEPTED, 200, "ACCEPTED")
DECLINED = (Verdict.REFUSED, 300, "REFUSED_BY_PROVIDER")
ASTRAY = (Verdict.WAIT, 310, "API_NOT_FOUND")
GONE = (Verdict.REFUSED, 300, "NOT_FOUND")
REJECTED = (Verdict.REFUSED, 350, "REJECTED")
WORDS = "Encomenda [1234] para o fornecedor [98765] não encontrada"


@pytest.fixture
def point(tmp_path: Path) -> Iterator[SaphetyCounterpart]:
    with SaphetyCounterpart(tmp_path / "sin", password=PASSWORD) as server:
        yield server


@pytest.fixture
def xml(job: MakeJob) -> MakeJob:
    return lambda **changes: job(**{"reference": DOCUMENT, "channel": "xml"} | changes)


def step(state: str, before: str, at: str, reason: object = None) -> dict[str, Any]:
    date = f"2021-11-04 {at}" if ":" in at else at
    return {"IntegrationStatus": state, "PreviousStatus": before, "StatusDate": date, "Reason": reason}


def reasoned(code: str, *values: str | None) -> list[dict[str, Any]]:
    return [{"Code": code, "Field": None, "Values": list(values)}]


ACCEPTED = reasoned("ACCEPTED")
# Dates, states and reasons of the vendor's four samples.
RECEIVED = [step("Received", "Sent", "11:54:51"), step("Sent", "Not_Sent", "11:54:09")]
REJECTION = [
    step("Sending", "Not_Sent", "11:52:11"),
    step("Rejected", "Sending", "11:55:24", reasoned("REJECT", WORDS)),
]
FAILURE = [
    step("Sending", "Not_Sent", "12:02:47"),
    step("Error", "Sending", "12:02:50", reasoned("ERROR", "O número de encomenda é inválido")),
]
TWICE = [
    step("Received", "Sending", "03:34:11", ACCEPTED),
    step("Sending", "Not_Sent", "03:15:39"),
    step("Received", "Received", "11:35:41", ACCEPTED),
]


def answer(transitions: object) -> Answer:
    return Answer(200, json.dumps({"IsValid": True, "Errors": [], "Data": transitions}).encode())


def sent(point: SaphetyCounterpart, job: Job, act: Answer | Fault) -> Outcome:
    point.reply("statusTransitions", act)
    return account(point).send(job)


def in_every_order(point: SaphetyCounterpart, job: Job, transitions: list[dict[str, Any]]) -> set[Said | None]:
    provider, told = account(point), set()
    for order in permutations(transitions):
        point.reply("statusTransitions", answer(list(order)))
        told.add(said(provider.send(job)))
    return told


def test_the_question_is_the_one_that_the_vendors_clients_make(point: SaphetyCounterpart, xml: MakeJob) -> None:
    account(point).send(xml())
    request = point.requests[-1]
    place = f"/Dcn.Sandbox.WebApi/api/OutboundFinancialDocument/statusTransitions/{DOCUMENT}"
    assert (request.method, request.path, request.body) == ("GET", place, b"")
    assert request.headers["authorization"] == f"bearer {point.tokens.given[0]}"


@pytest.mark.parametrize(
    ("transitions", "expected"), [(RECEIVED, SENT), (REJECTION, REJECTED), (FAILURE, DECLINED), (TWICE, SENT)]
)
def test_the_newest_counts_in_whatever_order_they_come(
    point: SaphetyCounterpart, xml: MakeJob, transitions: list[dict[str, Any]], expected: Said
) -> None:
    assert in_every_order(point, xml(), transitions) == {expected}


def test_a_state_that_comes_again_is_no_change(point: SaphetyCounterpart, xml: MakeJob) -> None:
    outcome = sent(point, xml(), answer(TWICE))
    assert outcome.reason.values["at"] == "2021-11-04 03:34:11"


def test_in_the_same_second_what_another_one_left_came_first(point: SaphetyCounterpart, xml: MakeJob) -> None:
    at = "11:54:09"
    chain = [
        step("Sending", "Not_Sent", at),
        step("Error", "Sending", at),
        step("Sending", "Error", "11:54:10"),
        step("Sent", "Sending", "11:54:10"),
    ]
    assert in_every_order(point, xml(), chain) == {SENT}


@pytest.mark.parametrize(
    ("together", "expected"),
    [
        ([("Error", "Sending"), ("Sending", "Error")], PENDING),
        ([("Error", "Sending"), ("Sending", "Error"), ("Sent", "Sending")], SENT),
        ([("Sent", "Sending"), ("Error", "Sent"), ("Sending", "Error"), ("Sent", "Sending")], SENT),
        ([("Sent", "Sending"), ("Received", "Sent"), ("Received", "Received"), ("Rejected", "Received")], REJECTED),
        ([("Received", "Sent"), ("Error", "Returned")], DECLINED),  # no chain: from the first state to the last
    ],
)
def test_of_the_same_second_each_leaves_the_state_of_the_one_before(
    point: SaphetyCounterpart, xml: MakeJob, together: list[tuple[str, str]], expected: Said
) -> None:
    steps = [step(state, before, "11:54:10") for state, before in together]
    assert in_every_order(point, xml(), [step("Sending", "Not_Sent", "11:54:09"), *steps]) == {expected}


def test_very_many_of_the_same_second_are_read_all_the_same(point: SaphetyCounterpart, xml: MakeJob) -> None:
    steps = [step("Sending", "Error", "11:54:09"), step("Error", "Sending", "11:54:09")] * 500
    assert said(sent(point, xml(), answer([*steps, step("Sent", "Sending", "11:54:10")]))) == SENT


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Not_Sent", PENDING),
        ("Sending", PENDING),
        ("Sent", SENT),
        ("Received", SENT),
        ("Paid", SENT),
        ("Rejected", REJECTED),
        ("Error", DECLINED),
        ("Returned", DECLINED),
        ("NotIntegrated", (Verdict.REFUSED, 9999, "NOT_INTEGRATED")),
        ("not_sent", PENDING),
    ],
)
def test_every_integration_status_means_what_it_says(
    point: SaphetyCounterpart, xml: MakeJob, word: str, expected: Said
) -> None:
    outcome = sent(point, xml(), answer([step(word, "Not_Sent", "11:54:09")]))
    assert said(outcome) == expected
    assert outcome.reason.values["state"] == word


def test_the_reasons_of_a_rejection_are_kept(point: SaphetyCounterpart, xml: MakeJob) -> None:
    outcome = sent(point, xml(), answer(REJECTION))
    assert outcome.reason.values == {"http": 200, "state": "Rejected", "at": "2021-11-04 11:55:24", "code": "REJECT"}
    words = json.loads((outcome.answer or "").removeprefix("200 "))
    assert words["Reason"] == reasoned("REJECT", WORDS)


def test_reasons_that_name_fields_and_hold_nothing_are_kept_too(point: SaphetyCounterpart, xml: MakeJob) -> None:
    reasons = [*reasoned("REJECT", None), {"Code": "REJECT", "Field": "OrderReference", "Values": None}, {"Code": None}]
    outcome = sent(point, xml(), answer([step("Rejected", "Sent", "11:55:24", [*reasons, "odd"])]))
    assert (outcome.reason.values["code"], outcome.reason.values["about"]) == ("REJECT", "OrderReference")


def test_a_document_of_which_nothing_happened_yet_is_waited_for(point: SaphetyCounterpart, xml: MakeJob) -> None:
    assert said(sent(point, xml(), answer([]))) == PENDING


@pytest.mark.parametrize(
    "transitions",
    [
        None,
        {},
        "Sent",
        ["Sent"],
        [{}],
        [step("Sent", "Sending", "yesterday")],
        [step("Sent", "Sending", "11:54:09"), {"IntegrationStatus": "Sending", "StatusDate": None}],
        [step("Sent", "Sending", "11:54:09"), step("Lost", "Sent", "11:54:10")],
        [step("Sent", "Sending", "11:54:09") | {"OutboundFinancialDocumentId": DOCUMENT[:-3] + "000"}],
    ],
)
def test_what_cannot_be_read_settles_nothing(point: SaphetyCounterpart, xml: MakeJob, transitions: object) -> None:
    outcome = sent(point, xml(), answer(transitions))
    assert said(outcome) == (Verdict.TRANSIENT, 310, "ASKED_IN_VAIN")
    assert outcome.alarm


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (Answer(404, b'{"IsValid":false,"Errors":[{"Code":"DOCUMENT_NOT_FOUND"}]}'), GONE),
        (Answer(429), (Verdict.WAIT, 310, "THROTTLED")),
        (Answer(500), (Verdict.TRANSIENT, 310, "ASKED_IN_VAIN")),
        (Answer(502), (Verdict.TRANSIENT, 310, "ASKED_IN_VAIN")),
        # of a firewall or a proxy: no word about the e-invoice
        (Answer(400), ASTRAY),
        (Answer(404), ASTRAY),
        (Answer(413), ASTRAY),
        (Answer(302, headers={"location": "/"}), ASTRAY),
        (Fault.CUT, (Verdict.TRANSIENT, 310, "ASKED_IN_VAIN")),
    ],
)
def test_an_answer_of_another_kind_leaves_nothing_in_doubt(
    point: SaphetyCounterpart, xml: MakeJob, act: Answer | Fault, expected: Said
) -> None:
    assert said(sent(point, xml(), act)) == expected


def test_a_document_that_sin_does_not_know_is_refused(point: SaphetyCounterpart, xml: MakeJob) -> None:
    outcome = account(point).send(xml(reference=DOCUMENT[:-3] + "904"))
    assert said(outcome) == GONE


def test_it_is_followed_until_it_is_done_and_nothing_is_handed_over(point: SaphetyCounterpart, xml: MakeJob) -> None:
    provider = account(point)
    told = [provider.send(xml()), *(provider.ask(xml()) for _ in range(2))]
    assert [said(one) for one in told] == [PENDING, PENDING, SENT]
    assert point.taken() == []


@pytest.mark.parametrize(
    ("digits", "asked", "then"),
    [
        ("901", REJECTED, REJECTED),
        ("902", None, DECLINED),  # not in doubt: asked, it is said by the send that follows
        ("903", (Verdict.REFUSED, 9999, "NOT_INTEGRATED"), (Verdict.REFUSED, 9999, "NOT_INTEGRATED")),
    ],
)
def test_a_bad_end_found_by_a_question_is_the_sends_own(
    point: SaphetyCounterpart, xml: MakeJob, digits: str, asked: Said | None, then: Said
) -> None:
    provider, job = account(point), xml(reference=DOCUMENT[:-3] + digits)
    for _ in range(3):
        provider.send(job)
    assert said(provider.ask(job)) == asked
    assert said(provider.send(job)) == then

"""Does every word about an e-invoice mean what the taxonomy of failures says?"""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from duepost.inbound.access_point import read_response
from duepost.receipts import Word
from sandbox.access_point import UNREGISTERED, UNRESOLVED
from sandbox.http_behaviour import Answer as Reply
from sandbox.saphety_counterpart import SaphetyCounterpart
from tests.duepost.inbound.responses import MLR, MLS, T111, response
from tests.worker.providers.saphety_account import DOCUMENT, PASSWORD, account
from tests.worker.providers.taxonomy.rows import agrees, rows, said, stands
from worker.http_line import Answer
from worker.providers.as4_verdicts import of_transaction
from worker.providers.port import Job, Outcome

# what a receipt keeps of its words in a row
KEPT = {Word.DELIVERED: "delivered", Word.PAID: "paid"}


def answered(form: str, name: str) -> str:
    """Where a send that was sent stands after an answer of this form: status, its word, alert."""
    code, *reasons = name.split()
    [found] = read_response(response(form, code, reasons))
    status, _, alert = stands(found).partition(" ")
    word = KEPT.get(found.word, "accepted" if form != T111 and found.word is Word.ACCEPTED else "")
    return f"{status} {word}".strip() + (f"{', ' if word else ' '}{alert}" if alert else "")


@pytest.mark.parametrize(("row", "name", "meaning"), rows("mlr_mls"))
def test_an_access_points_answer(row: str, name: str, meaning: str) -> None:
    agrees(row, {answered(form, name) for form in (MLR, MLS)}, meaning)


@pytest.mark.parametrize(("row", "name", "meaning"), rows("invoice_response"))
def test_a_buyers_answer(row: str, name: str, meaning: str) -> None:
    agrees(row, {answered(T111, name)}, meaning)


# row -> how phoss-ap tells it; it has no words of its own for what AS4 faults
AS4 = {
    "participant not registered, no SMP entry": ("permanently_failed", UNREGISTERED.format("x", "no NAPTR record")),
    "document type not supported by receiver": ("permanently_failed", UNRESOLVED.format("x", "y", "z")),
    "AS4 receipt": ("sent", ""),
    "EBMS error connection/TLS": ("failed", "EBMS:0005 ConnectionFailure"),
    "EBMS policy/security": ("permanently_failed", "EBMS:0103 PolicyNoncompliance"),
}


@pytest.mark.parametrize(("row", "name", "meaning"), rows("as4"))
def test_an_access_point(row: str, name: str, meaning: str) -> None:
    status, details = AS4[name]
    body = json.dumps({"id": "1", "status": status, "errorDetails": details}).encode()
    agrees(row, {said(of_transaction(Answer(200, {}, body, whole=True)))}, meaning)


def step(state: str, before: str, second: int) -> dict[str, Any]:
    return {"IntegrationStatus": state, "PreviousStatus": before, "StatusDate": f"2021-11-04 11:54:{second:02}"}


def followed(folder: Path, job: Job, *transitions: dict[str, Any]) -> Outcome:
    """What an account at SIN makes of these."""
    with SaphetyCounterpart(folder, password=PASSWORD) as point:
        body = json.dumps({"IsValid": True, "Errors": [], "Data": transitions}).encode()
        point.reply("statusTransitions", Reply(200, body))
        return account(point).send(job)


@pytest.fixture
def xml(job: Any) -> Job:
    made: Job = job(reference=DOCUMENT, channel="xml")
    return made


@pytest.mark.parametrize(("row", "name", "meaning"), rows("saphety_integration"))
def test_a_state_at_sin(tmp_path: Path, xml: Job, row: str, name: str, meaning: str) -> None:
    outcome = followed(tmp_path, xml, step(name, "Not_Sent", 9))
    assert outcome.reason.values["state"] == name
    agrees(row, {str(int(outcome.status))}, meaning)


SENDING, SENT, RECEIVED = step("Sending", "Not_Sent", 1), step("Sent", "Sending", 2), step("Received", "Sent", 3)
# row -> the transitions that it speaks of; whatever order they come in
RULES = {
    "transitions in any order are sorted by StatusDate": [SENDING, SENT, RECEIVED],
    "StatusDate has no zone": [SENT, RECEIVED],
    "a state that repeats (Received after Received)": [SENT, RECEIVED, step("Received", "Received", 9)],
    "a Sent told after Received": [RECEIVED, step("Sent", "Received", 9)],
    "an unknown word": [SENT, step("Pondered", "Sent", 9)],
}


@pytest.mark.parametrize(("row", "name", "meaning"), rows("einvoice_rules"))
def test_a_rule_of_transitions(tmp_path: Path, xml: Job, row: str, name: str, meaning: str) -> None:
    ours = set()
    for place, order in enumerate(permutations(RULES[name])):
        outcome = followed(tmp_path / str(place), xml, *order)
        state = outcome.reason.values.get("state", "")
        if name == "an unknown word":
            kept, alert = "Pondered" in (outcome.answer or ""), outcome.alarm
            ours.add(f"{said(outcome)}{', the word is kept' * kept}{', alert' * alert}")
        else:
            ours.add(f"{said(outcome)} {state}" if " " in meaning else said(outcome))
    if "repeats" in name:
        assert outcome.reason.values["at"] == RECEIVED["StatusDate"]
    agrees(row, ours, meaning)

"""Does a call of Acumulus mail what it says, once more each time, and nothing when something is wrong?"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text

from duepost.credentials import Scope
from gateway.acumulus import router
from tests.gateway.acumulus.conftest import CONTRACT, TOKEN, UBL, Ask, Hold, Kept, document
from tests.gateway.conftest import MakeKey, Served
from tests.gateway.test_sends import count
from tests.papers import pdf_with

Sends = Callable[[], list[Kept]]


def tags(answer: Any, kind: str) -> list[str]:
    found = answer.json()[f"{kind}s"].get(kind, [])
    return [one["codetag"] for one in (found if isinstance(found, list) else [found])]


def test_a_mail_is_taken_and_the_answer_has_the_shape_of_the_page(ask: Ask, sends: Sends) -> None:
    answer = ask()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == {
        "invoice": {"token": TOKEN, "invoicetype": "0"},
        "errors": {"count_errors": "0"},
        "warnings": {"count_warnings": "0"},
        "status": "0",
    }
    [sent] = sends()
    assert (sent.to_address, sent.kind, sent.account, sent.documents) == (
        "a@example.com",
        "invoice",
        "acme",
        ("a.pdf",),
    )


def test_a_send_is_found_by_its_token(ask: Ask, gateway: Served, key: str) -> None:
    ask()
    [listed] = gateway.call("GET", f"/v1/sends?Reference={TOKEN}", key).json()["sends"]
    assert (listed["status"], listed["to_address"]) == (100, "a@example.com")


def test_everything_that_can_be_said_arrives(ask: Ask, hold: Hold, sends: Sends, gateway: Served, key: str) -> None:
    uploaded = gateway.call("POST", "/v1/documents", key, data=pdf_with(b"terms")).json()["document"]
    token = hold("a" * 32, "2026-002", Attachments=[document(UBL, "ubl.xml")], Language="nl", CustomerNumber="77")
    mail = {
        "emailto": "x@example.com, y@example.com;",
        "emailbcc": "books@example.com",
        "emailfrom": "shop@example.com",
        "subject": "Herinnering & meer",
        "message": "Beste klant,\\nzie bijlage ü.",
        "confirmreading": 1,
        "ubl": 1,
        "gfx": 0,
    }
    docids = {"docid": ["11", uploaded, "12"]}
    answer = ask(token=token, invoicetype=1, invoicenotes="regel 1\\nregel 2\\tx", emailaspdf=mail, docids=docids)
    assert answer.json()["status"] == "0", answer.text
    kept = sends()
    assert [one.to_address for one in kept] == ["x@example.com", "y@example.com", "books@example.com"]
    assert {(one.kind, one.subject, one.note) for one in kept} == {
        ("reminder", "Herinnering & meer", "Beste klant,\nzie bijlage ü.")
    }
    for one in kept:
        assert one.options["internal_note"] == "regel 1\nregel 2\tx"
        assert one.options["provider_documents"] == ["11", "12"]
        assert one.options["sender"] == "shop@example.com"
        assert one.options["confirm_read"] is True
        assert one.options["attach"] == ["pdf", "xml", "other"]
        assert one.options["shown_to"] == "x@example.com, y@example.com"
        assert one.documents == ("a.pdf", "ubl.xml", "2026-002.pdf")
    assert [one.options.get("copy", False) for one in kept] == [False, False, True]


def test_without_ubl_the_xml_stays_at_home(ask: Ask, sends: Sends) -> None:
    ask()
    assert sends()[0].options["attach"] == ["pdf", "other"]


def test_a_ubl_that_is_not_there_is_told_and_the_mail_goes(ask: Ask, sends: Sends) -> None:
    answer = ask(emailaspdf={"emailto": "a@example.com", "ubl": 1})
    assert (answer.json()["status"], tags(answer, "warning"), len(sends())) == ("2", ["DPUBL"], 1)


@pytest.mark.parametrize("mail", [{"emailto": ""}, {"emailbcc": "ignored@@"}, None])
def test_without_emailto_the_contact_gets_it_and_bcc_is_passed_over(ask: Ask, sends: Sends, mail: Any) -> None:
    answer = ask(emailaspdf=mail or {"subject": None})
    assert answer.json()["status"] == "0"
    assert [one.to_address for one in sends()] == ["contact@example.com"]


def test_each_call_mails_once_more(ask: Ask, sends: Sends) -> None:
    for subject in ("first", "second", "third"):
        assert ask(emailaspdf={"emailto": "a@example.com", "subject": subject}).json()["status"] == "0"
    assert [(one.subject, one.sequence) for one in sends()] == [("first", 0), ("second", 1), ("third", 2)]


def test_the_same_call_within_ten_minutes_is_mailed_once_and_told(ask: Ask, sends: Sends, engine: Engine) -> None:
    assert ask().json()["status"] == "0"
    again = ask({"lang": "nl", "format": "xml"})
    assert again.status_code == 200
    assert b"<status>2</status>" in again.content
    assert b"DPREPEATED" in again.content
    assert len(sends()) == 1
    with engine.begin() as connection:
        connection.execute(text("UPDATE idempotency SET created_at = created_at - interval '11 minutes'"))
    assert ask().json()["status"] == "0"
    assert [one.sequence for one in sends()] == [0, 1]


def test_an_idempotency_key_says_what_is_a_repeat(ask: Ask, sends: Sends) -> None:
    first, again = (ask(headers={"Idempotency-Key": "one"}) for _ in range(2))
    assert first.content == again.content
    assert ask(headers={"Idempotency-Key": "two"}).json()["status"] == "0"
    assert [one.sequence for one in sends()] == [0, 1]
    other = ask(headers={"Idempotency-Key": "one"}, invoicetype=1)
    assert (other.status_code, tags(other, "error")) == (400, ["DPKEYUSED"])
    wrong = ask(headers={"Idempotency-Key": "a b"})
    assert (wrong.status_code, tags(wrong, "error")) == (400, ["DPKEY"])


def test_calls_at_once_lose_none_and_double_none(ask: Ask, sends: Sends) -> None:
    with ThreadPoolExecutor(8) as threads:
        subjects = [str(number // 2) for number in range(16)]
        mails = [{"emailto": "a@example.com; b@example.com", "subject": subject} for subject in subjects]
        answers = list(threads.map(lambda mail: ask(emailaspdf=mail).json()["status"], mails))
    assert sorted(answers) == ["0"] * 8 + ["2"] * 8
    kept = sends()
    assert sorted({(one.to_address, one.sequence) for one in kept}) == [
        (f"{letter}@example.com", number) for letter in "ab" for number in range(8)
    ]
    assert {one.subject for one in kept} == set(subjects)


@pytest.mark.parametrize(
    ("mail", "field"),
    [
        ({"emailto": "a@@example.com"}, "emailto"),
        ({"emailto": "a@example.com; nobody"}, "emailto"),
        ({"emailto": "a@example.com", "emailbcc": "nobody"}, "emailbcc"),
        ({"emailto": "a@example.com", "emailfrom": "nobody"}, "emailfrom"),
    ],
)
def test_a_wrong_address_is_a_warning_and_nobody_gets_a_mail(
    ask: Ask, engine: Engine, mail: dict[str, str], field: str
) -> None:
    answer = ask(emailaspdf=mail)
    assert (answer.status_code, answer.json()["status"], tags(answer, "warning")) == (200, "2", ["DPADDRESS"])
    assert field in answer.json()["warnings"]["warning"]["message"]
    assert "nobody" not in answer.text
    assert count(engine, "send") == count(engine, "idempotency") == 0


def test_no_address_anywhere_is_a_warning(ask: Ask, hold: Hold, engine: Engine) -> None:
    answer = ask(token=hold("c" * 32, "2026-003", Email=None), emailaspdf={"emailto": ""})
    assert (answer.json()["status"], tags(answer, "warning"), count(engine, "send")) == ("2", ["DPADDRESS"], 0)


def test_an_odd_type_is_an_invoice_with_a_warning(ask: Ask, sends: Sends) -> None:
    answer = ask(invoicetype=7)
    assert (answer.json()["status"], tags(answer, "warning")) == ("2", ["GK6FKHU52"])
    assert answer.json()["invoice"]["invoicetype"] == "0"
    assert [one.kind for one in sends()] == ["invoice"]


def test_a_trial_answers_alike_and_mails_nothing(ask: Ask, engine: Engine) -> None:
    assert ask(testmode=1).json()["status"] == "0"
    assert tags(ask(testmode=1, emailaspdf={"emailto": "nobody"}), "warning") == ["DPADDRESS"]
    assert count(engine, "send") == count(engine, "idempotency") == 0
    assert ask(testmode=0).json()["status"] == "0"
    assert count(engine, "send") == 1


def test_a_test_login_is_told_that_nothing_leaves(ask: Ask, hold: Hold, make_key: MakeKey, sends: Sends) -> None:
    tried = make_key(kind="test")
    token = hold("d" * 32, "1", by=tried)
    answer = ask(contract={**CONTRACT, "password": tried}, token=token)
    assert (answer.json()["status"], tags(answer, "warning")) == ("2", ["DPNOTE"])
    assert [one.status for one in sends()] == [1000]


@pytest.mark.parametrize(
    ("given", "http", "tag"),
    [
        ({"contract": None}, 403, "AF1001MCS"),
        ({"contract": {**CONTRACT, "contractcode": ""}}, 403, "AF1001MCS"),
        ({"contract": {**CONTRACT, "password": "wrong"}}, 403, "DPLOGIN"),
        ({"contract": {**CONTRACT, "username": "other"}}, 403, "DPLOGIN"),
        ({"contract": {**CONTRACT, "contractcode": "1"}}, 403, "DPLOGIN"),
        ({"token": None}, 400, "TNFE4035G"),
        ({"token": "0" * 31 + "-"}, 400, "TNFE4035G"),
        ({"token": "0" * 32}, 400, "TNFE4035G"),
        ({"emailaspdf": None}, 400, "DPMAIL"),
        ({"testmode": "yes"}, 400, "DPFIELD"),
        ({"emailaspdf": {"emailto": "a@example.com", "ubl": 2}}, 400, "DPFIELD"),
        ({"emailaspdf": {"emailto": "a@example.com", "subject": "x" * 256}}, 400, "DPFIELD"),
        ({"invoicenotes": "x" * 10_001}, 400, "DPFIELD"),
        ({"docids": {"docid": "0" * 64}}, 400, "DPFIELD"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_mailed(
    ask: Ask, engine: Engine, given: dict[str, Any], http: int, tag: str
) -> None:
    answer = ask(given)
    assert (answer.status_code, answer.json()["status"], tags(answer, "error")) == (http, "1", [tag])
    assert answer.json()["errors"]["count_errors"] == "1"
    assert answer.json()["warnings"] == {"count_warnings": "0"}
    assert count(engine, "send") == 0


def test_the_token_of_another_account_is_an_unknown_one(
    ask: Ask, hold: Hold, make_key: MakeKey, engine: Engine
) -> None:
    theirs = hold("e" * 32, by=make_key(account="other"))
    assert ask(token=theirs).content == ask(token="f" * 32).content
    assert count(engine, "send") == 0


def test_a_key_of_ours_stands_in_for_the_password(ask: Ask, key: str, sends: Sends) -> None:
    assert ask(contract={"contractcode": "1", "username": "any", "password": key}).json()["status"] == "0"
    assert len(sends()) == 1


def test_a_key_that_may_only_read_is_refused(ask: Ask, make_key: MakeKey, engine: Engine) -> None:
    answer = ask(contract={**CONTRACT, "password": make_key(Scope.READ)})
    assert (answer.status_code, tags(answer, "error"), count(engine, "send")) == (403, ["A8N403GCN"], 0)


def test_what_takes_too_long_is_an_exception_and_its_repeat_is_told(
    ask: Ask, sends: Sends, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "PATIENCE_SECONDS", 0.5)
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE send IN EXCLUSIVE MODE"))
        late = ask()
    assert (late.status_code, late.json()["status"], tags(late, "error")) == (500, "3", ["DPAWAY"])
    assert late.headers["Retry-After"]
    monkeypatch.undo()
    again = ask()
    assert (again.json()["status"], tags(again, "warning"), len(sends())) == ("2", ["DPREPEATED"], 1)


def test_while_the_ledger_is_away_the_caller_is_asked_to_come_again(ask: Ask, serve: Any) -> None:
    away = serve("postgresql+psycopg://127.0.0.1:1/away", gateway={"errors_as_200": True})
    answer = ask(served=away)
    assert (answer.status_code, answer.json()["status"], tags(answer, "error")) == (500, "3", ["DPAWAY"])


def test_errors_may_be_answered_as_200(ask: Ask, serve: Any, database_url: str) -> None:
    answer = ask(served=serve(database_url, gateway={"errors_as_200": True}), token="0" * 32)
    assert (answer.status_code, answer.json()["status"], tags(answer, "error")) == (200, "1", ["TNFE4035G"])


def test_too_many_calls_meet_a_page_as_of_a_load_balancer(ask: Ask, serve: Any, database_url: str) -> None:
    served = serve(database_url, gateway={"requests_per_second": 0.001, "burst_requests": 1})
    assert ask(served=served).status_code == 200
    answer = ask(served=served)
    assert (answer.status_code, answer.headers["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("language", "words"), [("en", "Unknown"), ("nl", "Onbekend"), ("da", "Unknown")])
def test_messages_come_in_two_languages(ask: Ask, language: str, words: str) -> None:
    assert ask(token="0" * 32, lang=language).json()["errors"]["error"]["message"].startswith(words)

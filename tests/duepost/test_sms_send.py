"""Is an SMS send's text, its limit and its sender id what a door may take?"""

from typing import Any

import pytest

from duepost.errors import InvalidSend
from duepost.rules import Rules
from duepost.sms_send import sender_id, sms_text


def made(note: str | None, **changes: Any) -> tuple[str, int, str, tuple[str, ...]]:
    usual: dict[str, Any] = {"kind": "invoice", "language": "en", "invoice": "1001", "rules": Rules()}
    return sms_text(note, **usual | changes)


def test_a_note_is_the_text_and_its_cost_is_told() -> None:
    assert made("Din faktura 1001: 250 kr.") == ("Din faktura 1001: 250 kr.", 1, "GSM 03.38", ())
    assert made("Ж" * 71)[1:3] == (2, "UCS-2")


@pytest.mark.parametrize("note", [None, "", " \n"])
@pytest.mark.parametrize("kind", ["invoice", "reminder", "credit_note"])
def test_without_a_note_one_line_says_what_it_is_about(note: str | None, kind: str) -> None:
    text, parts, encoding, warnings = made(note, kind=kind)
    assert "1001" in text
    assert (parts, encoding, warnings) == (1, "GSM 03.38", ())


def test_the_rules_say_how_many_parts_and_what_becomes_of_more() -> None:
    with pytest.raises(InvalidSend, match="takes 7 parts of SMS and 6 are allowed"):
        made("a" * 1000)
    assert made("a" * 1000, rules=Rules(sms_too_long="truncate"))[1] == 6


@pytest.mark.parametrize("limit", [2, "2", " 2 "])
def test_a_send_may_have_a_limit_of_its_own(limit: int | str) -> None:
    with pytest.raises(InvalidSend, match="takes 7 parts of SMS and 2 are allowed"):
        made("a" * 1000, max_segments=limit)


@pytest.mark.parametrize("limit", [0, -1, 256, "0", "many", "", 1.5, True])
def test_a_limit_that_is_none_is_refused(limit: Any) -> None:
    with pytest.raises(InvalidSend) as refused:
        made("a", max_segments=limit)
    assert refused.value.field == "MaxSegments"


@pytest.mark.parametrize(
    "sender", ["Acme", "ACME A-S", "Acme & Co.", "3M", "B2B_Shop", "+4533445566", "4533445566", "1204", "1" * 15]
)
def test_a_sender_id_that_networks_show_is_taken(sender: str) -> None:
    assert sender_id(f" {sender} ") == sender


@pytest.mark.parametrize(
    "sender",
    ["", " ", "12", "1" * 16, "Acme Invoice", "Ærø", "Ac\nme", "Acme\r\nTo", "A" * 12, "....", "Ac\0"],
)
def test_any_other_is_refused(sender: str) -> None:
    with pytest.raises(InvalidSend) as refused:
        sender_id(sender)
    assert refused.value.field == "From"


def test_a_sender_id_that_is_too_long_is_told_so() -> None:
    with pytest.raises(InvalidSend, match="From has 12 characters: a sender id of an SMS has at most 11"):
        sender_id("Acme Invoice")

"""Is each answer to an e-invoice understood, and nothing taken from XML that is not one?"""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from duepost.inbound.access_point import read_response
from duepost.receipts import Source, Word
from tests.duepost.inbound.responses import ID, MLR, MLS, T111, response

# code, reasons -> word, status, does it ask for a person?
OF_ACCESS_POINT = [
    ("AB", [], Word.ACCEPTED, None, False),
    ("AP", [], Word.DELIVERED, None, False),
    ("AP", ["BW"], Word.DELIVERED, None, True),
    ("AB", ["BW"], Word.ACCEPTED, None, True),
    ("RE", ["FD"], Word.FAILED, 330, False),
    ("RE", ["SV"], Word.FAILED, 350, False),
    ("RE", ["BV"], Word.FAILED, 350, False),
    ("RE", ["FD", "BV"], Word.FAILED, 350, False),  # what is wrong with the document is the nearer cause
    ("RE", [], Word.FAILED, 350, False),
    ("RE", ["XX"], Word.FAILED, 350, False),
    ("ZZ", [], Word.NOTED, None, True),
    ("", [], Word.NOTED, None, True),
]
OF_BUYER = [
    ("AB", [], Word.ACCEPTED, None, False),
    ("IP", [], Word.IN_PROCESS, None, False),
    ("UQ", [], Word.UNDER_QUERY, None, True),
    ("CA", [], Word.CONDITIONAL, None, True),
    ("AP", [], Word.APPROVED, None, False),
    ("PD", [], Word.PAID, None, False),
    ("RE", ["REC"], Word.FAILED, 320, False),
    ("RE", ["PAY"], Word.FAILED, 350, False),
    ("RE", [], Word.FAILED, 350, False),
    ("ZZ", [], Word.NOTED, None, True),
]
ROWS = [(form, *row) for form in (MLR, MLS) for row in OF_ACCESS_POINT] + [(T111, *row) for row in OF_BUYER]


@pytest.mark.parametrize(("form", "code", "reasons", "word", "status", "attention"), ROWS)
def test_a_code_says_what_the_form_gives_it_to_say(
    form: str, code: str, reasons: list[str], word: Word, status: int | None, *, attention: bool
) -> None:
    [found] = read_response(response(form, code, reasons))
    assert (found.send_id, found.source, found.word) == (ID, Source.ACCESS_POINT, word)
    assert (found.status, found.attention) == (status, attention)
    assert found.code == (" ".join([code, *reasons]) or None)


def test_the_address_that_it_came_to_says_which_send_it_is_about() -> None:
    send_id = uuid4()
    [found] = read_response(response(T111, "AP", about="INV-1001"), send_id)
    assert found.send_id == send_id


def test_an_answer_about_something_else_says_nothing() -> None:
    assert read_response(response(about="INV-1001")) == []


@pytest.mark.parametrize(
    ("issued", "at"),
    [
        ("<cbc:IssueDate>2026-11-26</cbc:IssueDate>", datetime(2026, 11, 26, tzinfo=UTC)),
        ("<cbc:IssueDate>tomorrow</cbc:IssueDate>", None),
        ("", None),
    ],
)
def test_a_date_without_a_time_or_none_is_no_obstacle(issued: str, at: datetime | None) -> None:
    assert read_response(response(issued=issued))[0].at == at


def test_it_happened_when_it_was_written() -> None:
    assert read_response(response())[0].at == datetime(2026, 11, 26, 7, tzinfo=UTC)


BOMB = "<!DOCTYPE a [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<Invoice/>",
        response()[:-5],
        response(before=BOMB),
        response(before='<!DOCTYPE a SYSTEM "http://127.0.0.1/evil.dtd">'),
        response(before=BOMB, about="&b;"),
        response().replace(b"ApplicationResponse", b"CreditNote"),
        b"\xff\xfe" + "<a/>".encode("utf-16-le"),
        b"<a>" * 100_000,
        b" " * 2_000_000,
    ],
)
def test_what_is_no_answer_or_tries_to_be_more_is_left_alone(content: bytes) -> None:
    assert read_response(content) == []

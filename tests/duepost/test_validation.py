"""Is a send right in every field, and what does each value mean?"""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duepost.errors import InvalidSend
from duepost.rules import Rules
from duepost.schedule import PAST, UNSET
from duepost.sends import Attachment, Channel, CheckedSend, Kind, NewSend, Priority
from duepost.validation import business_key, check, problems

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PLAIN = NewSend(channel="email", invoice="INV-1", to_address="anna@company.dk")


def checked(**fields: Any) -> CheckedSend:
    return check(replace(PLAIN, **fields), zone="Europe/Copenhagen", now=NOW, rules=Rules())


def wrong_fields(send: NewSend) -> list[str]:
    return [problem.field for problem in problems(send, zone="Europe/Copenhagen", now=NOW, rules=Rules())]


def test_a_plain_send_takes_every_default() -> None:
    assert checked() == CheckedSend(
        channel=Channel.EMAIL,
        invoice="INV-1",
        to_address="anna@company.dk",
        schedule=None,
        note=None,
        account="default",
        kind=Kind.INVOICE,
        subject=None,
        customer=None,
        reference=None,
        document=None,
        filename=None,
        lane="email",
        priority=Priority.NORMAL,
        sequence=0,
    )


@pytest.mark.parametrize("channel", ["Email", " EMAIL ", Channel.EMAIL])
def test_a_channel_is_known_in_any_case_with_blanks_around_it(channel: str) -> None:
    assert checked(channel=channel).channel is Channel.EMAIL


@pytest.mark.parametrize("status", ["Queue", "queue", " QUEUE ", "", None])
def test_status_is_queue_or_left_out(status: str | None) -> None:
    assert checked(status=status) == checked()


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("invoice", Kind.INVOICE),
        ("Reminder", Kind.REMINDER),
        (" credit_note ", Kind.CREDIT_NOTE),
        ("PIE", Kind.INVOICE),
        ("pcm", Kind.CREDIT_NOTE),
    ],
)
def test_a_kind_may_be_farpays_code(kind: str, meaning: Kind) -> None:
    assert checked(kind=kind).kind is meaning


@pytest.mark.parametrize(
    ("priority", "meaning"),
    [
        (0, Priority.URGENT),
        (2, Priority.BULK),
        ("Urgent", Priority.URGENT),
        ("normal", Priority.NORMAL),
        ("2", Priority.BULK),
    ],
)
def test_a_priority_is_a_number_or_a_name(priority: object, meaning: Priority) -> None:
    assert checked(priority=priority).priority is meaning


@pytest.mark.parametrize(("sequence", "meaning"), [(0, 0), (32767, 32767), ("3", 3), (" 0012 ", 12)])
def test_a_sequence_is_a_whole_number(sequence: object, meaning: int) -> None:
    assert checked(sequence=sequence).sequence == meaning


def test_blank_texts_count_as_not_given() -> None:
    assert checked(subject=" ", customer="", reference=" ", note="\n ", filename="", lane=" ") == checked()


def test_texts_lose_the_blanks_around_them_and_a_note_keeps_its_lines() -> None:
    found = checked(invoice=" INV-1 ", subject=" Invoice ", note="Dear Anna,\n\tcheers\n")
    assert (found.invoice, found.subject, found.note) == ("INV-1", "Invoice", "Dear Anna,\n\tcheers\n")


def test_a_document_lends_its_name_to_the_receiver() -> None:
    assert checked(document=Path("/in/INV 1.pdf")).filename == "INV 1.pdf"
    assert checked(document=Path("/in/INV 1.pdf"), filename="Faktura æ.pdf").filename == "Faktura æ.pdf"


def test_warnings_about_address_and_schedule_are_collected() -> None:
    found = checked(language="fi", schedule_send_date="2026-04-01 10:00")
    assert len(found.warnings) == 2
    assert found.warnings[0] == PAST


@pytest.mark.parametrize("given", ["0001-01-01T00:00:00", "0001-06-01 08:00", datetime(1, 1, 1)])  # noqa: DTZ001 - as .NET has it
def test_a_schedule_in_year_1_is_none_and_says_so(given: str | datetime) -> None:
    found = checked(schedule_send_date=given)
    assert (found.schedule, found.warnings) == (None, (UNSET,))


@pytest.mark.parametrize("given", ["2025-01-01 08:00", "1970-01-01 00:00", "0002-01-01 00:00"])
def test_a_schedule_of_years_ago_leaves_now_and_says_so(given: str) -> None:
    assert checked(schedule_send_date=given).warnings == (PAST,)


@pytest.mark.parametrize("given", [None, "", " "])
def test_without_a_schedule_nothing_is_said_of_it(given: str | None) -> None:
    assert checked(schedule_send_date=given).warnings == ()


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("Channel", {"channel": "fax"}),
        ("Channel", {"channel": ""}),
        ("Channel", {"channel": None}),
        ("Status", {"status": "Sent"}),
        ("ToAddress", {"to_address": "nobody"}),
        ("ToAddress", {"to_address": None}),
        ("ToAddress", {"to_address": 4533445566}),
        ("ScheduleSendDate", {"schedule_send_date": "2026-02-30 10:00"}),
        ("ScheduleSendDate", {"schedule_send_date": 20260531}),
        ("Note", {"note": "n" * 10_001}),
        ("Note", {"note": "a\0b"}),
        ("Note", {"note": "a\ud800b"}),
        ("InvoiceNumber", {"invoice": " "}),
        ("InvoiceNumber", {"invoice": "1" * 65}),
        ("InvoiceNumber", {"invoice": "INV\x1f1"}),
        ("InvoiceNumber", {"invoice": 1001}),
        ("Account", {"account": ""}),
        ("Kind", {"kind": "proforma"}),
        ("Subject", {"subject": "s" * 256}),
        ("Subject", {"subject": "Invoice\r\nBcc: b@company.dk"}),
        ("Subject", {"subject": "Invoice\n"}),
        ("Subject", {"subject": "Invoice\u2028x"}),
        ("Subject", {"subject": "Invoice\x85x"}),
        ("Subject", {"subject": "a\0b"}),
        ("CustomerNumber", {"customer": "1" * 65}),
        ("Reference", {"reference": "r" * 256}),
        ("Document", {"document": Path()}),
        ("Document", {"document": "invoice.pdf"}),
        ("Filename", {"filename": "../invoice.pdf"}),
        ("Filename", {"filename": "a\\b.pdf"}),
        ("Filename", {"filename": ".."}),
        ("Filename", {"filename": "a\nb.pdf"}),
        ("Filename", {"filename": "a\u2029b.pdf"}),
        ("Filename", {"filename": "f" * 201}),
        ("Filename", {"document": Path("/in/a\nb.pdf")}),
        ("Lane", {"lane": "Email"}),
        ("Lane", {"lane": "-a"}),
        ("Lane", {"lane": "a" * 42}),
        ("Priority", {"priority": 3}),
        ("Priority", {"priority": "soon"}),
        ("Priority", {"priority": True}),
        ("Sequence", {"sequence": -1}),
        ("Sequence", {"sequence": 32768}),
        ("Sequence", {"sequence": "1.5"}),
        ("Sequence", {"sequence": True}),
    ],
)
def test_a_wrong_value_is_refused_under_its_fields_name_and_not_repeated(field: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidSend) as refused:
        checked(**fields)
    assert refused.value.field == field
    value = next(iter(fields.values()))
    assert not isinstance(value, str) or len(value.strip()) < 3 or value not in str(refused.value)


def test_every_wrong_field_is_told_at_once() -> None:
    send = replace(PLAIN, to_address="nobody", invoice="", subject="a\nb", priority=9, sequence=-1)
    assert wrong_fields(send) == ["ToAddress", "InvoiceNumber", "Subject", "Priority", "Sequence"]


def test_a_fault_that_no_other_value_mends_ends_the_list() -> None:
    too_long = NewSend(
        channel="sms", invoice="\u0416" * 64, to_address="+4520123456", note="\u0416" * 99, max_segments=1
    )
    assert wrong_fields(too_long) == ["Note"]


@pytest.mark.parametrize("name", ["folder\\1001.xml", "a\nb.xml", "f" * 201])
def test_an_attachment_whose_name_is_none_is_told_as_one(name: str) -> None:
    assert wrong_fields(replace(PLAIN, attachments=(Attachment(Path(name)),))) == ["Attachments"]
    named = replace(PLAIN, attachments=(Attachment(b"%PDF-", name),))
    assert wrong_fields(replace(named, filename="a/b")) == ["Filename", "Attachments"]


def test_a_right_send_has_no_problems() -> None:
    assert wrong_fields(PLAIN) == []


ANYTHING = (
    st.none() | st.text(max_size=5) | st.integers(-2, 3) | st.sampled_from(["email", "print", "PIE", "a@b.dk", "\n"])
)


@given(st.builds(NewSend, **dict.fromkeys(NewSend.__dataclass_fields__, ANYTHING)))
def test_whatever_is_in_the_fields_each_wrong_one_is_told_once(send: NewSend) -> None:
    found = wrong_fields(send)
    assert len(set(found)) == len(found)
    if found:
        with pytest.raises(InvalidSend) as refused:
            check(send, zone="Europe/Copenhagen", now=NOW, rules=Rules())
        assert refused.value.field == found[0]
    else:
        check(send, zone="Europe/Copenhagen", now=NOW, rules=Rules())


def test_the_business_key_never_changes() -> None:
    # Stored in every ledger: were this to fail, sends already made would go out a second time.
    assert business_key("default", checked()) == UUID("d6e87c7e-8a75-ae7a-a885-5c535792964f")
    assert business_key("default", checked(channel="print", to_address=None)) == UUID(
        "c7956448-efd5-61dd-4eae-75588892aff4"
    )


def test_the_business_key_is_laid_out_as_documented() -> None:
    send = checked(invoice="FÆ-7", kind="reminder", sequence=12)
    digest = sha256(b"anna@company.dk").hexdigest().encode()
    layout = b"\0".join([b"account 1", "FÆ-7".encode(), b"email", digest, b"reminder", b"12"])
    assert business_key("account 1", send).bytes == sha256(layout).digest()[:16]


@pytest.mark.parametrize(
    "other",
    [
        {"invoice": "INV-2"},
        {"channel": "print"},
        {"to_address": "bo@company.dk"},
        {"kind": "reminder"},
        {"sequence": 1},
    ],
)
def test_another_business_key_means_another_send(other: dict[str, Any]) -> None:
    assert business_key("default", checked(**other)) != business_key("default", checked())


def test_another_account_has_keys_of_its_own() -> None:
    assert business_key("other", checked()) != business_key("default", checked())


def test_what_is_no_part_of_the_business_key_does_not_change_it() -> None:
    same = checked(
        to_address=" anna@COMPANY.dk", note="x", subject="y", schedule_send_date="2026-06-01 10:00", priority=0
    )
    assert business_key("default", same) == business_key("default", checked())

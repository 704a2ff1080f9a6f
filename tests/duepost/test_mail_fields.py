"""Are the fields that only a mail has read right, and is everything else refused by name?"""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duepost import mail_fields
from duepost.errors import InvalidSend
from duepost.rules import Rules

RULES = Rules(test_domains=True)
INJECTIONS = [
    "a@b.test\r\nBcc: eve@evil.test",
    "a@b.test\nRCPT TO:<eve@evil.test>",
    "a@b.test>\r\nRCPT TO:<eve@evil.test>",
    "a@b.test\0",
    "a\0@b.test",
    "a@b.test\u2028Bcc: eve@evil.test",
    "a@b.test\x85Bcc: eve@evil.test",
    "a@b.test\x0bBcc: eve@evil.test",
    "<a@b.test> <eve@evil.test>",
    "a@b.test eve@evil.test",
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@x.test", ("a@x.test",)),
        ("a@x.test; b@y.test", ("a@x.test", "b@y.test")),
        ("a@x.test,b@y.test,;", ("a@x.test", "b@y.test")),
        ('"Doe, Jane" <jane@x.test>; John <john@x.test>', ("jane@x.test", "john@x.test")),
        ('"a \\" b; c" <jane@x.test>', ("jane@x.test",)),
        ("a@X.test, a@x.TEST", ("a@x.test",)),
        ("bjørn@blåbær.test", ("bjørn@xn--blbr-roah.test",)),
        ("<a@x.test>", ("a@x.test",)),
    ],
)
def test_several_addresses_are_each_one(text: str, found: tuple[str, ...]) -> None:
    assert mail_fields.recipients(text, RULES) == found


def test_an_error_names_the_place_of_the_address_and_not_its_text() -> None:
    with pytest.raises(InvalidSend, match="ToAddress address 2 of 3 is no e-mail address") as refused:
        mail_fields.recipients("a@x.test; secret.person; c@x.test", RULES)
    assert "secret" not in str(refused.value)


def test_more_than_twenty_addresses_are_refused() -> None:
    with pytest.raises(InvalidSend, match="has 21 addresses"):
        mail_fields.recipients(",".join(f"a{number}@x.test" for number in range(21)), RULES)


@pytest.mark.parametrize("text", ["", " ", ",;", "<>"])
def test_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidSend, match="ToAddress"):
        mail_fields.recipients(text, RULES)


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("field", ["ToAddress", "Bcc", "From"])
def test_an_address_brings_no_header_and_no_command_along(field: str, text: str) -> None:
    readers: dict[str, Any] = {
        "ToAddress": lambda: mail_fields.recipients(text, RULES),
        "Bcc": lambda: mail_fields.bcc(text, RULES, ()),
        "From": lambda: mail_fields.sender(text, RULES),
    }
    with pytest.raises(InvalidSend) as refused:
        readers[field]()
    assert refused.value.field == field


@given(st.text(max_size=60))
def test_what_is_taken_of_any_text_is_clean_addresses(text: str) -> None:
    with suppress(InvalidSend):
        found = mail_fields.recipients(text, RULES)
        assert all(one.isprintable() and one.count("@") == 1 and " " not in one for one in found)


@given(st.lists(st.sampled_from(["a@x.test", '"Doe, Jane; \\"x\\"" <b@x.test>', "Ann <c@x.test>"]), min_size=1))
def test_names_never_divide_the_list(parts: list[str]) -> None:
    if len(parts) <= mail_fields.RECIPIENTS_LIMIT:
        assert set(mail_fields.recipients(" ; ".join(parts), RULES)) <= {"a@x.test", "b@x.test", "c@x.test"}


def test_a_copy_for_somebody_who_gets_it_anyway_is_none() -> None:
    assert mail_fields.bcc("A <a@x.test>, b@x.test", RULES, ("a@x.test",)) == ("b@x.test",)


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_blank_field_asks_for_nothing(text: str | None) -> None:
    assert mail_fields.bcc(text, RULES, ()) == ()
    assert mail_fields.sender(text, RULES) is None
    assert mail_fields.sender_name(text) is None
    assert mail_fields.language(text) == (None, ())
    assert mail_fields.confirm_read(text) is False
    assert mail_fields.attach(text) is None


def test_a_sender_is_one_address() -> None:
    assert mail_fields.sender("Shop <Info@X.test>", RULES) == "info@x.test"
    with pytest.raises(InvalidSend, match="From"):
        mail_fields.sender("a@x.test, b@x.test", RULES)


@pytest.mark.parametrize("bad", ["a\r\nBcc: b@x.test", "a\0", "a\u2028b", "a\x85b", "a\x0bb", "x" * 79])
def test_a_senders_name_is_one_line(bad: str) -> None:
    with pytest.raises(InvalidSend, match="FromName"):
        mail_fields.sender_name(bad)
    assert mail_fields.sender_name(" Blåbær & Søn ") == "Blåbær & Søn"


@pytest.mark.parametrize(("text", "found"), [("da", "da"), ("pt-BR", "pt"), ("PT_br", "pt"), (" NL ", "nl")])
def test_a_language_loses_its_region(text: str, found: str) -> None:
    assert mail_fields.language(text) == (found, ())


def test_a_language_without_texts_is_taken_with_a_warning() -> None:
    found, warnings = mail_fields.language("fr-CA")
    assert (found, len(warnings)) == ("fr", 1)
    assert "en is used" in warnings[0]


@pytest.mark.parametrize("text", ["danish", "d", "d1", "da;en"])
def test_what_is_no_language_is_refused(text: str) -> None:
    with pytest.raises(InvalidSend, match="Language"):
        mail_fields.language(text)


@pytest.mark.parametrize(
    ("value", "found"),
    [(True, True), ("yes", True), ("TRUE", True), ("1", True), (1, True), (False, False), ("no", False), ("0", False)],
)
def test_a_read_confirmation_is_yes_or_no(value: Any, found: bool) -> None:  # noqa: FBT001
    assert mail_fields.confirm_read(value) is found


@pytest.mark.parametrize("value", ["maybe", 2, "ja", 1.0])
def test_any_other_word_is_refused(value: Any) -> None:
    with pytest.raises(InvalidSend, match="ConfirmRead"):
        mail_fields.confirm_read(value)


@pytest.mark.parametrize(
    ("text", "roles"),
    [("pdf", ("pdf",)), ("XML, pdf", ("pdf", "xml")), ("pdf;other", ("pdf", "other")), ("none", ())],
)
def test_attach_names_the_documents_that_go_along(text: str, roles: tuple[str, ...]) -> None:
    assert mail_fields.attach(text) == roles


@pytest.mark.parametrize("text", ["docx", "pdf,none", "pdf xml"])
def test_an_unknown_kind_of_document_is_refused(text: str) -> None:
    with pytest.raises(InvalidSend, match="Attach"):
        mail_fields.attach(text)


def test_a_list_of_addresses_has_a_limit_whatever_stands_in_it() -> None:
    with pytest.raises(InvalidSend, match="ToAddress has more than 10,240 characters"):
        mail_fields.recipients('"' + '\\"' * 100_000 + ",", RULES)
    with pytest.raises(InvalidSend, match="ToAddress"):
        mail_fields.recipients('"Acme, a@b.dk; c@d.dk', RULES)

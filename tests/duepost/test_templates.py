"""Does an account speak in its own words, and can nobody make them say more than they should?"""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from duepost.doors import enqueue
from duepost.errors import InvalidSend
from duepost.intake import Door
from duepost.ledger.accounts import account_named
from duepost.ledger.schema import send as sends
from duepost.ledger.templates import Words, all_of, remove_template, set_template
from duepost.sends import NewSend
from duepost.templates import checked_words
from tests.duepost.conftest import Run

DOCUMENT = b'<?xml version="1.0"?><Invoice/>'
MAIL = NewSend(channel="email", invoice="1001", to_address="anna@customer.dk", customer="C7", document=DOCUMENT)
DANISH = Words("Faktura {invoice} til {customer}", "Kære kunde\n\nHer er jeres {kind} {invoice}.")
ENGLISH = Words("Your {kind} {invoice}", None)


def words_of(engine: Engine, door: Door, send: NewSend) -> tuple[str | None, str | None]:
    """Subject and text as the ledger keeps them."""
    with engine.begin() as connection:
        receipt = enqueue(connection, send, door=door)
        row = connection.execute(select(sends.c.subject, sends.c.note).where(sends.c.id == receipt.id)).one()
    return row[0], row[1]


@pytest.fixture
def worded(ledger: Engine) -> Engine:
    """The account has Danish and English words for invoices by e-mail, and Danish ones by SMS."""
    with ledger.begin() as connection:
        account = account_named(connection, "default").id
        set_template(connection, account, ("email", "invoice", "da"), DANISH)
        set_template(connection, account, ("email", "invoice", "en"), ENGLISH)
        set_template(connection, account, ("sms", "invoice", "da"), Words(None, "Husk faktura {invoice}"))
    return ledger


@pytest.mark.parametrize(
    "text",
    [
        "{amount}",
        "{}",
        "{0}",
        "{invoice.__class__}",
        "{invoice[0]}",
        "{invoice!r}",
        "{invoice:>99}",
        "{invoice:{kind}}",
    ],
)
@pytest.mark.parametrize("field", ["Subject", "Note"])
def test_only_the_names_of_the_list_may_stand_in_braces(field: str, text: str) -> None:
    with pytest.raises(InvalidSend) as refused:
        checked_words(*((text, None) if field == "Subject" else (None, text)))
    assert refused.value.field == field


@pytest.mark.parametrize("text", ["{", "}", "{invoice", "invoice}", "{{}"])
def test_a_brace_needs_its_other_half(text: str) -> None:
    with pytest.raises(InvalidSend, match="brace without its other half"):
        checked_words(text, None)


@pytest.mark.parametrize("bad", [*"\r\n\0\v\x85\u2028"])
def test_a_subject_is_one_line(bad: str) -> None:
    with pytest.raises(InvalidSend, match="Subject"):
        checked_words(f"a{bad}Bcc: eve@evil.test", None)


def test_words_without_words_are_none() -> None:
    with pytest.raises(InvalidSend, match="both missing"):
        checked_words(" ", None)


def test_without_templates_the_worker_finds_the_words(ledger: Engine, door: Door) -> None:
    assert words_of(ledger, door, MAIL) == (None, None)


def test_the_accounts_words_in_the_sends_language_are_used(worded: Engine, door: Door) -> None:
    found = words_of(worded, door, replace(MAIL, language="da"))
    assert found == ("Faktura 1001 til C7", "Kære kunde\n\nHer er jeres faktura 1001.")


@pytest.mark.parametrize("language", ["en", None, "nl", "pt-BR"])
def test_else_its_english_ones_and_the_built_in_ones_beside(worded: Engine, door: Door, language: str | None) -> None:
    found = words_of(worded, door, replace(MAIL, language=language))
    assert found == ("Your invoice 1001", "Please find attached invoice 1001.")


def test_nothing_is_called_attached_where_nothing_is(worded: Engine, door: Door) -> None:
    assert words_of(worded, door, replace(MAIL, document=None)) == ("Your invoice 1001", "Invoice 1001")


def test_another_kind_has_the_built_in_words(worded: Engine, door: Door) -> None:
    assert words_of(worded, door, replace(MAIL, kind="reminder", language="da")) == (None, None)


def test_the_sends_own_words_go_before(worded: Engine, door: Door) -> None:
    own = replace(MAIL, subject="Mine", note="My text", language="da")
    assert words_of(worded, door, own) == ("Mine", "My text")
    assert words_of(worded, door, replace(own, note=None, sequence=1))[0] == "Mine"


def test_an_sms_is_counted_with_the_accounts_words(worded: Engine, door: Door) -> None:
    send = NewSend(channel="sms", invoice="1001", to_address="+4520123456", language="da")
    assert words_of(worded, door, send) == (None, "Husk faktura 1001")


def test_a_value_is_never_read_as_a_placeholder(worded: Engine, door: Door) -> None:
    found = words_of(worded, door, replace(MAIL, customer="{account}{0.x}", language="da"))
    assert found[0] == "Faktura 1001 til {account}{0.x}"


@pytest.mark.parametrize("field", ["invoice", "customer", "reference"])
def test_a_value_brings_no_header_along(worded: Engine, door: Door, field: str) -> None:
    with pytest.raises(InvalidSend):
        words_of(worded, door, replace(MAIL, **{field: "1\r\nBcc: eve@evil.test"}))  # type: ignore[arg-type]


def test_a_subject_that_a_value_makes_too_long_is_refused(worded: Engine, door: Door) -> None:
    with worded.begin() as connection:
        account = account_named(connection, "default").id
        set_template(connection, account, ("email", "invoice", "en"), Words("{reference} {reference}", None))
    with pytest.raises(InvalidSend, match="Subject has more than 255"):
        words_of(worded, door, replace(MAIL, reference="r" * 200))


def test_words_that_the_send_brings_itself_are_all_that_counts(worded: Engine, door: Door) -> None:
    long = Words("{customer} " * 5, "{reference}" * 50)
    with worded.begin() as connection:
        set_template(connection, account_named(connection, "default").id, ("email", "invoice", "en"), long)
    assert words_of(worded, door, replace(MAIL, customer="2" * 64, reference="r", subject="Ours"))[0] == "Ours"
    other = replace(MAIL, sequence=1, customer="2", reference="r" * 250, note="Ours, too")
    assert words_of(worded, door, other) == ("2 2 2 2 2", "Ours, too")


def test_the_newest_words_stand_until_they_are_removed(worded: Engine) -> None:
    key = ("email", "invoice", "da")
    with worded.begin() as connection:
        account = account_named(connection, "default").id
        set_template(connection, account, key, ENGLISH)
        assert all_of(connection, account)[key] == ENGLISH
        assert [remove_template(connection, account, key) for _ in range(2)] == [True, False]


def test_an_operator_sets_lists_and_removes_words(duepost: Run) -> None:
    assert duepost("template", "set", "default", "--language", "da", "--subject", "Faktura {invoice}").returncode == 0
    assert "Faktura {invoice}" in duepost("template", "list").stdout
    assert [duepost("template", "remove", "default", "--language", "da").returncode for _ in range(2)] == [0, 5]


def test_an_operator_is_told_of_an_unknown_placeholder(duepost: Run) -> None:
    refused = duepost("template", "set", "default", "--subject", "{amount}")
    assert (refused.returncode, "{amount}" in refused.stderr) == (1, True)


def test_doubled_braces_are_kept() -> None:
    assert checked_words("{{literal}} {invoice}", None) == Words("{{literal}} {invoice}", None)

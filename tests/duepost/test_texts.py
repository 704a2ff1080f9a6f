"""Has every kind its words in every language, and what is said in another one?"""

from string import Formatter

import pytest

from duepost.sends import Kind
from duepost.sms import fit
from duepost.texts import OTHER_KIND, TEXTS, Text, built_in

ALL = [(kind, language) for kind in Kind for language in TEXTS]


def test_the_languages_are_english_danish_dutch_and_portuguese() -> None:
    assert set(TEXTS) == {"en", "da", "nl", "pt"}


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_every_text_names_the_invoice_and_nothing_else(kind: Kind, language: str) -> None:
    text = built_in(kind, language)
    for words in (text.subject, text.body, text.sms):
        assert [field for _, field, _, _ in Formatter().parse(words) if field is not None] == ["invoice"]


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_the_line_for_an_sms_is_one_part(kind: Kind, language: str) -> None:
    assert fit(built_in(kind, language).about("2026-000123").sms, 1, "refuse")[0].encoding == "GSM 03.38"


def test_no_two_kinds_and_languages_say_the_same() -> None:
    assert len({built_in(kind, language).subject for kind, language in ALL}) == len(ALL)


@pytest.mark.parametrize(
    ("language", "like"), [("pt-BR", "pt"), ("DA", "da"), ("nl_BE", "nl"), ("fr", "en"), (None, "en"), ("", "en")]
)
def test_a_language_falls_back_to_its_own_and_then_to_english(language: str | None, like: str) -> None:
    assert built_in(Kind.INVOICE, language) == TEXTS[like][Kind.INVOICE]


def test_an_unknown_kind_is_a_document() -> None:
    assert built_in("statement", "da") == OTHER_KIND


def test_braces_in_the_number_stay_as_they_are() -> None:
    assert Text("{invoice}", "", "").about("{invoice}{0.x}").subject == "{invoice}{0.x}"

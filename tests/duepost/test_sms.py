"""Are parts counted as an operator counts them, and does a text that is too long end well?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duepost.errors import InvalidSend
from duepost.sms import Encoding, TooLong, fit, measure, written

GSM, UCS2 = Encoding.GSM, Encoding.UCS2
TEXTS = st.text(
    st.one_of(
        st.sampled_from("abcæøåÅ €[]^{}\\~|\n?'"),
        st.sampled_from("\u2013êПи字😀👩\u200d👧👍🏽\u0301"),
        st.characters(codec="utf-16"),
    ),
    max_size=700,
)


@pytest.mark.parametrize(
    ("text", "parts", "encoding"),
    [
        ("", 1, GSM),
        ("a" * 160, 1, GSM),
        ("a" * 161, 2, GSM),
        ("a" * 306, 2, GSM),
        ("a" * 307, 3, GSM),
        ("æøåÆØÅñü§¿ΔΩ\n", 1, GSM),
        ("€" * 80, 1, GSM),  # two septets each
        ("€" * 80 + "a", 2, GSM),
        ("a" * 159 + "€", 2, GSM),
        ("a" * 152 + "€" + "a" * 151, 2, GSM),  # the pair does not fit at the end of the first part: 152 and 2 + 151
        ("a" * 152 + "€" + "a" * 152, 3, GSM),  # 152 and 154
        ("a" * 69 + "\u2013", 1, UCS2),
        ("a" * 70 + "\u2013", 2, UCS2),
        ("ê", 1, UCS2),
        ("ç", 1, UCS2),  # GSM 03.38 has the capital alone
        ("\u2013" * 134, 2, UCS2),
        ("\u2013" * 135, 3, UCS2),
        ("😀" * 35, 1, UCS2),  # two code units each
        ("😀" * 36, 2, UCS2),
        ("😀" * 66, 2, UCS2),  # 33 in a part: 67 is odd
        ("😀" * 67, 3, UCS2),
        ("a" * 66 + "😀" + "a" * 65, 2, UCS2),
        ("a" * 66 + "😀" + "a" * 66, 3, UCS2),
    ],
)
def test_parts_and_encoding_are_those_of_the_standard(text: str, parts: int, encoding: Encoding) -> None:
    measured = measure(text)
    assert (measured.text, measured.parts, measured.encoding) == (text, parts, encoding)


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ("Ka\u0308re A\u030arhus", "Käre Århus"),
        ("1\u00a0000,00\u202fkr.\t", "1 000,00 kr."),
        ("line\r\nline\rline\u2028end", "line\nline\nline\nend"),
        ("\x1bescape", "escape"),
        ("50 \u2126", "50 Ω"),
    ],
)
def test_a_text_is_written_in_the_form_that_costs_least(given: str, ours: str) -> None:
    assert written(given) == ours
    assert measure(ours).encoding is GSM


def test_a_text_that_is_too_long_is_refused_with_both_numbers() -> None:
    with pytest.raises(InvalidSend) as refused:
        fit("a" * 500, 3, "refuse")
    assert refused.value.field == "Note"
    assert str(refused.value) == ("Note takes 4 parts of SMS and 3 are allowed: shorten it, or allow more parts")


def test_a_refusal_names_the_character_that_costs_the_parts() -> None:
    with pytest.raises(InvalidSend) as refused:
        fit("a" * 150 + "\u2013", 1, "refuse")
    assert str(refused.value) == (
        "Note takes 3 parts of SMS and 1 is allowed: leave out characters such as U+2013 EN DASH: without them it takes"
        " 1"
    )


@pytest.mark.parametrize("too_long", ["refuse", "truncate"])
def test_a_text_that_turns_to_ucs2_is_warned_of_by_the_characters_name(too_long: TooLong) -> None:
    text, warnings = fit(
        "Faktura 1001 \u2013 forfald 1. december. Skriv til os, hvis noget er galt. Med venlig hilsen", 6, too_long
    )
    assert text.parts == 2
    assert warnings == ("Note goes as UCS-2 because of U+2013 EN DASH: 2 parts of SMS instead of 1.",)


def test_a_warning_repeats_nothing_of_the_text() -> None:
    _, warnings = fit("Kære Anna Ж", 6, "refuse")
    assert warnings == ("Note goes as UCS-2 because of U+0416 CYRILLIC CAPITAL LETTER ZHE: 1 part of SMS.",)


@pytest.mark.parametrize(
    ("text", "parts", "cut"),
    [
        ("a" * 161, 1, "a" * 157 + "..."),
        ("a" * 400, 2, "a" * 303 + "..."),
        ("€" * 100, 1, "€" * 78 + "..."),  # 156 and 3: half a pair has no room
        ("\u2013" * 71, 1, "\u2013" * 69 + "…"),
        ("😀" * 40, 1, "😀" * 34 + "…"),  # 68 and 1: half a pair has no room
        ("a" * 200 + "\u2013", 1, "a" * 157 + "..."),  # cut before the dash it is GSM again
        ("a" * 150 + " " * 20, 1, "a" * 150 + "..."),
        ("\u2013" + "a" * 67 + "👍🏽👍🏽", 1, "\u2013" + "a" * 67 + "…"),  # no thumb without its skin
    ],
)
def test_a_cut_text_ends_in_whole_characters_and_an_ellipsis_of_its_encoding(text: str, parts: int, cut: str) -> None:
    fitted, warnings = fit(text, parts, "truncate")
    assert fitted.text == cut
    assert fitted.parts <= parts
    assert warnings[0].startswith("Note was cut from ")


@settings(deadline=None)
@given(TEXTS, st.integers(1, 5))
def test_whatever_is_cut_fits_and_is_a_beginning_of_the_text(text: str, most: int) -> None:
    text = written(text)
    fitted, warnings = fit(text, most, "truncate")
    assert fitted == measure(fitted.text)
    assert fitted.parts <= most
    kept = fitted.text.removesuffix("…").removesuffix("...")
    assert fitted.text == text or (text.startswith(kept) and warnings)


@settings(deadline=None)
@given(TEXTS)
def test_parts_hold_what_the_standard_lets_them_hold(text: str) -> None:
    measured = measure(text)
    units = len(text.encode("utf-16-be")) // 2
    if measured.encoding is UCS2:
        assert units <= (70 if measured.parts == 1 else 67 * measured.parts)
        assert units > (0 if measured.parts == 1 else 66 * (measured.parts - 1))
    else:
        septets = sum(2 if one in "\f^{}\\[~]|€" else 1 for one in text)
        assert septets <= (160 if measured.parts == 1 else 153 * measured.parts)

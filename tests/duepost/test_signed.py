"""Does a signed reference come back as ours, and nothing else?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duepost.signed import report_context, sign, verify

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "019a9f3e-5c1d-7a3b-8d42-0123456789ab"
CONTEXT = report_context("kannel")


def test_what_was_signed_is_known() -> None:
    assert verify(sign(TOKEN, KEY, CONTEXT), KEY, CONTEXT) == TOKEN


def test_a_signature_has_128_bits() -> None:
    assert len(bytes.fromhex(sign(TOKEN, KEY, CONTEXT).rpartition(".")[2])) == 16


@pytest.mark.parametrize("place", range(0, 69, 4))
def test_a_changed_character_is_noticed(place: int) -> None:
    signed = sign(TOKEN, KEY, CONTEXT)
    other = "0" if signed[place] != "0" else "1"
    assert verify(signed[:place] + other + signed[place + 1 :], KEY, CONTEXT) is None


def test_another_key_account_or_purpose_signs_otherwise() -> None:
    signed = sign(TOKEN, KEY, CONTEXT)
    assert verify(signed, KEY[::-1], CONTEXT) is None
    assert verify(signed, KEY, report_context("twilio")) is None
    assert verify(signed, KEY, "kannel") is None


@pytest.mark.parametrize("given", ["", ".", TOKEN, f"{TOKEN}.", f".{'0' * 32}", "æøå.ÆØÅ", "\ud800.\udfff", "a.b.c"])
def test_what_is_no_reference_is_none_and_raises_nothing(given: str) -> None:
    assert verify(given, KEY, CONTEXT) is None


@settings(deadline=None)
@given(st.text())
def test_nothing_from_outside_raises(given: str) -> None:
    assert verify(given, KEY, CONTEXT) is None


def test_an_empty_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="empty key"):
        sign(TOKEN, "", CONTEXT)

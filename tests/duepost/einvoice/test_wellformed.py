"""Is dangerous or broken XML refused before anything is read of it?"""

import pytest

from duepost.einvoice.wellformed import DEPTH_LIMIT, parse
from duepost.errors import InvalidSend

BOMB = (
    b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>"""
)
FILE = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>"""


def nested(levels: int) -> bytes:
    return b"<?xml version='1.0'?>" + b"<a>" * levels + b"</a>" * levels


@pytest.mark.parametrize("content", [BOMB, FILE, b"<?xml version='1.0'?><!DOCTYPE a><a/>"])
def test_a_doctype_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidSend, match=r"^Document has a DOCTYPE") as refused:
        parse(content)
    assert "root:" not in str(refused.value)


@pytest.mark.parametrize("levels", [DEPTH_LIMIT + 1, 300, 100_000])
def test_too_many_levels_are_refused(levels: int) -> None:
    with pytest.raises(InvalidSend, match=r"^Document (nests more than 100 elements|is not well-formed)"):
        parse(nested(levels))


def test_the_most_levels_allowed_are_read() -> None:
    assert parse(nested(DEPTH_LIMIT)).tag == "a"


@pytest.mark.parametrize(
    "content", [b"<?xml", b"<?xml version='1.0'?>\n<a>\n</b>", b"<?xml version='1.0'?><a>\x00</a>"]
)
def test_what_is_not_well_formed_is_refused_with_its_line(content: bytes) -> None:
    with pytest.raises(InvalidSend, match=r"^Document is not well-formed XML \(line \d\)"):
        parse(content)


def test_the_refusal_quotes_nothing_of_the_document() -> None:
    with pytest.raises(InvalidSend) as refused:
        parse(b"<?xml version='1.0'?><Mette>Ssn 010203-1234</Anna>")
    assert not any(word in str(refused.value) for word in ("Mette", "Anna", "010203"))

"""Is a secret hidden in every way in which an answer can write it?"""

import json
from html import escape
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import quoteattr

import pytest

from duepost.reasons import Reason
from duepost.statuses import Status
from worker.providers.finding import ANSWER_LIMIT
from worker.providers.hiding import hide
from worker.providers.port import Outcome, Verdict

SECRET = "aB3 /+=&<>\"'ü€😀%-_\\z"
# who writes -> what it makes of the secret
WRITERS: dict[str, str] = {
    "as it is": SECRET,
    "JSON": json.dumps(SECRET)[1:-1],
    "JSON, letters as they are": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "JSON of PHP": json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    "JSON of .NET": json.dumps(SECRET)[1:-1]
    .replace("&", "\\u0026")
    .replace("<", "\\u003C")
    .replace(">", "\\u003E")
    .replace("+", "\\u002B"),
    "an address": quote(SECRET),
    "an address, small": quote(SECRET, safe="").replace("%C3%BC", "%c3%bc"),
    "a form": quote_plus(SECRET),
    "XML": escape(SECRET, quote=False),
    "an attribute of XML": quoteattr(SECRET)[1:-1],
    "XML in ASCII": escape(SECRET, quote=False).encode("ascii", "xmlcharrefreplace").decode(),
    "XML in hexadecimal": escape(SECRET, quote=False).replace("ü", "&#xFC;").replace("€", "&#x20ac;"),
    "HTML": escape(SECRET),
    "HTML of PHP": escape(SECRET, quote=False).replace('"', "&quot;").replace("'", "&#039;"),
    "HTML with names": escape(SECRET).replace("ü", "&uuml;").replace("€", "&euro;"),
}


def hidden(answer: str, *secrets: str) -> str | None:
    outcome = Outcome(Verdict.REFUSED, Status.ERROR, Reason("REJECTED"), answer, provider_reference=answer)
    found = hide(outcome, secrets)
    assert found.provider_reference == found.answer
    return found.answer


@pytest.mark.parametrize("writer", WRITERS)
def test_a_secret_is_hidden_whoever_wrote_it(writer: str) -> None:
    assert hidden(f"user x, password {WRITERS[writer]}.", SECRET) == "user x, password ***."


@pytest.mark.parametrize("writer", WRITERS)
def test_an_answer_that_is_cut_anywhere_in_the_secret_tells_no_part_of_it(writer: str) -> None:
    form = WRITERS[writer]
    for count in range(1, len(form)):
        filling = "." * (ANSWER_LIMIT - count)
        assert hidden(filling + form[:count], SECRET) == filling


def test_a_secret_that_holds_another_goes_first() -> None:
    assert hidden("a token-2 and a token", "token", "token-2") == "a *** and a ***"


def test_without_a_secret_nothing_is_hidden() -> None:
    assert hidden("a token", "") == "a token"

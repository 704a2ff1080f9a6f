"""Is every answer one of Acumulus', whatever was sent?"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import Engine, text

from tests.gateway.acumulus.conftest import CONTRACT, PLACE, TOKEN, Ask
from tests.gateway.conftest import Served

FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=40
)
TEXT = st.one_of(st.none(), st.sampled_from(["", "0", "1", "a@example.com", "a@example.com;b@example.com"]), WORDS)
MAIL = ("emailto", "emailbcc", "emailfrom", "subject", "message", "confirmreading", "ubl", "gfx")
TREE = st.fixed_dictionaries(
    {"emailaspdf": st.fixed_dictionaries(dict.fromkeys(MAIL, TEXT))},
    optional={
        "invoicetype": TEXT,
        "invoicenotes": TEXT,
        "testmode": TEXT,
        "lang": TEXT,
        "docids": st.fixed_dictionaries({"docid": st.lists(WORDS, max_size=3)}),
        "token": st.sampled_from([TOKEN, "0" * 32, ""]),
        "contract": st.fixed_dictionaries({**dict.fromkeys(CONTRACT, TEXT)}),
    },
)


def statuses(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["status"]


@pytest.fixture
def sent(engine: Engine) -> Callable[[], int]:
    """How many sends there are."""

    def count() -> int:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM send")).scalar_one())

    return count


def test_any_values_are_done_warned_of_or_refused(ask: Ask, sent: Callable[[], int]) -> None:
    @FEW
    @given(TREE)
    def check(tree: dict[str, Any]) -> None:
        before = sent()
        http, status = statuses(ask(tree))
        assert (http, status) in {(200, "0"), (200, "2"), (400, "1"), (403, "1")}
        if status == "1":
            assert sent() == before

    check()


def test_any_bytes_are_refused(gateway: Served) -> None:
    kinds = [
        "",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "text/xml",
    ]
    starts = st.sampled_from([b"", b"xmlstring=", b'--b\r\nContent-Disposition: form-data; name="xmlstring"\r\n\r\n'])

    @FEW
    @given(st.sampled_from(kinds), starts, st.binary(max_size=200), st.sampled_from([b"", b"\r\n--b--\r\n"]))
    def check(kind: str, start: bytes, middle: bytes, end: bytes) -> None:
        answer = gateway.call("POST", PLACE, data=start + middle + end, headers={"Content-Type": kind})
        assert answer.status_code == 400
        assert etree.fromstring(answer.content).findtext("status") == "1"

    check()

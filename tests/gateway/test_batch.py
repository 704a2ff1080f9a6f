"""Do many sends in one body get in, each with a line of its own, and is a repeat of them harmless?"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from gateway.native import batch as reading
from tests.gateway.conftest import MakeKey, Serve, Served
from tests.gateway.test_sends import SEND, count


def lines(rows: Iterable[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def rows(number: int) -> Iterator[dict[str, Any]]:
    return ({**SEND, "InvoiceNumber": str(one)} for one in range(1, number + 1))


def batch(gateway: Served, key: str, body: Any, query: str = "") -> tuple[int, list[Any]]:
    answer = gateway.call("POST", f"/v1/sends/batch{query}", key, data=body)
    return answer.status_code, [json.loads(line) for line in answer.text.splitlines()]


def test_each_row_is_answered_and_the_last_line_has_the_sums(gateway: Served, key: str, engine: Engine) -> None:
    status, said = batch(gateway, key, lines(rows(2500)), "?run=2026-11")
    assert status == 200
    assert said[-1] == {"accepted": 2500, "duplicates": 0, "refused": 0}
    assert [one["line"] for one in said[:-1]] == list(range(1, 2501))
    assert count(engine, "send WHERE run_id IS NOT NULL") == len({one["id"] for one in said[:-1]}) == 2500
    status, again = batch(gateway, key, lines(rows(2500)), "?run=2026-11")
    assert again[-1] == {"accepted": 0, "duplicates": 2500, "refused": 0}
    assert [one["duplicate_of"] for one in again[:-1]] == [one["id"] for one in said[:-1]]


def test_a_wrong_row_is_told_with_its_line_and_the_others_are_taken(gateway: Served, key: str, engine: Engine) -> None:
    body = lines([SEND]) + b"\n{no json\n" + lines([{**SEND, "ToAddress": "nobody", "InvoiceNumber": ""}]) + b"[1]"
    _, said = batch(gateway, key, body)
    assert said[-1] == {"accepted": 1, "duplicates": 0, "refused": 3}
    assert [one["line"] for one in said[:-1]] == [1, 3, 4, 5]
    wrong = said[2]["error"]
    assert {name for one in wrong["details"] for name in one["fields"]} == {"ToAddress", "InvoiceNumber"}
    assert count(engine, "send") == 1


def test_the_same_row_twice_in_one_batch_is_one_send(gateway: Served, key: str, engine: Engine) -> None:
    _, said = batch(gateway, key, lines([SEND, SEND]))
    assert said[1]["duplicate_of"] == said[0]["id"]
    assert count(engine, "send") == 1


def test_a_body_may_be_streamed(gateway: Served, key: str) -> None:
    pieces = (lines([row])[start::2] for row in rows(0) for start in (0, 1))
    whole = lines(rows(300))
    pieces = (whole[at : at + 7] for at in range(0, len(whole), 7))
    _, said = batch(gateway, key, pieces)
    assert said[-1]["accepted"] == 300


def test_an_empty_body_is_an_empty_batch(gateway: Served, key: str) -> None:
    assert batch(gateway, key, b"") == (200, [{"accepted": 0, "duplicates": 0, "refused": 0}])


def test_a_line_or_body_past_the_limit_is_refused(serve: Serve, make_key: MakeKey, database_url: str) -> None:
    door = serve(database_url, document_limit_bytes=1000, gateway={"batch_limit_bytes": 500_000})
    assert door.call("POST", "/v1/sends/batch", make_key(), data=b"x" * 400_000).status_code == 413
    assert door.call("POST", "/v1/sends/batch", make_key(), data=iter([b"\n" * 100_000] * 6)).status_code == 413


def test_rows_may_name_runs_of_their_own(gateway: Served, key: str, engine: Engine) -> None:
    batch(gateway, key, lines({**row, "Run": f"run {number % 3}"} for number, row in enumerate(rows(9))))
    assert count(engine, "run") == 3


def test_lines_are_whole_however_the_body_is_cut(gateway: Served, key: str) -> None:
    rows = [{"Channel": "email", "InvoiceNumber": str(number), "ToAddress": "a@b.dk"} for number in range(5)]
    body = b"\n".join(json.dumps(row).encode() for row in rows[:3]) + b"\n\n\n" + json.dumps(rows[3]).encode() + b"\n"
    body += json.dumps(rows[4]).encode()
    for size in (1, 7, 10_000):
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        answer = gateway.call("POST", "/v1/sends/batch", key, data=iter(pieces))
        told = [json.loads(line) for line in answer.text.splitlines()]
        assert [one.get("line") for one in told] == [1, 2, 3, 6, 7, None]
    assert told[-1] == {"accepted": 0, "duplicates": 5, "refused": 0}


def test_a_body_of_countless_lines_is_not_read_to_its_end(
    gateway: Served, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_LINES", 1_000)
    answer = gateway.call("POST", "/v1/sends/batch", key, data=b"\n" * 1_001)
    assert (answer.status_code, "1,000 lines" in answer.json()["message"]) == (413, True)
    assert gateway.call("POST", "/v1/sends/batch", key, data=b"\n" * 1_000).status_code == 200

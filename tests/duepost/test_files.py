"""Which rows does a file hold, and which of its lines are broken?"""

import csv
import io
import json
import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duepost.errors import InvalidSend
from duepost.files import RECORD_LIMIT, BadRow, Row, read

FILES = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows_of(tmp_path: Path, name: str, content: str | bytes) -> list[Row | BadRow]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read(path))


def lines_and_problems(rows: list[Row | BadRow]) -> list[tuple[int, str | None]]:
    return [(row.line, row.problem.problem if isinstance(row, BadRow) else None) for row in rows]


# csv


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_csv_comes_with_comma_or_semicolon_and_with_or_without_bom(
    tmp_path: Path, bom: bytes, separator: str, line_break: str
) -> None:
    text = f"Channel{separator}Note{line_break}email{separator}Hæ{line_break}"
    assert rows_of(tmp_path, "a.CSV", bom + text.encode()) == [Row(2, {"Channel": "email", "Note": "Hæ"})]


def test_a_quoted_cell_may_hold_line_breaks_and_the_row_counts_from_its_first_line(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "a.csv", 'a,b\n1,"x\ny ""z"", ;"\n\n2,w')
    assert rows == [Row(2, {"a": "1", "b": 'x\ny "z", ;'}), Row(5, {"a": "2", "b": "w"})]


CELLS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(',;"\n\r\u2028'), max_size=6)


@FILES
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8),
    separator=st.sampled_from(",;"),
    bom=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_no_row_of_a_csv_file_is_lost_changed_or_invented(
    tmp_path: Path, rows: list[tuple[str, str, str]], separator: str, bom: bytes
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b", "c"), *rows])
    found = rows_of(tmp_path, "a.csv", bom + text.getvalue().encode())
    assert [tuple(row.values.values()) for row in found if isinstance(row, Row)] == rows
    assert len(found) == len(rows)


@FILES
@given(lines=st.lists(st.text('ab,"', max_size=6), max_size=12))
def test_every_line_of_a_broken_csv_file_is_in_one_row_or_in_one_report(tmp_path: Path, lines: list[str]) -> None:
    found = rows_of(tmp_path, "a.csv", "\n".join(["x,y", *lines]))
    covered: list[int] = []
    for row in found:
        if isinstance(row, Row):
            last = row.line + sum(str(value).count("\n") for value in row.values.values())
        else:
            last = int((re.findall(r"up to line (\d+)", row.problem.problem) or [row.line])[0])
        covered.extend(range(row.line, last + 1))
    assert covered == sorted(set(covered))
    assert {number for number, line in enumerate(lines, start=2) if line} <= set(covered)


@pytest.mark.parametrize("length", [10, 200_000, 3 * RECORD_LIMIT])
@pytest.mark.parametrize("start", ["1,", "1,x,", "1,\xe6,"])
def test_what_stands_inside_quotes_never_becomes_a_row(tmp_path: Path, length: int, start: str) -> None:
    inside = "evil,row\n" * (length // 9)
    rows = rows_of(tmp_path, "a.csv", f'a,b\n{start}"\n{inside}"\n2,y\n'.encode("latin-1"))
    assert [row.line for row in rows] == [2, length // 9 + 4]
    assert rows[1] == Row(length // 9 + 4, {"a": "2", "b": "y"})


def test_a_row_with_too_few_or_too_many_cells_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    assert lines_and_problems(rows_of(tmp_path, "a.csv", "a,b\n1\n1,2,3\n1,2\n")) == [
        (2, "has 1 cells where the first line has 2"),
        (3, "has 3 cells where the first line has 2"),
        (4, None),
    ]


def test_a_quote_never_closed_says_up_to_which_line_nothing_was_read(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "a.csv", 'a,b\n0,x\n1,"x\n' + "2,y\n" * 3)
    assert lines_and_problems(rows) == [
        (2, None),
        (3, "has a quote or line break out of place; left out up to line 6"),
    ]


def test_a_quote_inside_an_unquoted_cell_is_a_character_like_any_other(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "a.csv", 'a,b\n1,5" disk\n2,x\n') == [
        Row(2, {"a": "1", "b": '5" disk'}),
        Row(3, {"a": "2", "b": "x"}),
    ]


def test_a_line_that_is_not_utf_8_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "a.csv", b"a,b\n1,\xe6\n2,x\n")
    assert lines_and_problems(rows) == [(2, "is not UTF-8"), (3, None)]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\xef\xbb\xbf", b"a,,b\n", b"a,a\n", b'"a,b\n1,2\n', "a,b\n1,2\n".encode("utf-16"), b"\xe6,b\n"],
)
def test_a_csv_file_whose_first_line_names_no_columns_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidSend):
        rows_of(tmp_path, "a.csv", content)


# ndjson

VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=6)


@FILES
@given(rows=st.lists(st.dictionaries(st.text(max_size=4), VALUES | st.lists(VALUES), max_size=4), max_size=8))
def test_no_row_of_an_ndjson_file_is_lost_changed_or_invented(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    content = "\n \n".join(json.dumps(row) for row in rows)
    assert rows_of(tmp_path, "a.ndjson", content) == [Row(2 * n + 1, row) for n, row in enumerate(rows)]


@FILES
@given(lines=st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=8))
def test_every_line_of_a_broken_ndjson_file_is_reported(tmp_path: Path, lines: list[bytes]) -> None:
    found = rows_of(tmp_path, "a.jsonl", b"{}\n" + b"\n".join(lines))
    blank = {n for n, line in enumerate(lines, start=2) if not line.decode(errors="replace").strip()}
    assert {row.line for row in found} == {1, *range(2, len(lines) + 2)} - blank


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"a": 1', "is no JSON"),
        (b'{"a": 1} {"a": 2}', "is no JSON"),
        (b'{"a": NaN}', "holds NaN or Infinity, which JSON has not"),
        (b'{"a": -Infinity}', "holds NaN or Infinity, which JSON has not"),
        (b'{"a": 1, "a": 2}', "names one key twice"),
        (b'{"Send": {"a": 1, "a": 2}}', "names one key twice"),
        (b'{"a":' * 100_000, "is nested too deeply"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'["a"]', "is no JSON object"),
        (b'"a"', "is no JSON object"),
        (b"null", "is no JSON object"),
        (b'{"a": %s}' % (b"9" * 5000), "holds a number with too many digits"),
        (b'{"a": "\xe6"}', "is not UTF-8"),
        (b'{"a": "%s"}' % (b"x" * RECORD_LIMIT), "begins a row over 1,000,000 bytes"),
    ],
)
def test_a_broken_line_is_reported_and_the_rest_goes_on(tmp_path: Path, line: bytes, problem: str) -> None:
    rows = rows_of(tmp_path, "a.ndjson", b'{"n": 1}\n' + line + b'\n{"n": 3}\n')
    assert lines_and_problems(rows) == [(1, None), (2, problem), (3, None)]


def test_a_number_keeps_the_digits_it_is_written_in(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "a.ndjson", '\ufeff{"a": 1.10, "b": 7}') == [Row(1, {"a": "1.10", "b": 7})]


# any file


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.txt", "a.json"])
def test_a_file_of_an_unknown_kind_is_refused_with_the_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidSend, match=r"^File has an unknown ending: use \.csv, \.ndjson, \.jsonl$"):
        rows_of(tmp_path, name, "a,b\n")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSend, match=r"^File does not exist"):
        next(read(tmp_path / "a.csv"))
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(InvalidSend, match=r"^File is a folder"):
        next(read(tmp_path / "b.csv"))
    with pytest.raises(InvalidSend, match=r"^File cannot be opened"):
        next(read(tmp_path / "a\0.csv"))


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_record_over_the_limit_is_reported_in_csv_too(tmp_path: Path, end: str) -> None:
    content = f"a,b\n1,{'x' * 3 * RECORD_LIMIT}{end}" + ("2,y\n" if end else "")
    rows = rows_of(tmp_path, "a.csv", content)
    assert lines_and_problems(rows)[0] == (2, "begins a row over 1,000,000 bytes")
    assert len(rows) == (2 if end else 1)


@pytest.mark.parametrize(
    ("name", "head", "row"), [("a.csv", "a,b\n", '1,"x\ny"\n'), ("a.ndjson", "", '{"a": "1", "b": "x"}\n')]
)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str, head: str, row: str) -> None:
    path = tmp_path / name
    path.write_text(head + row * 20_000)
    tracemalloc.start()
    try:
        assert sum(isinstance(found, Row) for found in read(path)) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 300_000
    finally:
        tracemalloc.stop()

"""Is a body's nesting counted without what stands in its strings, and is a body that fills the memory refused?"""

import pytest

from gateway.bodies import DEPTH, MOST_VALUES, depth_of, json_of
from gateway.problems import Problem


@pytest.mark.parametrize(
    ("body", "depth"),
    [
        (b"", 0),
        (b'{"a": [1, [2], {"b": []}]}', 4),
        (b'["[[[["]', 1),
        (b'["\\"[[", []]', 2),
        (b'["\\\\", [[]]]', 3),
        (b'["[[[', 1),
        (b'["[[\\', 1),
        (b"]]][[", 0),
        (b"[" * 1000, DEPTH + 1),
    ],
)
def test_brackets_within_strings_do_not_count(body: bytes, depth: int) -> None:
    assert depth_of(body) == depth


def test_more_values_than_anybody_means_are_refused_before_they_are_made() -> None:
    with pytest.raises(Problem, match="more than 262,144 values") as refused:
        json_of(b"[" + b"[]," * MOST_VALUES + b"[]]")
    assert refused.value.status == 400
    assert len(json_of(b"[" + b"1," * (MOST_VALUES - 1) + b"1]")) == MOST_VALUES

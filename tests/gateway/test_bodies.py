"""Is a body's nesting counted without what stands in its strings?"""

import pytest

from gateway.bodies import DEPTH, depth_of


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

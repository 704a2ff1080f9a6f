"""Are the ids of sends UUIDv7 that sort in the order they were made?"""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import RFC_4122, UUID

from duepost.ledger.identifiers import new_id


def many(count: int) -> list[UUID]:
    return [new_id() for _ in range(count)]


def milliseconds(made: UUID) -> int:
    return made.int >> 80


def test_an_id_is_a_uuid_of_version_7() -> None:
    assert {(one.version, one.variant) for one in many(1000)} == {(7, RFC_4122)}


def test_ids_sort_in_the_order_they_were_made() -> None:
    made = many(100_000)
    assert made == sorted(set(made))


def test_an_id_begins_with_the_milliseconds_since_1970() -> None:
    before, made, after = time.time_ns() // 1_000_000, new_id(), time.time_ns() // 1_000_000
    assert before <= milliseconds(made) <= after + 1


def test_no_two_threads_make_the_same_id() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = [one for part in threads.map(many, [20_000] * 8) for one in part]
    assert len(set(made)) == 160_000


def test_two_ids_of_one_moment_tell_nothing_of_each_other() -> None:
    made = many(1000)
    steps = {later.int - earlier.int for earlier, later in pairwise(made)}
    assert len(steps) > 900

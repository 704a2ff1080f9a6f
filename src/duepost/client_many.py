"""How do many sends get to the gateway, some thousand in a request?"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from duepost.client_errors import invalid
from duepost.client_rows import Rows
from duepost.doors import Taken
from duepost.errors import InvalidSend, Unexpected
from duepost.sends import NewSend, Receipt
from duepost.standing import receipt_from

TOGETHER = 2_000  # rows in one request
TOGETHER_BYTES = 8_000_000

OnReceipt = Callable[[NewSend, Receipt], None]
OnProblem = Callable[[NewSend, list[InvalidSend]], None]
OnProgress = Callable[[Taken], None]


def send_all(
    sends: Iterable[NewSend],
    rows: Rows,
    post: Callable[[bytes], bytes],
    *,
    on_receipt: OnReceipt | None,
    on_problem: OnProblem | None,
    on_progress: OnProgress | None,
) -> Taken:
    """Post them in their order, and tell of each. Raises: as Client.send_many says."""
    taken = Taken()
    for group in _groups(sends, rows):
        whole = [(send, line) for send, line in group if isinstance(line, bytes)]
        said = _answers(post(b"".join(line for _, line in whole)), len(whole)) if whole else []
        answers = iter(said)
        first: InvalidSend | None = None
        for send, line in group:
            told = line if isinstance(line, InvalidSend) else _told(next(answers))
            if isinstance(told, InvalidSend):
                taken = Taken(taken.accepted, taken.duplicates, taken.refused + 1)
                first = first or told
                if on_problem:
                    on_problem(send, list(told.problems))
                continue
            every = (told, *told.also)
            known = sum(one.duplicate for one in every)
            taken = Taken(taken.accepted + len(every) - known, taken.duplicates + known, taken.refused)
            if on_receipt:
                for one in every:
                    on_receipt(send, one)
        if on_progress:
            on_progress(taken)
        if first is not None and on_problem is None:
            raise first
    return taken


def _groups(sends: Iterable[NewSend], rows: Rows) -> Iterator[list[tuple[NewSend, bytes | InvalidSend]]]:
    group: list[tuple[NewSend, bytes | InvalidSend]] = []
    size = 0
    for send in sends:
        try:
            line = json.dumps(rows.row(send)).encode() + b"\n"
        except InvalidSend as unreadable:
            group.append((send, unreadable))
            continue
        if group and (len(group) >= TOGETHER or size + len(line) > TOGETHER_BYTES):
            yield group
            group, size = [], 0
        group.append((send, line))
        size += len(line)
    if group:
        yield group


def _answers(body: bytes, count: int) -> Sequence[Any]:
    """What is told of each row, without the sums. Raises: Unexpected when rows are missing."""
    try:
        *lines, _sums = [json.loads(line) for line in body.splitlines() if line]
    except ValueError:
        lines = []
    if [one.get("line") if isinstance(one, dict) else None for one in lines] != list(range(1, count + 1)):
        raise Unexpected("the gateway does not tell of every row: repeat them, nothing is taken twice")
    return lines


def _told(said: Any) -> Receipt | InvalidSend:
    if "error" in said:
        return invalid(said["error"])
    return receipt_from(said)

"""How is a send waited for, until it stands where it is wanted?"""

from collections.abc import Callable, Collection
from uuid import UUID

from duepost.standing import Standing
from duepost.statuses import Status

Until = Status | Collection[Status] | Callable[[Standing], bool] | None
WAITS_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)  # between two looks; the last one repeats


def at_rest(one: Standing) -> bool:
    """True when duepost does nothing more with it by itself."""
    return not one.status.waiting


def look_until(
    get: Callable[[UUID | str], Standing],
    send_id: UUID | str,
    until: Until,
    seconds: float,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Standing:
    """The send as it then stands. Raises: TimeoutError when `seconds` are over."""
    done = _test(until)
    ends, looked = clock() + seconds, 0
    while not done(found := get(send_id)):
        wait = WAITS_SECONDS[min(looked, len(WAITS_SECONDS) - 1)]
        if clock() + wait > ends:
            raise TimeoutError(f"send {found.id} is {int(found.status)} {found.status.label} after {seconds:g} s")
        sleep(wait)
        looked += 1
    return found


def _test(until: Until) -> Callable[[Standing], bool]:
    if until is None:
        return at_rest
    if callable(until):
        return until
    wanted = {until} if isinstance(until, Status) else set(until)
    return lambda one: one.status in wanted

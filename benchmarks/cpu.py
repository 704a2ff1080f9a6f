"""How much CPU did a group of processes use?"""

from collections.abc import Iterable, Mapping

import psutil


def seconds_used(pids: Iterable[int]) -> float:
    """CPU seconds of these processes, of their living descendants, and of those that have ended and been collected."""
    used = 0.0
    for pid in pids:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:  # its parent has collected it, or will have by the next look
                continue
            used += times.user + times.system + times.children_user + times.children_system
    return used


class Meter:
    """Measures groups of processes between its making and `stop`."""

    def __init__(self, groups: Mapping[str, Iterable[int]]) -> None:
        self._groups = {name: list(pids) for name, pids in groups.items()}
        self._before = self._used()

    def stop(self, sends: int) -> dict[str, float]:
        """Microseconds of CPU a send, by group."""
        after = self._used()
        return {name: (after[name] - self._before[name]) * 1e6 / sends for name in self._groups}

    def _used(self) -> dict[str, float]:
        return {name: seconds_used(pids) for name, pids in self._groups.items()}

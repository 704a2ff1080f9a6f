"""How is the wall clock of real processes set, while they run? By libfaketime; monotonic clocks go on truly."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from duepost.errors import Refused

LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib64/faketime/libfaketimeMT.so.1")


@dataclass(frozen=True)
class FakeClock:
    """A clock that several processes share."""

    file: Path
    library: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a process is told that goes by this clock."""
        return {
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }

    def set(self, ahead: timedelta) -> None:
        """From now on it is so far ahead of the true time; behind it when negative."""
        aside = self.file.with_suffix(".part")
        aside.write_text(f"{ahead.total_seconds():+.0f}\n")
        aside.chmod(0o644)
        aside.replace(self.file)


@contextmanager
def fake_clock() -> Iterator[FakeClock]:
    """A clock that tells the true time until it is set. Raises: Refused where libfaketime is not installed."""
    found = [path for pattern in LIBRARIES for path in Path("/").glob(pattern.lstrip("/"))]
    if not found:
        raise Refused("libfaketime is not here: apt-get install faketime")
    with tempfile.TemporaryDirectory(prefix="duepost-clock-", dir="/tmp") as made:
        Path(made).chmod(0o755)  # PostgreSQL runs as somebody else
        clock = FakeClock(Path(made) / "clock", found[0])
        clock.set(timedelta(0))
        yield clock

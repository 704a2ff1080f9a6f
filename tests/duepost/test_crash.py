"""Does a process die at a named point when a drill asks for it, and never otherwise?"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from duepost.crash import POINTS, arm, reached

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm(None)


@pytest.fixture
def deaths() -> list[str]:
    """Grows where the process would have died."""
    return []


def pass_by(deaths: list[str], *, invoice: str = "INV-1") -> None:
    for point in POINTS:
        reached(point, invoice, die=lambda here=point: deaths.append(here))  # type: ignore[misc]


@pytest.mark.parametrize("nothing", [None, ""])
def test_nobody_dies_unless_asked(deaths: list[str], nothing: str | None) -> None:
    arm(nothing)
    pass_by(deaths)
    assert deaths == []


@pytest.mark.parametrize("point", POINTS)
def test_a_process_dies_at_the_point_named_and_at_no_other(deaths: list[str], point: str) -> None:
    arm(point)
    pass_by(deaths)
    assert deaths == [point]


def test_with_an_invoice_only_its_send_kills(deaths: list[str]) -> None:
    arm("before_send:INV-2")
    pass_by(deaths, invoice="INV-1")
    pass_by(deaths, invoice="INV-2")
    assert deaths == ["before_send"]


def test_disarmed_it_lives_on(deaths: list[str]) -> None:
    arm("begun")
    arm(None)
    pass_by(deaths)
    assert deaths == []


@pytest.mark.parametrize("point", POINTS)
def test_every_point_is_somewhere_in_the_code(point: str) -> None:
    files = [file for room in ("src", "scheduler", "worker") for file in (ROOT / room).rglob("*.py")]
    assert [file for file in files if f'crash.reached("{point}"' in file.read_text()]

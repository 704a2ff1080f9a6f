"""Does the page of figures say what the bench wrote?"""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "performance.md").read_text()
RESULTS = json.loads((ROOT / "benchmarks" / "results.json").read_text())
FIGURES = [figure for part in RESULTS["parts"].values() for figure in part]


def written(value: float) -> str:
    """A figure as the page writes it."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


@pytest.mark.parametrize("figure", [one for one in FIGURES if one["unit"] != "ratio"], ids=lambda one: one["what"])
def test_every_figure_of_the_bench_is_on_the_page(figure: dict[str, object]) -> None:
    assert written(float(str(figure["value"]))) in PAGE


@pytest.mark.parametrize(
    "figure",
    # That a million scheduled sends take no more memory is said in words.
    [one for one in FIGURES if one["unit"] == "ratio" and "/ 10,000" not in one["what"]],
    ids=lambda one: one["what"],
)
def test_every_ratio_is_on_the_page_with_its_target(figure: dict[str, object]) -> None:
    target = figure.get("at_least", figure.get("at_most"))
    assert written(float(str(figure["value"]))) in PAGE
    assert written(float(str(target))) in PAGE


def test_the_readme_leads_to_the_page() -> None:
    assert "docs/performance.md" in (ROOT / "README.md").read_text()

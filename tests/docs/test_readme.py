"""Is what README.md promises true?"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from duepost.doors import door_from_environment
from duepost.ledger.accounts import add_account
from duepost.ledger.look import sends_of_invoice
from duepost.statuses import Status
from tests.papers import PDF

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
APART = {"dev", "sandbox", "flower"}  # for who works on duepost, and the last one operations.md explains


@pytest.fixture
def surroundings(database_url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the page has set up before."""
    monkeypatch.setenv("DUEPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("DUEPOST_DOCUMENTS", str(tmp_path / "documents"))
    monkeypatch.chdir(tmp_path)
    door_from_environment.cache_clear()
    Path("1002.pdf").write_bytes(PDF)
    with engine.begin() as connection:
        add_account(connection, "default", "Europe/Copenhagen")
    yield
    door_from_environment.cache_clear()


@pytest.mark.usefixtures("surroundings")
def test_the_example_enqueues_a_send(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - our own page
    names["engine"].dispose()
    with engine.connect() as connection:
        (standing,) = sends_of_invoice(connection, "1002")
    assert capsys.readouterr().out == f"{standing.id} Queue\n"


@pytest.mark.parametrize("status", Status)
def test_every_status_has_its_row(status: Status) -> None:
    assert f"| {int(status)} | {status.label} | {status.meaning} |" in PAGE


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z]+)", PAGE))))
def test_every_make_command_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_the_page_is_short() -> None:
    assert len(PAGE.splitlines()) < 130


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.stem)
def test_every_page_is_linked_to(page: Path) -> None:
    assert f"](docs/{page.name})" in PAGE.partition("## Read on")[2]


@pytest.mark.parametrize("extra", sorted(EXTRAS - APART))
def test_every_extra_is_named(extra: str) -> None:
    assert f"`{extra}`" in PAGE


def test_every_page_that_is_linked_to_is_there() -> None:
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_every_section_that_is_linked_to_is_there() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link, section in re.findall(r"\]\(([^)#:]*)#([^)]*)\)", page.read_text()):
            target = page.parent / link if link else page
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert section in anchors, f"{page.name} links to {link}#{section}"

"""Does the code keep the rules that no linter knows?

Schedules and retries live in the ledger, never in Celery; a file has one subject; what an operator meets is explained.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import typer

from config import names
from config.settings import Settings
from duepost.cli import app
from duepost.statuses import Status

ROOT = Path(__file__).parents[1]
FILES = sorted(
    file for room in ("src", "config", "scheduler", "worker", "gateway") for file in (ROOT / room).rglob("*.py")
)
LONGEST = 250  # lines; a longer file has two subjects
PAGES = "\n".join(page.read_text() for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))])

# What would give Celery a clock, a retry or a memory of its own. Settings and arguments have the same names.
CELERYS_OWN = {
    "eta",
    "countdown",
    "autoretry_for",
    "retry_backoff",
    "retry_kwargs",
    "max_retries",
    "retry_policy",
    "default_retry_delay",
    "task_annotations",
}


MEMORIES = {"result_backend", "backend"}


def breaches(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and what is there that the ledger should do: as an argument, a key, an attribute or a call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "retry":
            yield node.lineno, "retry()"
        for name, value in _given(node):
            if name in CELERYS_OWN or (name in MEMORIES and not _is_none(value)):
                yield value.lineno, name


def _given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Every name that is given a value here."""
    if isinstance(node, ast.keyword):
        yield node.arg or "", node.value
    elif isinstance(node, ast.Dict):
        yield from ((_word(key), value) for key, value in zip(node.keys, node.values, strict=True))
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Attribute):
                yield target.attr, node.value
            elif isinstance(target, ast.Subscript):
                yield _word(target.slice), node.value


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _word(key: ast.expr | None) -> str:
    return str(key.value) if isinstance(key, ast.Constant) else ""


def called(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", FILES, ids=called)
def test_schedules_and_retries_live_in_the_ledger(file: Path) -> None:
    assert list(breaches(ast.parse(file.read_text()))) == []


@pytest.mark.parametrize(
    "code",
    [
        "task.apply_async(eta=when)",
        "app.send_task('x', countdown=5)",
        "app.task(f, autoretry_for=(OSError,))",
        "app.task(f, retry_backoff=True)",
        "self.retry()",
        "raise self.retry(exc=e)",
        "app.conf.update(result_backend='redis://')",
        "task.apply_async(**{'eta': when})",
        "app.conf.result_backend = 'redis://'",
        "Celery('x', backend='redis://')",
        "app.conf.update({'result_backend': 'redis://'})",
        "app.send_task('x', retry=True, retry_policy={})",
        "options['eta'] = when",
    ],
)
def test_the_rule_finds_what_it_looks_for(code: str) -> None:
    assert list(breaches(ast.parse(code))) != []


@pytest.mark.parametrize("file", FILES, ids=called)
def test_a_file_has_one_subject(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("file", [file for file in FILES if file.stat().st_size], ids=called)
def test_a_file_says_in_its_first_line_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text()))


def commands(command: Any, path: str = "duepost") -> Iterator[str]:
    """Every command as an operator types it."""
    inner = getattr(command, "commands", {})
    if not inner:
        yield path
    for name, one in inner.items():
        yield from commands(one, f"{path} {name}")


def words() -> Iterator[str]:
    """Everything that an operator may read in a log, in Flower or in the ledger, and has to type."""
    yield from (f"{int(status)} | {status.label}" for status in Status)
    yield from (f"DUEPOST_{name.upper()}" for name in Settings.model_fields)
    yield from (f"`{queue}`" for queue in [names.CONTROL_QUEUE, names.DOOR_QUEUE])
    yield from (names.RELEASE, names.ENQUEUE)
    yield from commands(typer.main.get_command(app))


@pytest.mark.parametrize("word", [*words()])
def test_every_word_an_operator_meets_is_explained(word: str) -> None:
    assert word in PAGES


# name on the package index -> who finds it without an import statement
FOUND_OTHERWISE = {"psycopg": "SQLAlchemy, by the ledger's address", "tzdata": "zoneinfo"}


def imported() -> Iterator[str]:
    """Every package that src/duepost imports, by its import name."""
    for file in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from (one.name.partition(".")[0] for one in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield (node.module or "").partition(".")[0]


def test_what_every_billing_app_has_to_install_is_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[\[<>=]", one)[0] for one in project["dependencies"]}
    providers = packages_distributions()
    used = {name for module in imported() for name in providers.get(module, ())}
    assert needed - {name.lower() for name in used} - FOUND_OTHERWISE.keys() == set()

"""Does docs/cli.md tell of every command?"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from duepost import cli, cli_context
from duepost.rows import COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
SECTIONS = dict(re.findall(r"^## duepost ([a-z ]+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))


def commands(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command with its name behind `duepost`."""
    inner = getattr(command, "commands", {})
    if not inner:
        yield path.strip(), command
    for name, one in inner.items():
        yield from commands(one, f"{path} {name}")


CODES = [cli_context.DONE_WITH_PROBLEMS, cli_context.REFUSED, cli_context.UNREACHABLE, cli_context.NOT_FOUND]
COMMANDS = dict(commands(typer.main.get_command(cli.app)))


def test_the_page_tells_of_every_command_and_no_other() -> None:
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_section_has_an_example_and_exit_codes(name: str) -> None:
    assert f"```sh\nduepost {name}" in SECTIONS[name]
    assert "\nExit codes: 0" in SECTIONS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_in_its_section(name: str) -> None:
    options = [form for one in COMMANDS[name].params for form in one.opts if form.startswith("--")]
    assert [form for form in options if f"`{form}`" not in SECTIONS[name]] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example(name: str) -> None:
    shown = CliRunner().invoke(cli.app, [*name.split(), "--help"])
    assert shown.exit_code == 0
    assert f"Example: duepost {name}" in shown.output


def test_the_shell_can_complete() -> None:
    assert "--install-completion" in PAGE
    assert "--install-completion" in CliRunner().invoke(cli.app, ["--help"], env={"COLUMNS": "200"}).output


@pytest.mark.parametrize("code", CODES)
def test_every_exit_code_is_explained(code: int) -> None:
    assert re.search(rf"^\| {code} \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_of_an_import_file_is_explained(column: str) -> None:
    assert f"`{column}`" in SECTIONS["import"]

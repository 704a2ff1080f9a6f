"""Does docs/settings.md say what can be set, and nothing else?"""

import json
import os
import re
import shlex
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from config.settings import Settings, load_settings
from duepost.client_settings import ClientSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text()
FLOWER = (ROOT / "config" / "flowerconfig.py").read_text()
NAMES = re.compile(r"DUEPOST_[A-Z0-9_]*[A-Z0-9]")
FLOWER_NAMES = sorted(set(NAMES.findall(FLOWER)))
CALLERS = {f"DUEPOST_{name.upper()}" for name in ClientSettings.model_fields}
ELSEWHERE = {"DUEPOST_CONFIG", *FLOWER_NAMES, *CALLERS}  # of the environment alone


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Every model that a value of this type may be."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def is_named(annotation: Any) -> bool:
    """True for a table whose names the operator chooses."""
    return getattr(annotation, "__origin__", None) is dict


def settings_of(model: type[BaseModel], prefix: str = "DUEPOST_") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting under the model, with NAME where the operator chooses one."""
    for name, field in model.model_fields.items():
        setting = prefix + name.upper()
        inner = models_in(field.annotation)
        if not inner:
            yield setting, field
        for part in inner:
            yield from settings_of(part, f"{setting}__NAME__" if is_named(field.annotation) else f"{setting}__")


def exists(setting: str) -> bool:
    """True when some process reads this variable."""
    if setting in ELSEWHERE:
        return True
    models: list[Any] = [Settings]
    parts = iter(setting.removeprefix("DUEPOST_").lower().split("__"))
    for part in parts:
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        if not fields:
            return False
        if is_named(fields[0].annotation):
            next(parts, None)
        models = [model for field in fields for model in models_in(field.annotation)]
    return True


def shown(default: Any) -> str:
    """A default as the page writes it."""
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return "none"
    if isinstance(default, Enum):
        default = default.value
    return f"`{default if isinstance(default, str | Path) else json.dumps(default)}`"


def rows() -> Iterator[tuple[str, str]]:
    """Setting and default of every row of the page's tables."""
    for line in PAGE.splitlines():
        if line.startswith("| `DUEPOST_"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield cells[0].strip("`"), cells[-1]


def examples(language: str) -> list[str]:
    """The page's code blocks in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DUEPOST_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("setting", sorted({name for name, _ in settings_of(Settings)} | ELSEWHERE))
def test_every_setting_has_a_row(setting: str) -> None:
    assert setting in {name for name, _ in rows()}


@pytest.mark.parametrize("setting", sorted(set(NAMES.findall(PAGE)) - {"DUEPOST_"}))
def test_every_name_on_the_page_is_a_setting(setting: str) -> None:
    assert exists(setting)


@pytest.mark.parametrize("setting", sorted({name for name, _ in settings_of(Settings)}))
def test_every_default_on_the_page_is_the_default(setting: str) -> None:
    # More than one where the kinds of provider account differ: `kind` itself.
    defaults = {shown(field.default) for name, field in settings_of(Settings) if name == setting}
    assert {default for name, default in rows() if name == setting} <= defaults


@pytest.mark.parametrize("example", examples("toml"))
def test_a_toml_example_can_be_loaded(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "duepost.toml"
    file.write_text(example)
    monkeypatch.setenv("DUEPOST_CONFIG", str(file))
    assert set(load_settings().lanes) == {"email", "reminders"}


@pytest.mark.parametrize("example", examples("sh"))
def test_an_example_of_variables_can_be_loaded(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUEPOST_DATABASE_URL", "postgresql+psycopg://db.example.com/duepost")
    monkeypatch.setenv("DUEPOST_BROKER_URL", "redis://broker.example.com")
    monkeypatch.setenv("DUEPOST_PROVIDERS__SMTP__HOST", "smtp.example.com")
    monkeypatch.setenv("DUEPOST_PROVIDERS__SMTP__SENDER", "invoices@example.com")
    for line in example.splitlines():
        name, value = shlex.split(line.removeprefix("export "))[0].split("=", 1)
        monkeypatch.setenv(name, value)
    assert load_settings().lanes["email"].provider == "smtp"

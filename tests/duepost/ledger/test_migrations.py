"""Do the migrations make exactly the tables that the code describes, and is what the code says of its indexes true?"""

import ast
import importlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from duepost.ledger import migrate, schema
from duepost.ledger.metadata import metadata

LEDGER = Path(migrate.__file__).parent

# part of the catalogs -> what is to be the same in both databases
CATALOGS = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'alembic%'
        ORDER BY 1, 2""",
    "constraints": """
        SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'alembic%' ORDER BY 1, 2""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic%' ORDER BY 1, 2""",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle, cache_size
        FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1""",
    "storage parameters": """
        SELECT c.relname, c.reloptions FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i') AND c.relname NOT LIKE 'alembic%'
        ORDER BY 1""",
}  # fmt: skip


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    """An engine on it."""
    engine = create_engine(empty_url)
    yield engine
    engine.dispose()


def catalog(engine: Engine, part: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(CATALOGS[part]))]


@pytest.mark.every_postgres
@pytest.mark.parametrize("part", CATALOGS)
def test_migrations_make_what_the_metadata_describe(engine: Engine, empty: Engine, part: str) -> None:
    metadata.create_all(empty)
    migrated = catalog(engine, part)
    assert migrated
    assert migrated == catalog(empty, part)


def is_at_head(engine: Engine) -> bool:
    with engine.connect() as connection:
        found: str = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return found == ScriptDirectory.from_config(migrate.config_for()).get_current_head()


@pytest.mark.every_postgres
def test_two_upgrades_at_once_are_safe(empty_url: str, empty: Engine) -> None:
    with ThreadPoolExecutor(2) as threads:
        for upgrade in [threads.submit(migrate.upgrade, empty_url) for _ in range(2)]:
            upgrade.result(60)
    assert is_at_head(empty)


def test_an_upgrade_may_be_repeated(database_url: str, engine: Engine) -> None:
    migrate.upgrade(database_url)
    assert is_at_head(engine)


def served() -> dict[int, list[str]]:
    """Line of schema.py that makes an index of its own -> the functions its comment says it serves."""
    found = {}
    for number, line in enumerate(Path(schema.__file__).read_text().splitlines(), 1):
        if re.search(r"^Index\(|UniqueConstraint\(|unique=True|index=True", line):
            _, _, comment = line.partition("# serves ")
            found[number] = re.split(r", | and ", comment) if comment else []
    return found


@pytest.mark.parametrize(("line", "names"), served().items())
def test_every_index_names_the_functions_it_serves(line: int, names: list[str]) -> None:
    assert names, f"schema.py:{line}"
    module = ""
    for name in names:
        module, _, function = name.rpartition(".") if not name.startswith(".") else (module, ".", name[1:])
        assert callable(getattr(importlib.import_module(f"duepost.ledger.{module}"), function, None)), name


def promised() -> set[str]:
    """The indexes that the docstrings of the statements say they are served by."""
    docstrings = [
        ast.get_docstring(node) or ""
        for file in LEDGER.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    return {name for docstring in docstrings for name in re.findall(r"\b(?:ix|uq|pk)_\w+", docstring)}


@pytest.mark.parametrize("name", sorted(promised()))
def test_every_index_that_a_statement_names_exists(engine: Engine, name: str) -> None:
    tables = inspect(engine)
    made = {index["name"] for table in tables.get_table_names() for index in tables.get_indexes(table)}
    keys = {tables.get_pk_constraint(table)["name"] for table in tables.get_table_names()}
    assert name in made | keys

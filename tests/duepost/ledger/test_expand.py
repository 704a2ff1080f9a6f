"""Does a migration only expand, so that processes of the version before go on, unless it says that it contracts?

A migration that contracts has the word `contract` in its docstring, and the number of the version of which no process
may run any more: `Contract: nobody of version 0001 may run.`
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from duepost.ledger import migrate

FILES = sorted((migrate.FOLDER / "versions").glob("*.py"))
HARMLESS = {"comment", "existing_comment", "existing_type", "existing_nullable", "existing_server_default"}
CHECK = re.compile(r"ALTER TABLE (\w+) ADD CONSTRAINT \w+ CHECK \((.*)\)( NOT VALID)?")
HEAD = '''"""{}"""\nfrom alembic import op\nimport sqlalchemy as sa\nrevision = "0002"\ndef upgrade() -> None:\n'''


class Migration:
    """What a migration's file does, as far as it can be read from its calls of `op`."""

    def __init__(self, source: str) -> None:
        tree = ast.parse(source)
        self.docstring = ast.get_docstring(tree) or ""
        [self.number] = re.findall(r'^revision(?:: str)? = "(\d+)"', source, re.MULTILINE)
        self._calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_op(node)]
        self._new_tables = {_word(node.args[0]) for node in self._calls if _named(node) == "create_table"}
        self._new_columns = {
            (_word(node.args[0]), _word(_column(node).args[0])) for node in self._calls if _named(node) == "add_column"
        }

    @property
    def contracts(self) -> bool:
        """Does it say so, and who must be gone?"""
        gone = re.findall(r"\bversion (\d{4})\b", self.docstring)
        says = re.search(r"\bcontract\b", self.docstring, re.IGNORECASE)
        return bool(says) and any(number < self.number for number in gone)

    def breaches(self) -> Iterator[str]:
        """The steps that an old process might not survive."""
        for node in self._calls:
            if not self._expands(node):
                yield f"line {node.lineno}: op.{_named(node)}"

    def _expands(self, node: ast.Call) -> bool:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        match _named(node):
            case "create_table" | "f":
                return True
            case "create_index":  # a unique one may refuse what an old process writes
                return _word(node.args[1]) in self._new_tables or not _true(keywords.get("unique"))
            case "add_column":
                return self._may_be_left_out(_column(node))
            case "alter_column":
                return keywords.keys() <= HARMLESS or (
                    keywords.keys() <= HARMLESS | {"nullable"} and _true(keywords["nullable"])
                )
            case "execute":
                return self._executes_harmlessly(node.args[0])
        return False

    def _may_be_left_out(self, column: ast.Call) -> bool:
        keywords = {keyword.arg: keyword.value for keyword in column.keywords}
        has_default = not _none(keywords.get("server_default", ast.Constant(None)))
        return (
            has_default
            or ("nullable" not in keywords and "primary_key" not in keywords)
            or _true(keywords.get("nullable"))
        )

    def _executes_harmlessly(self, told: ast.expr) -> bool:
        """A new sequence; or a condition on new columns alone, which hold what their defaults say."""
        if isinstance(told, ast.Call):
            return isinstance(told.func, ast.Name) and told.func.id == "CreateSequence"
        found = CHECK.fullmatch(_word(told))
        if not found:
            return False
        table, condition, _ = found.groups()
        names = set(re.findall(r"[a-z_]+", re.sub(r"'[^']*'", "", condition)))
        return names <= {column for owner, column in self._new_columns if owner == table}


def _is_op(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "op"


def _named(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _column(node: ast.Call) -> ast.Call:
    column = node.args[1]
    assert isinstance(column, ast.Call)
    return column


def _word(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_migration_expands_or_says_who_must_be_gone(file: Path) -> None:
    migration = Migration(file.read_text())
    assert migration.contracts or list(migration.breaches()) == []


@pytest.mark.parametrize(
    "step",
    [
        "op.drop_column('state', 'lane')",
        "op.drop_table('state')",
        "op.drop_index('ix_state_due')",
        "op.drop_constraint('ck_state_attempts_count', 'state')",
        "op.rename_table('state', 'standing')",
        "op.alter_column('state', 'lane', new_column_name='way')",
        "op.alter_column('state', 'lane', type_=sa.Integer())",
        "op.alter_column('send', 'run_id', nullable=False)",
        "op.add_column('state', sa.Column('x', sa.Text(), nullable=False))",
        "op.add_column('state', sa.Column('x', sa.Text(), nullable=False, server_default=None))",
        "op.create_index('uq_send_invoice', 'send', ['invoice'], unique=True)",
        "op.create_check_constraint('lane_given', 'state', \"lane <> ''\")",
        "op.create_foreign_key('fk', 'state', 'lane', ['lane'], ['name'])",
        "op.execute('ALTER TABLE state DROP COLUMN lane')",
        "op.execute(\"ALTER TABLE state ADD CONSTRAINT ck CHECK (lane <> '') NOT VALID\")",
        "op.execute('UPDATE state SET lease = NULL')",
        "op.execute(sa.text('DELETE FROM send'))",
    ],
)
def test_the_rule_finds_what_old_processes_would_not_survive(step: str) -> None:
    assert list(Migration(HEAD.format("Adds.") + f"    {step}\n").breaches()) != []


@pytest.mark.parametrize(
    "step",
    [
        "op.add_column('state', sa.Column('x', sa.Text()))",
        "op.add_column('state', sa.Column('x', sa.Text(), nullable=True))",
        "op.add_column('state', sa.Column('x', sa.Text(), nullable=False, server_default=sa.text('1')))",
        "op.alter_column('send', 'filename', nullable=True, existing_type=sa.Text())",
        "op.create_index('ix_send_customer', 'send', ['customer'])",
        "op.create_table('x', sa.Column('y', sa.Text(), nullable=False)); "
        "op.create_index('z', 'x', ['y'], unique=True)",
        "op.add_column('state', sa.Column('x', sa.Text())); "
        "op.execute(\"ALTER TABLE state ADD CONSTRAINT ck CHECK (x <> 'lane')\")",
    ],
)
def test_the_rule_lets_through_what_old_processes_do_not_notice(step: str) -> None:
    assert list(Migration(HEAD.format("Adds.") + f"    {step}\n").breaches()) == []


@pytest.mark.parametrize(
    ("docstring", "contracts"),
    [
        ("Contract: nobody of version 0001 may run.", True),
        ("Contract: the old column goes.", False),
        ("Contract: nobody of version 0002 may run.", False),
        ("Nobody of version 0001 may run.", False),
    ],
)
def test_a_migration_that_contracts_names_the_version_that_must_be_gone(docstring: str, contracts: bool) -> None:  # noqa: FBT001
    assert Migration(HEAD.format(docstring) + "    pass\n").contracts is contracts

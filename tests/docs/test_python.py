"""Do the examples in docs/python.md work?"""

import ast
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine

from duepost import NewSend
from duepost.doors import door_from_environment
from duepost.ledger.accounts import add_account
from duepost.ledger.look import counts
from duepost.rows import RowReader
from duepost.statuses import Status
from sandbox.valkey import ValkeyServer
from tests.gateway.conftest import Served
from tests.papers import PDF

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def run_examples() -> dict[str, Any]:
    """Run the page's examples in their order, as one program; the answer is its names."""
    names: dict[str, Any] = {}
    exec(compile(ast.parse("\n".join(EXAMPLES)), "docs/python.md", "exec"), names)  # noqa: S102 - our own page
    names["engine"].dispose()
    names["billing"].close()
    names["client"].close()
    return names


@pytest.fixture
def surroundings(
    database_url: str,
    engine: Engine,
    broker_url: str,
    gateway: Served,
    key: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """What the page expects of the reader: settings, an account, a document, a gateway and a key to it."""
    monkeypatch.setenv("DUEPOST_URL", gateway.url)
    monkeypatch.setenv("DUEPOST_API_KEY", key)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("DUEPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("DUEPOST_BROKER_URL", broker_url)
    monkeypatch.setenv("DUEPOST_DOCUMENTS", str(tmp_path / "documents"))
    monkeypatch.chdir(tmp_path)
    door_from_environment.cache_clear()
    Path("invoice-1001.pdf").write_bytes(PDF)
    with engine.begin() as connection:
        add_account(connection, "acme", "Europe/Copenhagen")
    yield
    door_from_environment.cache_clear()


@pytest.mark.usefixtures("surroundings")
def test_the_examples_do_what_they_say(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    run_examples()
    told = capsys.readouterr().out
    assert "scheduled for" in told
    assert "['ACCEPTED', 'HELD', 'APPROVED', 'CANCELLED']" in told
    with engine.connect() as connection:
        assert counts(connection) == {Status.QUEUE: 204, Status.NOT_SENT: 1}


@pytest.mark.usefixtures("surroundings")
def test_the_celery_example_leaves_one_message_that_shows_no_address(valkey: ValkeyServer) -> None:
    run_examples()
    with Redis(unix_socket_path=str(valkey.socket_path)) as broker:
        (message,) = [json.loads(one) for one in broker.lrange("enqueue", 0, -1)]
    assert message["headers"]["argsrepr"] == "(1 send)"
    (row,), _, _ = json.loads(b64decode(message["body"]))
    assert RowReader(Path()).send_of(row) == NewSend(
        channel="Email", invoice="1004", to_address="accounts@customer.dk", account="acme"
    )

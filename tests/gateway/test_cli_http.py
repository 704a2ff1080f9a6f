"""What does an operator see and get from the command line when a gateway is named?"""

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from duepost import cli
from duepost.credentials import Scope
from tests.gateway.conftest import MakeKey, Served
from tests.gateway.test_acts import becomes
from tests.gateway.test_lists import put
from tests.gateway.test_sends import count
from tests.papers import PDF

GOOD = (
    "Channel,ToAddress,InvoiceNumber,Document\nEmail,inge@firma.dk,1001,1001.pdf\nEmail,jens@firma.dk,1002,1001.pdf\n"
)
ID = re.compile("0198c1a2-[0-9a-f-]+")
WHY = ("--reason", "asked them")
# command -> where the send of its example stands
EXAMPLES = {
    "send": 100,
    "list": 100,
    "show": 100,
    "timeline": 100,
    "why": 100,
    "cancel": 100,
    "hold": 100,
    "release": 110,
    "approve": 110,
    "retry": 320,
    "resend": 9999,
    "settle": 300,
    "import": 100,
}
NEW = ("send email --invoice 1", "list", "timeline ID", "why ID", "hold ID", "release ID", "retry ID", "resend ID")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def known(gateway: Served, key: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings of a person who knows of the gateway alone."""
    for name in [name for name in os.environ if name.startswith("DUEPOST_")]:
        monkeypatch.delenv(name)
    return {"DUEPOST_URL": gateway.url, "DUEPOST_API_KEY": key, "COLUMNS": "200"}


@pytest.fixture
def program(
    known: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """`duepost`, within this process, which spares a second each time."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        for name, value in (known | environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["duepost", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), told.out, told.err)

    return run


def said(done: subprocess.CompletedProcess[str]) -> list[Any]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_of_each_command_works(
    program: Run, gateway: Served, key: str, engine: Engine, tmp_path: Path, name: str
) -> None:
    (tmp_path / "1001.pdf").write_bytes(PDF)
    (tmp_path / "month-end.ndjson").write_text('{"Channel": "email", "InvoiceNumber": "7", "ToAddress": "a@b.dk"}\n')
    send_id = put(gateway, key, InvoiceNumber="INV-1001")
    if EXAMPLES[name] != 100:
        becomes(engine, send_id, EXAMPLES[name], "OUTCOME_UNKNOWN", in_doubt=EXAMPLES[name] == 300)
    shown = " ".join(CliRunner().invoke(cli.app, [name, "--help"], env={"COLUMNS": "300"}).output.split())
    example = re.findall(rf"Example: (duepost {name} .*?)(?: ╭|$)", shown)[0]
    done = program(*shlex.split(ID.sub(send_id, example))[1:])
    assert done.returncode == 0, done.stderr
    assert done.stdout or name == "list"


def test_a_send_is_enqueued_once_and_shown(program: Run, tmp_path: Path) -> None:
    (tmp_path / "1001.pdf").write_bytes(PDF)
    arguments = ("send", "Email", "--invoice", "1001", "--to", "a@customer.dk", "--document", "1001.pdf", "--run", "r1")
    (first,), (again,) = said(program(*arguments)), said(program(*arguments))
    assert (first["status"], first["duplicate"], again["duplicate"]) == (100, False, True)
    (one,) = said(program("show", "1001"))
    assert (one["id"], one["run"], one["accepted_at"][-6:]) == (first["id"], "r1", "+00:00")
    assert said(program("show", first["id"])) == [one]


def test_what_is_wrong_is_told_field_by_field(program: Run) -> None:
    done = program("send", "email", "--invoice", " ", "--to", "nobody")
    assert done.returncode == 1
    assert {line.partition(" ")[0] for line in done.stderr.splitlines()} == {"ToAddress", "InvoiceNumber"}


def test_each_form_of_output(program: Run, gateway: Served, key: str, known: dict[str, str]) -> None:
    send_id = put(gateway, key)
    argv = [sys.executable, "-m", "duepost", "list", "--output", "table"]
    table = subprocess.run(argv, env={**os.environ, **known}, capture_output=True, text=True, check=True).stdout
    assert (send_id in table, "100 Queue" in table) == (True, True)
    assert [one["id"] for one in json.loads(program("list", "--output", "json").stdout)] == [send_id]
    assert [one["id"] for one in csv.DictReader(io.StringIO(program("list", "--output", "csv").stdout))] == [send_id]
    assert program("list", "--output", "ndjson").stdout == program("list").stdout
    assert json.loads(program("why", send_id, "--output", "json").stdout)["code"]
    assert program("list", "--invoice", "none", "--output", "csv").stdout.startswith("id,status,")
    assert program("list", "--output", "xml").returncode == 2


def test_a_list_is_narrowed_and_cut(program: Run, gateway: Served, key: str) -> None:
    ids = [put(gateway, key, InvoiceNumber=str(one)) for one in range(3)]
    assert [one["id"] for one in said(program("list", "--limit", "2"))] == ids[:0:-1]
    assert [one["id"] for one in said(program("list", "--invoice", "0", "--status", "queue"))] == ids[:1]
    assert program("list", "--status", "gone").returncode == 1


def test_an_import_takes_the_good_rows_and_tells_of_the_bad_by_line(
    program: Run, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "1001.pdf").write_bytes(PDF)
    (tmp_path / "some.csv").write_text(GOOD + "Email,nobody,1003,\nEmail,a@b.dk,1004,lost.pdf\n")
    done = program("import", "some.csv", "--run", "2026-11")
    assert (done.returncode, done.stdout.strip()) == (1, "taken: 2 new, 0 known already; 2 bad rows left out")
    assert "some.csv:4: ToAddress" in done.stderr
    assert "some.csv:5: Document does not exist" in done.stderr
    (tmp_path / "some.csv").write_text(GOOD)
    again = program("import", "some.csv")
    assert (again.returncode, again.stdout.strip()) == (0, "taken: 0 new, 2 known already")
    assert count(engine, "send") == 2


def test_a_file_with_rows_that_cannot_be_read_is_not_begun(program: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "bad.ndjson").write_text('{"Channel": "email", "InvoiceNumber": "1", "ToAddress": "a@b.dk"}\n{no\n')
    done = program("import", "bad.ndjson")
    assert (done.returncode, "bad.ndjson:2:" in done.stderr, count(engine, "send")) == (1, True, 0)
    assert program("import", "bad.ndjson", "--skip-bad").returncode == 1
    assert count(engine, "send") == 1
    assert program("import", "bad.ndjson", "--check-only").returncode == 2


def test_what_cannot_be_done_to_some_is_told_and_the_others_are_done(program: Run, gateway: Served, key: str) -> None:
    ids = [put(gateway, key, InvoiceNumber=str(one)) for one in range(2)]
    done = program("cancel", *ids, *WHY)
    assert (done.returncode, done.stdout.strip()) == (0, "2 cancelled")
    again = program("hold", put(gateway, key, InvoiceNumber="9"), ids[0], *WHY)
    assert (again.returncode, again.stdout.strip()) == (1, "1 held")
    assert f"send {ids[0]}: left as it is: the send cannot be held: cancelled by" in again.stderr
    assert program("hold", ids[0], *WHY).returncode == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ("settle", "--run", "x", "--as", "sent"),
        ("cancel", "ID", "--by", "me"),
        ("hold", "ID", "--reason", " "),
        ("resend", "ID", "ID", "--to", "a@b.dk"),
        ("show",),
    ],
)
def test_what_is_written_wrongly_ends_with_2(program: Run, arguments: tuple[str, ...]) -> None:
    reason = () if arguments[0] == "show" or "--reason" in arguments else WHY
    done = program(*(one.replace("ID", "0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f") for one in arguments), *reason)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


@pytest.mark.parametrize("command", NEW)
def test_without_a_gateway_one_sentence_says_what_to_set(program: Run, command: str) -> None:
    words = command.replace("ID", "0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f").split()
    reason = WHY if words[0] in {"hold", "release", "retry", "resend"} else ()
    done = program(*words, *reason, DUEPOST_URL="")
    assert done.returncode == 1
    assert done.stderr.strip() == "DUEPOST_URL is not set: set it in the environment, see docs/settings.md"


def test_each_end_has_its_exit_code(program: Run, make_key: MakeKey) -> None:
    nobody = "0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f"
    assert program("why", nobody).returncode == 5
    assert program("show", "nothing").returncode == 5
    refused = program("cancel", nobody, *WHY, DUEPOST_API_KEY=make_key(Scope.READ))
    assert (refused.returncode, "this key may not operate" in refused.stderr) == (3, True)
    assert program("list", DUEPOST_API_KEY="dp_live_12345678_" + "x" * 40).returncode == 3
    wrong = program("list", DUEPOST_API_KEY="two words")
    assert (wrong.returncode, "DUEPOST_API_KEY is no key" in wrong.stderr, "two" in wrong.stderr) == (1, True, False)


def test_a_gateway_that_is_away_is_one_sentence_and_4(program: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duepost.client_settings.TIMEOUT", 0.5)
    done = program("list", DUEPOST_URL="http://127.0.0.1:1")
    assert (done.returncode, len(done.stderr.splitlines())) == (4, 1)
    assert "cannot be reached" in done.stderr

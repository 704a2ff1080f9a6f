"""Do the commands on documents and lanes say what is there, and what to do about what is not?"""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from duepost.cli import app
from duepost.documents import DocumentStore
from duepost.features import EVERYTHING, Feature
from duepost.ledger.lanes import DeclaredLane, declare
from duepost.sends import Channel
from tests.papers import PDF


@pytest.fixture
def run(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line on the test's ledger and a store of its own."""
    monkeypatch.setenv("DUEPOST_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("DUEPOST_DOCUMENTS", str(tmp_path / "store"))
    return CliRunner()


def test_a_document_is_kept_and_named(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "1001.pdf").write_bytes(PDF)
    said = run.invoke(app, ["document", "add", str(tmp_path / "1001.pdf")])
    name, media_type, size = said.output.split()
    stored = DocumentStore(tmp_path / "store").look(PDF)
    assert (said.exit_code, name, media_type, size) == (
        0,
        f"sha256:{stored.sha256.hex()}",
        "application/pdf",
        str(len(PDF)),
    )
    assert DocumentStore(tmp_path / "store").read(stored.sha256) == PDF


def test_a_bad_document_is_told_and_the_others_are_kept(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "1001.pdf").write_bytes(PDF)
    said = run.invoke(app, ["document", "add", str(tmp_path / "none.pdf"), str(tmp_path / "1001.pdf")])
    assert said.exit_code == 1
    assert "none.pdf: Document does not exist" in said.output
    assert "sha256:" in said.output


def test_a_store_that_cannot_be_written_is_told(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"a file where the folder should be")
    (tmp_path / "1001.pdf").write_bytes(PDF)
    said = run.invoke(app, ["document", "add", str(tmp_path / "1001.pdf")])
    assert (said.exit_code, "DUEPOST_DOCUMENTS, cannot be written" in said.output) == (4, True)


def test_lanes_are_listed_with_what_they_cannot_express_and_forgotten(run: CliRunner, engine: Engine) -> None:
    told = DeclaredLane("sms", Channel.SMS, "gateway", "kannel", EVERYTHING - {Feature.SUBJECT})
    with engine.begin() as connection:
        declare(connection, [told])
    listed = run.invoke(app, ["lane", "list"]).output
    assert ("gateway" in listed, "subject" in listed) == (True, True)
    assert [run.invoke(app, ["lane", "forget", "sms"]).exit_code for _ in range(2)] == [0, 5]

"""What does an operator see and get from the command line?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from duepost.ledger import look
from duepost.statuses import Status
from tests.duepost.conftest import Run
from tests.papers import PDF

GOOD = "Channel,ToAddress,InvoiceNumber\nEmail,inge@firma.dk,1001\nEmail,jens@firma.dk,1002\n"
BAD = "Channel,ToAddress,InvoiceNumber\nEmail,inge@firma.dk,1001\nFax,not an address,\n"
DOCUMENTED = "Channel,ToAddress,InvoiceNumber,Document\nEmail,inge@firma.dk,1001,a.pdf\n"


def counts(engine: Engine) -> dict[Status, int]:
    with engine.connect() as connection:
        return look.counts(connection)


def test_an_import_takes_every_row_and_says_how_many(duepost: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    done = duepost("import", "good.csv")
    assert (done.returncode, done.stdout.strip()) == (0, "taken: 2 new, 0 known already")
    assert counts(engine) == {Status.QUEUE: 2}


def test_a_repeated_import_takes_nothing_new(duepost: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    duepost("import", "good.csv")
    assert duepost("import", "good.csv").stdout.strip() == "taken: 0 new, 2 known already"
    assert counts(engine) == {Status.QUEUE: 2}


def test_one_bad_row_stops_the_file_and_every_wrong_field_is_named(
    duepost: Run, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_text(BAD)
    done = duepost("import", "bad.csv")
    assert done.returncode == 1
    assert "bad.csv:3: Channel is not known: use email, sms, xml or print" in done.stderr
    assert "bad.csv:3: InvoiceNumber is missing" in done.stderr
    assert counts(engine) == {}


def test_skip_bad_takes_the_good_rows(duepost: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(BAD)
    done = duepost("import", "bad.csv", "--skip-bad")
    assert (done.returncode, counts(engine)) == (1, {Status.QUEUE: 1})
    assert "1 bad rows skipped" in done.stdout


def test_check_only_reports_and_takes_nothing(duepost: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    done = duepost("import", "good.csv", "--check-only")
    assert (done.returncode, counts(engine)) == (0, {})
    assert "2 new" in done.stdout


def test_check_only_judges_documents_and_keeps_none(duepost: Run, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    (tmp_path / "some.csv").write_text(DOCUMENTED + "Email,jens@firma.dk,1002,b.pdf\n")
    done = duepost("import", "some.csv", "--check-only")
    assert (done.returncode, done.stderr.strip()) == (1, "some.csv:3: Document does not exist: check the path")
    assert "1 new" in done.stdout
    assert not (tmp_path / "documents").exists()


def test_a_document_store_that_cannot_be_written_is_one_sentence_that_names_it(
    duepost: Run, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    (tmp_path / "some.csv").write_text(DOCUMENTED)
    (tmp_path / "documents").write_text("a file where the folder should be")
    done = duepost("import", "some.csv")
    assert done.returncode == 4
    assert done.stderr.startswith("the document store, DUEPOST_DOCUMENTS, cannot be written (")
    assert len(done.stderr.splitlines()) == 1
    assert counts(engine) == {}


@pytest.mark.parametrize("command", [("import", "good.csv"), ("account", "add", "acme", "--zone", "Europe/Lisbon")])
def test_a_ledger_that_only_reads_is_one_sentence(
    duepost: Run, database_url: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    only_reads = f"{database_url}&options=-cdefault_transaction_read_only%3Don"
    done = duepost(*command, DUEPOST_DATABASE_URL=only_reads)
    assert done.returncode == 4
    assert done.stderr.startswith("the ledger only reads")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("deadlock_detected", "another program held the same rows; nothing was done: repeat it"),
        ("disk_full", "the ledger's disk is full; nothing was done: make room, then repeat it"),
        ("admin_shutdown", "the ledger went away during the import: repeat it, nothing is taken twice"),
    ],
)
def test_what_stops_a_copy_is_named(duepost: Run, engine: Engine, tmp_path: Path, code: str, sentence: str) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    with engine.begin() as connection:
        stop = f"BEGIN RAISE EXCEPTION 'stopped' USING ERRCODE = '{code}'; END"
        connection.execute(text(f"CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ {stop} $$"))
        connection.execute(text("CREATE TRIGGER stop BEFORE INSERT ON send FOR EACH ROW EXECUTE FUNCTION stop()"))
    done = duepost("import", "good.csv")
    assert (done.returncode, done.stderr.strip()) == (4, sentence)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [("missing.csv", "File does not exist: check the path"), ("folder.csv", "File is a folder: name one file in it")],
)
def test_a_file_that_cannot_be_read_is_one_sentence(duepost: Run, tmp_path: Path, file: str, sentence: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    done = duepost("import", file)
    assert (done.returncode, done.stderr.strip()) == (1, sentence)


def test_show_tells_where_the_sends_of_an_invoice_stand(duepost: Run, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    duepost("import", "good.csv")
    done = duepost("show", "1001")
    assert done.returncode == 0
    assert "100 Queue" in done.stdout
    assert duepost("show", done.stdout.split()[0]).stdout == done.stdout


def test_show_of_an_unknown_invoice_ends_with_5(duepost: Run) -> None:
    done = duepost("show", "no-such-invoice")
    assert (done.returncode, "no-such-invoice" in done.stderr) == (5, True)


def test_status_counts_by_status_and_run(duepost: Run, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    duepost("import", "good.csv", "--run", "2026-11")
    assert "Queue" in duepost("status", "--run", "2026-11").stdout
    assert "Queue" not in duepost("status", "--run", "2026-12").stdout


def test_an_unreachable_ledger_is_one_sentence_without_the_password(duepost: Run, tmp_path: Path) -> None:
    away = f"postgresql+psycopg://postgres:s3cret@/nothing?host={tmp_path}"
    done = duepost("status", DUEPOST_DATABASE_URL=away)
    assert done.returncode == 4
    assert "the ledger cannot be reached" in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_setting_is_one_sentence_that_names_it(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DUEPOST_")}
    done = subprocess.run(
        [sys.executable, "-m", "duepost", "status"], env=kept, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "DUEPOST_DATABASE_URL is not set: set it in the environment, see docs/settings.md"


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31mred", "x" * 65, " acme", " "])
def test_an_account_has_a_name_that_a_send_can_give(duepost: Run, name: str) -> None:
    done = duepost("account", "add", name, "--zone", "Europe/Lisbon")
    assert done.returncode == 1
    assert "Account" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["a\nb", "x" * 256])
def test_a_run_has_a_name_of_one_line(duepost: Run, engine: Engine, tmp_path: Path, name: str) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    done = duepost("import", "good.csv", "--run", name)
    assert done.returncode != 0
    assert "Run has" in done.stderr
    assert counts(engine) == {}


def test_a_cell_longer_than_csv_allows_is_refused_by_its_own_name(duepost: Run, tmp_path: Path) -> None:
    row = f"Email,inge@firma.dk,1001,{'x' * 150_000}"
    (tmp_path / "long.csv").write_text(f"Channel,ToAddress,InvoiceNumber,Note\n{row}\n")
    assert "long.csv:2: Note has more than 10000 characters" in duepost("import", "long.csv").stderr


def test_an_account_needs_a_real_time_zone(duepost: Run) -> None:
    assert duepost("account", "add", "acme", "--zone", "Europe/Lisbon").returncode == 0
    done = duepost("account", "add", "acme", "--zone", "Lisbon")
    assert (done.returncode, "IANA" in done.stderr) == (1, True)
    assert "Europe/Lisbon" in duepost("account", "list").stdout


def test_a_row_for_an_unknown_account_says_how_to_create_it(duepost: Run, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("Channel,ToAddress,InvoiceNumber,Account\nEmail,inge@firma.dk,1001,acme\n")
    assert "duepost account add" in duepost("import", "other.csv").stderr


@pytest.mark.parametrize("address", ["mysql://a@b/c", "sqlite:///x.db", "postgresql+psycopg://a@b:port/c", "nonsense"])
def test_an_address_of_another_kind_of_database_is_one_sentence(duepost: Run, address: str) -> None:
    done = duepost("status", DUEPOST_DATABASE_URL=address)
    assert done.returncode == 1
    assert done.stderr.startswith("DUEPOST_DATABASE_URL is wrong")
    assert "Traceback" not in done.stderr


def test_a_ledger_of_a_newer_duepost_is_left_alone_with_one_sentence(duepost: Run, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    done = duepost("migrate")
    assert (done.returncode, done.stderr.strip()) == (
        3,
        "the ledger has the form of a newer duepost: install that version",
    )


def test_what_an_import_chose_for_odd_times_is_a_warning_with_its_line(duepost: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text(
        "Channel,ToAddress,InvoiceNumber,ScheduleSendDate\nEmail,inge@firma.dk,1001,2027-03-28 02:30\n"
    )
    done = duepost("import", "odd.csv")
    assert done.returncode == 0
    assert "odd.csv:2: warning: " in done.stderr

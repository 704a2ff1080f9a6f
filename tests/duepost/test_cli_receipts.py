"""Does the command line take the receipts that came by mail, and lose none?"""

import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from duepost.ledger import look
from duepost.ledger.record import record
from tests.duepost.conftest import Run
from tests.duepost.inbound.mails import dsn, lines, mdn
from tests.duepost.ledger.conftest import begun, outcome_of

TO = "kunde@example.com"
CHATTER = lines("From: kunde@example.com\nSubject: Re: Faktura\n\nTak!")


@pytest.fixture
def sent(engine: Engine) -> UUID:
    """A send that a provider took."""
    with engine.begin() as connection:
        [send] = begun(connection)
        record(connection, [outcome_of(send)])
    return send.id


def bounce(send_id: UUID, to: str = TO) -> bytes:
    return dsn(envelope_id=str(send_id), final=f"rfc822; {to}", original=None)


def maildir(folder: Path, *mails: bytes) -> Path:
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True)
    for number, mail in enumerate(mails):
        (folder / "new" / f"17{number}.host").write_bytes(mail)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def status_of(engine: Engine, send_id: UUID) -> int:
    with engine.connect() as connection:
        found = look.standing(connection, send_id)
    assert found
    return int(found.status)


def test_a_bounce_in_a_file_changes_the_status_and_is_told_without_an_address(
    duepost: Run, engine: Engine, sent: UUID, tmp_path: Path
) -> None:
    (tmp_path / "bounce.eml").write_bytes(bounce(sent))
    done = duepost("receipts", "read", "bounce.eml")
    assert (done.returncode, status_of(engine, sent)) == (0, 320)
    assert f"bounce.eml: send {sent}: dsn failed 5.1.1 MAILBOX_UNKNOWN: changed 200 to 320" in done.stdout
    assert "1 read: 1 changed" in done.stdout
    assert "@" not in done.stdout + done.stderr


def test_a_maildir_is_worked_off_and_what_nobody_understands_is_flagged(
    duepost: Run, engine: Engine, sent: UUID, tmp_path: Path
) -> None:
    read = mdn(message_id=f"<{sent}@sender.test>", recipient=TO)
    box = maildir(tmp_path / "box", bounce(sent), CHATTER, read, bounce(uuid4()))
    done = duepost("receipts", "read", "box")
    assert (done.returncode, status_of(engine, sent)) == (1, 320)
    assert names(box / "new") == []
    assert names(box / "cur") == ["170.host:2,S", "171.host:2,F", "172.host:2,S", "173.host:2,F"]
    assert "4 read: 1 changed, 1 kept, 1 no receipt, 1 no such send" in done.stdout


def test_reading_a_maildir_again_changes_nothing(duepost: Run, sent: UUID, tmp_path: Path) -> None:
    box = maildir(tmp_path / "box", bounce(sent))
    duepost("receipts", "read", "box")
    assert duepost("receipts", "read", "box").stdout.strip() == "0 read"
    (box / "new" / "again").write_bytes(bounce(sent))
    again = duepost("receipts", "read", "box")
    assert (again.returncode, "1 read: 1 known already" in again.stdout) == (0, True)


def test_a_bounce_of_another_receiver_changes_nothing(duepost: Run, engine: Engine, sent: UUID, tmp_path: Path) -> None:
    (tmp_path / "forged.eml").write_bytes(bounce(sent, "mallory@evil.test"))
    done = duepost("receipts", "read", "forged.eml")
    assert (done.returncode, status_of(engine, sent)) == (1, 200)
    assert "not the send's receiver" in done.stdout


def test_what_is_named_and_is_not_there_is_told(duepost: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert duepost("receipts", "read", "nowhere").returncode == 5
    assert duepost("receipts", "read", "folder").returncode == 5


def test_a_fifo_is_no_mail_and_is_not_waited_for(duepost: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.eml")
    done = duepost("receipts", "read", "pipe.eml")
    assert (done.returncode, "'pipe.eml' is no file" in done.stderr) == (1, True)


def test_while_the_ledger_is_away_the_mails_stay(duepost: Run, tmp_path: Path) -> None:
    box = maildir(tmp_path / "box", bounce(uuid4()))
    away = {"DUEPOST_DATABASE_URL": "postgresql+psycopg://127.0.0.1:1/away"}
    assert duepost("receipts", "read", "box", **away).returncode == 4
    assert names(box / "new") == ["170.host"]


def piped(content: bytes, database_url: str) -> subprocess.CompletedProcess[bytes]:
    """As a mail server's alias does it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DUEPOST_")}
    return subprocess.run(
        [sys.executable, "-m", "duepost", "receipts", "read", "-"],
        env={**kept, "DUEPOST_DATABASE_URL": database_url},
        input=content,
        capture_output=True,
        check=False,
    )


def test_a_mail_server_may_hand_a_bounce_in(engine: Engine, sent: UUID, database_url: str) -> None:
    assert piped(bounce(sent), database_url).returncode == 0
    assert status_of(engine, sent) == 320


def test_what_is_no_receipt_is_not_sent_back_to_whoever_wrote_it(database_url: str) -> None:
    assert piped(CHATTER, database_url).returncode == 0


@pytest.mark.parametrize("url", ["postgresql+psycopg://127.0.0.1:1/away", "nonsense"])
def test_while_the_ledger_is_away_the_mail_server_is_told_to_keep_it(url: str) -> None:
    assert piped(bounce(uuid4()), url).returncode == os.EX_TEMPFAIL


def test_show_lists_attempts_and_receipts(duepost: Run, sent: UUID, tmp_path: Path) -> None:
    (tmp_path / "bounce.eml").write_bytes(bounce(sent))
    duepost("receipts", "read", "bounce.eml")
    shown = duepost("show", str(sent)).stdout
    for words in ("its reference", "4F2A", "MAILBOX_UNKNOWN", "5.1.1", "BOUNCED"):
        assert words in shown

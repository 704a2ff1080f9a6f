"""Does a send arrive as one whole file, and is a place that cannot be used told apart from one that may have it?"""

import getpass
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.invoice_xml import invoice_xml
from sandbox.ports import free_port
from sandbox.processes import Processes
from tests.worker.print_run.sshd import Sshd, program
from tests.worker.providers.conftest import ID
from tests.worker.providers.misbehaving import Misbehaving, Talk
from tests.worker.test_forked import in_a_child
from worker.drop import DropFailed
from worker.drop_folder import FolderDrop
from worker.drop_sftp import SftpDrop, SftpServer
from worker.providers.folder import Folder
from worker.providers.port import Document, Job, Outcome, Verdict
from worker.providers.sftp import Sftp

pytestmark = pytest.mark.sshd
LIMIT = timedelta(seconds=10)
SHORT = timedelta(seconds=0.5)
NAME = f"A-1-x_{ID}.xml"
XML = invoice_xml()
MakeJob = Callable[..., Job]


@pytest.fixture(scope="module")
def sshd(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    if program() is None:
        lack = "sshd is not installed: apt-get install openssh-server"
        pytest.fail(lack) if os.environ.get("CI") else pytest.skip(lack)
    server = Sshd(tmp_path_factory.mktemp("sshd"), processes)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def files(sshd: Sshd) -> Iterator[Path]:
    """An empty folder that the server hands over in."""
    folder = sshd.drop / "here"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def login(sshd: Sshd) -> SftpServer:
    user = getpass.getuser()
    return SftpServer("127.0.0.1", sshd.port, user, sshd.folder / "known_hosts", key_file=sshd.folder / "user")


def sftp(sshd: Sshd, folder: Path, **changes: object) -> Sftp:
    server = replace(login(sshd), **changes)  # type: ignore[arg-type]  # fields of its own
    return Sftp(drop=SftpDrop(server, str(folder), LIMIT), call_limit=LIMIT)


@pytest.fixture(params=["folder", "sftp"])
def provider(request: pytest.FixtureRequest, sshd: Sshd, files: Path) -> Iterator[Folder | Sftp]:
    made = Folder(drop=FolderDrop(files)) if request.param == "folder" else sftp(sshd, files)
    yield made
    made.close()


@pytest.fixture
def send(job: MakeJob) -> Job:
    return job(channel="xml", invoice="../A/1 x", document=Document("1.xml", "application/xml", XML))


def said(outcome: Outcome | None) -> tuple[Verdict, str] | None:
    return None if outcome is None else (outcome.verdict, outcome.reason.code)


def test_the_document_is_a_file_of_the_invoices_and_the_sends_own_name(
    provider: Folder | Sftp, send: Job, files: Path
) -> None:
    outcome = provider.send(send)
    assert said(outcome) == (Verdict.ACCEPTED, "ACCEPTED")
    assert outcome.provider_reference == NAME
    assert {path.name: path.read_bytes() for path in files.iterdir()} == {NAME: XML}


def test_a_repeat_replaces_the_file_by_the_same(provider: Folder | Sftp, send: Job, files: Path) -> None:
    provider.send(send)
    provider.send(send)
    assert [path.name for path in files.iterdir()] == [NAME]


def test_what_was_handed_over_is_found_by_asking(provider: Folder | Sftp, send: Job) -> None:
    provider.send(send)
    assert said(provider.ask(send)) == (Verdict.ACCEPTED, "ACCEPTED")


def test_a_file_that_its_reader_may_have_taken_tells_nothing(provider: Folder | Sftp, send: Job) -> None:
    outcome = provider.ask(send)
    assert said(outcome) == (Verdict.TRANSIENT, "ASKED_IN_VAIN")


def test_what_was_begun_and_not_renamed_never_came(sshd: Sshd, send: Job, files: Path) -> None:
    (files / f"{NAME}.part").write_bytes(XML[:100])
    provider = sftp(sshd, files)
    assert provider.ask(send) is None
    assert provider.send(send).verdict is Verdict.ACCEPTED
    assert {path.name: path.read_bytes() for path in files.iterdir()} == {NAME: XML}


def test_a_folder_that_is_not_there_is_tried_again(sshd: Sshd, send: Job, files: Path) -> None:
    for provider in (sftp(sshd, files / "gone"), Folder(drop=FolderDrop(files / "gone"))):
        assert said(provider.send(send)) == (Verdict.TRANSIENT, "DROP_FAILED")
    assert list(files.iterdir()) == []


def test_a_server_whose_key_is_not_known_gets_nothing(sshd: Sshd, send: Job, files: Path, tmp_path: Path) -> None:
    stranger = (sshd.folder / "user.pub").read_text()
    known = tmp_path / "known_hosts"
    for line in (f"[127.0.0.1]:{sshd.port} {stranger}", f"[127.0.0.1]:{free_port()} {stranger}"):
        known.write_text(line)
        outcome = sftp(sshd, files, known_hosts=known).send(send)
        assert (said(outcome), outcome.alarm) == ((Verdict.TRANSIENT, "DROP_REFUSED"), True)
    assert list(files.iterdir()) == []


def test_a_refused_login_calls_for_an_operator_and_shows_no_password(sshd: Sshd, send: Job, files: Path) -> None:
    provider = sftp(sshd, files, key_file=None, password="s3cret-word")
    outcome = provider.send(send)
    assert (said(outcome), outcome.alarm) == ((Verdict.TRANSIENT, "DROP_REFUSED"), True)
    assert "s3cret-word" not in f"{provider!r}{outcome!r}{outcome.answer}"


@pytest.mark.parametrize(
    "talk", [Talk.hang, lambda talk: talk.repeat(b"S", pause_seconds=0.05)], ids=["hang", "trickle"]
)
def test_a_server_that_never_gets_there_is_cut_at_the_limit(
    sshd: Sshd, send: Job, talk: Callable[[Talk], None]
) -> None:
    with Misbehaving(talk) as server:
        drop = SftpDrop(replace(login(sshd), host=server.host, port=server.port), ".", SHORT)
        assert said(Sftp(drop=drop, call_limit=SHORT).send(send)) in {
            (Verdict.TRANSIENT, "TIMED_OUT"),
            (Verdict.TRANSIENT, "DROP_FAILED"),
        }


def test_a_rename_without_an_answer_leaves_the_send_in_doubt(send: Job) -> None:
    class Silent:
        """A place that vanished while it renamed."""

        def put(self, name: str, content: bytes) -> None:  # noqa: ARG002 - as the port has it
            raise DropFailed("gone", begun=True)

        def exists(self, name: str) -> bool:  # noqa: ARG002 - as the port has it
            return True

        def close(self) -> None:
            """Nothing is open."""

    provider = Folder(drop=Silent())
    assert said(provider.send(send)) == (Verdict.UNKNOWN, "DROP_FAILED")
    assert said(provider.ask(send)) == (Verdict.ACCEPTED, "ACCEPTED")


def test_a_forked_child_uses_a_connection_of_its_own(sshd: Sshd, send: Job, files: Path) -> None:
    provider = sftp(sshd, files)
    assert provider.send(send).verdict is Verdict.ACCEPTED
    [parents] = provider.drop._open.values()  # type: ignore[attr-defined]  # an SftpDrop's

    def child() -> bool:
        accepted = provider.send(replace(send, token="of-the-child")).verdict is Verdict.ACCEPTED
        [own] = provider.drop._open.values()  # type: ignore[attr-defined]  # as above
        return accepted and own is not parents

    assert in_a_child(child)
    assert said(provider.ask(send)) == (Verdict.ACCEPTED, "ACCEPTED")
    assert provider.drop._open == {os.getpid(): parents}  # type: ignore[attr-defined]  # as above
    provider.close()

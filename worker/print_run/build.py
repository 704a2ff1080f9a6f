"""What hands the runs of a provider account over, built from its settings?"""

from datetime import timedelta
from importlib.util import find_spec

from sqlalchemy import Engine

from config.account_print_run import PrintRunAccount
from duepost.documents import DocumentStore
from duepost.errors import ConfigError
from worker.drop_folder import FolderDrop
from worker.print_run.make import Maker
from worker.print_run.mark import Mark
from worker.print_run.place import PRINTER, DropPlace, Place, PrinterPlace
from worker.print_run.work import Worker
from worker.providers.ipp import Ipp


def require_extras(account: PrintRunAccount) -> None:
    """Raises: ConfigError when a package is missing that the account needs."""
    if account.mark and find_spec("segno") is None:
        raise ConfigError("mark", "needs the package segno", "install duepost[print], or set it to false")
    if account.sftp_host and find_spec("paramiko") is None:
        raise ConfigError("sftp_host", "needs the package paramiko", "install duepost[sftp]")
    if account.uri:
        _printer(account).close()


def build(account: PrintRunAccount, engine: Engine, documents: DocumentStore, hostname: str) -> Worker:
    """The worker of the account's runs; opens no connection. Raises: ConfigError."""
    mark = Mark(account.mark_left_mm, account.mark_bottom_mm) if account.mark else None
    place = _place(account)
    actor = PRINTER if account.uri else hostname
    return Worker(engine, Maker(documents, mark, account.duplex), place, actor)


def _place(account: PrintRunAccount) -> Place:
    if account.uri:
        return PrinterPlace(_printer(account))
    assert account.folder is not None  # noqa: S101 - the settings want one or the other
    if account.sftp_host is None:
        return DropPlace(FolderDrop(account.folder))
    from worker.drop_sftp import SftpDrop, SftpServer  # noqa: PLC0415 - paramiko is an extra

    assert account.user is not None  # noqa: S101 - as above
    assert account.known_hosts is not None  # noqa: S101 - as above
    server = SftpServer(
        account.sftp_host,
        account.sftp_port,
        account.user,
        account.known_hosts,
        account.password.get_secret_value() if account.password else None,
        account.key_file,
    )
    return DropPlace(SftpDrop(server, str(account.folder), timedelta(seconds=account.call_seconds)))


def _printer(account: PrintRunAccount) -> Ipp:
    assert account.uri is not None  # noqa: S101 - asked only then
    return Ipp(
        uri=account.uri,
        user=account.user,
        password=account.password.get_secret_value() if account.password else None,
        sides=account.sides,
        media=account.media,
        ca_file=account.ca_file,
        call_limit=timedelta(seconds=account.call_seconds),
        print_limit=timedelta(seconds=account.print_seconds),
    )

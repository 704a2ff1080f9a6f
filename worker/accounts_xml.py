"""Which adapter serves a way that e-invoices leave by, built from its settings?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from config.account_xml import As4Account, EinvoiceRulesAccount, FolderAccount, SftpAccount
from duepost.errors import ConfigError
from worker.drop_folder import FolderDrop
from worker.providers.as4_gateway import As4Gateway
from worker.providers.einvoice_rules import EinvoiceRules
from worker.providers.folder import Folder
from worker.providers.port import Provider
from worker.providers.sftp import Sftp


def _as4(account: As4Account) -> Provider:
    return As4Gateway(
        url=account.url,
        sender=account.sender,
        country=account.country,
        token=account.token.get_secret_value() if account.token else None,
        ca_file=account.ca_file,
        total_limit=timedelta(seconds=account.total_seconds),
    )


def _folder(account: FolderAccount) -> Provider:
    return Folder(drop=FolderDrop(account.path), total_limit=timedelta(seconds=account.total_seconds))


def _sftp(account: SftpAccount) -> Provider:
    try:
        from worker.drop_sftp import SftpDrop, SftpServer  # noqa: PLC0415 - paramiko is an extra
    except ImportError:
        raise ConfigError("kind", "is sftp, and paramiko is not here", "install duepost[sftp]") from None
    if account.password is None and account.key_file is None:
        raise ConfigError("password", "is missing", "give it, or a key_file")
    if not account.known_hosts.is_file():
        raise ConfigError("known_hosts", "is no file", "give OpenSSH's file with the server's key")
    server = SftpServer(
        account.host,
        account.port,
        account.user,
        account.known_hosts,
        account.password.get_secret_value() if account.password else None,
        account.key_file,
    )
    limit = timedelta(seconds=account.total_seconds)
    return Sftp(drop=SftpDrop(server, account.folder, limit), call_limit=limit)


def _einvoice_rules(account: EinvoiceRulesAccount) -> Provider:
    return EinvoiceRules(
        next_lane=account.next_lane,
        rules_folder=account.rules_folder,
        total_limit=timedelta(seconds=account.total_seconds),
    )


# kind of provider account -> what builds its adapter
XML_ADAPTERS: dict[str, Callable[[Any], Provider]] = {
    "as4": _as4,
    "folder": _folder,
    "sftp": _sftp,
    "einvoice-rules": _einvoice_rules,
}

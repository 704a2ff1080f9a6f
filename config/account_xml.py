"""What is set for the ways that e-invoices leave?"""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from config.account import Account, Seconds
from duepost.ledger.unknown import UnknownPolicy


class As4Account(Account):
    """An access point of the Peppol network, by phoss-ap's REST interface."""

    what: ClassVar[str] = "an access point"
    must_be_asked: ClassVar[bool] = True
    kind: Literal["as4"] = "as4"
    on_unknown: UnknownPolicy = Field(default=UnknownPolicy.RESOLVE, description="asked by the instance id")
    url: str = Field(pattern=r"^https?://", description="the access point, without /api")
    token: SecretStr | None = Field(default=None, description="X-Token")
    sender: str = Field(min_length=3, description="SCHEME:IDENTIFIER of the sender")
    country: str = Field(pattern=r"^[A-Z]{2}$", description="of the sender, ISO 3166")
    ca_file: Path | None = None
    total_seconds: Seconds = Field(default=60, description="for one call")

    @property
    def can_be_asked(self) -> bool:
        """By the instance id."""
        return True


class FolderAccount(Account):
    """A folder of this machine in which files are handed over."""

    what: ClassVar[str] = "a folder"
    knows_repeats: ClassVar[bool] = True  # the same name: its reader can tell
    kind: Literal["folder"] = "folder"
    path: Path = Field(description="a folder that exists")
    total_seconds: Seconds = Field(default=60, description="what a write is given")

    @property
    def can_be_asked(self) -> bool:
        """Is the file there?"""
        return True


class SftpAccount(Account):
    """A folder on an SFTP server."""

    what: ClassVar[str] = "an SFTP server"
    knows_repeats: ClassVar[bool] = True  # the same name: its reader can tell
    kind: Literal["sftp"] = "sftp"
    host: str = Field(min_length=1)
    port: int = Field(default=22, ge=1, le=65535)
    user: str = Field(min_length=1)
    password: SecretStr | None = None
    key_file: Path | None = Field(default=None, description="private key")
    known_hosts: Path = Field(description="OpenSSH's file with the server's key")
    folder: str = Field(default=".", min_length=1, description="as the server names it")
    total_seconds: Seconds = Field(default=60, description="for one call")

    @property
    def can_be_asked(self) -> bool:
        """Is the file there?"""
        return True


class EinvoiceRulesAccount(Account):
    """The rules that an e-invoice is held to before it leaves; a lane of its own."""

    what: ClassVar[str] = "the rules of e-invoices"
    knows_repeats: ClassVar[bool] = True  # nothing leaves: a check may be repeated
    takes_over: ClassVar[bool] = False
    kind: Literal["einvoice-rules"] = "einvoice-rules"
    on_unknown: UnknownPolicy = Field(default=UnknownPolicy.RESOLVE, description="nothing leaves, so nothing is taken")
    width: int = Field(default=1, ge=1, le=512, description="one engine for each process: more wait for it")
    next_lane: str = Field(default="xml", min_length=1, description="where a document goes that keeps the rules")
    rules_folder: Path | None = Field(default=None, description="further rule files")
    total_seconds: Seconds = Field(default=60, description="what a document is given")

    @property
    def can_be_asked(self) -> bool:
        """Its answer is always no, which ends the doubt of a check that its worker did not survive."""
        return True

"""What is set for a print run?"""

from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, SecretStr, model_validator

from config.account import Account, Seconds

CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class PrintRunAccount(Account):
    """Sends gather until the cut-off of their account and leave as one PDF: into a folder, by SFTP or to a printer."""

    what: ClassVar[str] = "a print run"
    takes_over: ClassVar[bool] = False
    kind: Literal["print-run"] = "print-run"
    cutoff: str = Field(default="16:00", pattern=CLOCK, description="wall time in the account's zone")
    folder: Path | None = Field(default=None, description="where the files go; by SFTP: a folder there")
    sftp_host: str | None = Field(default=None, min_length=1, description="the SFTP server that takes the files")
    sftp_port: int = Field(default=22, ge=1, le=65535)
    known_hosts: Path | None = Field(default=None, description="file with the SFTP server's key")
    key_file: Path | None = Field(default=None, description="private key to log in with, by SFTP")
    uri: str | None = Field(default=None, pattern=r"^ipps?://", description="the printer that prints the run")
    user: str | None = None
    password: SecretStr | None = None
    sides: Literal["one-sided", "two-sided-long-edge", "two-sided-short-edge"] | None = None
    media: str | None = Field(default=None, description="the paper, as the printer names it")
    ca_file: Path | None = None
    call_seconds: Seconds = Field(default=300, description="for one file by SFTP, or one request to the printer")
    print_seconds: Seconds = Field(default=60, description="how long a job is watched at once")
    duplex: bool = Field(default=False, description="each letter begins on a sheet of its own")
    mark: bool = Field(default=True, description="print a mark on the first page of each letter")
    mark_left_mm: float = Field(default=3, ge=0, le=400)
    mark_bottom_mm: float = Field(default=24, ge=0, le=600)

    @model_validator(mode="after")
    def _goes_to_one_place(self) -> Self:
        if (self.uri is None) == (self.folder is None):
            raise ValueError("name either folder (with or without sftp_host) or uri")
        if self.sftp_host is not None and (self.known_hosts is None or self.user is None or self.uri is not None):
            raise ValueError("sftp_host wants user, known_hosts and folder")
        return self

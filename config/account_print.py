"""What is set for a printer?"""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from config.account import Account, Seconds
from duepost.ledger.unknown import UnknownPolicy


class IppAccount(Account):
    """A printer that speaks IPP."""

    what: ClassVar[str] = "a printer"
    must_be_asked: ClassVar[bool] = True
    kind: Literal["ipp"] = "ipp"
    on_unknown: UnknownPolicy = Field(default=UnknownPolicy.RESOLVE, description="asked by the job's name")
    width: int = Field(default=1, ge=1, le=512, description="jobs in this printer's hands at once, per process")
    uri: str = Field(pattern=r"^ipps?://", description="the printer's address")
    user: str | None = None
    password: SecretStr | None = None
    sides: Literal["one-sided", "two-sided-long-edge", "two-sided-short-edge"] | None = None
    media: str | None = Field(default=None, description="the paper, as the printer names it")
    ca_file: Path | None = None
    call_seconds: Seconds = Field(default=30, description="for one request")
    print_seconds: Seconds = Field(default=60, description="how long a job is watched at once")

    @property
    def can_be_asked(self) -> bool:
        """By the job's name."""
        return True

"""What is set for an account at Acumulus?"""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from config.account import Account, Seconds
from duepost.sends import Channel


class AcumulusAccount(Account):
    """It mails invoices that it has itself; it recognises no repeat and cannot be asked."""

    what: ClassVar[str] = "Acumulus"
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.EMAIL})  # whatever is asked of it, it mails
    kind: Literal["acumulus"] = "acumulus"
    url: str = Field(
        default="https://api.sielsystems.nl/acumulus/stable", pattern=r"^https?://", description="the API's tree"
    )
    contract_code: str = Field(min_length=1)
    user: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    on_error: str | None = Field(default=None, description="address that Acumulus mails errors and warnings to")
    language: Literal["en", "nl"] = Field(default="en", description="of its answers")
    ca_file: Path | None = None
    total_seconds: Seconds = Field(default=30, description="for one call")

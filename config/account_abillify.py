"""What is set for an account at Abillify?"""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from config.account import Account, Seconds
from duepost.ledger.unknown import UnknownPolicy
from duepost.sends import Channel


class AbillifyAccount(Account):
    """It sends invoices that it has itself; a repeat is recognised by its Idempotency-Key, for 24 hours."""

    what: ClassVar[str] = "Abillify"
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.EMAIL})  # whatever is asked of it, it mails
    knows_repeats: ClassVar[bool] = True
    forgets_after_hours: ClassVar[float | None] = 24
    kind: Literal["abillify"] = "abillify"
    on_unknown: UnknownPolicy = Field(default=UnknownPolicy.RESEND, description="under the same key")
    url: str = Field(pattern=r"^https?://", description="of the API, https://customer.abillify.com/api")
    user: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    ca_file: Path | None = None
    total_seconds: Seconds = Field(default=30, description="for one call")

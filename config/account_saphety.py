"""What is set for an account at Saphety's invoice network?"""

from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, SecretStr, model_validator

from config.account import Account, Seconds
from duepost.ledger.unknown import UnknownPolicy
from duepost.sends import Channel


class SaphetyAccount(Account):
    """An account at Saphety's invoice network (SIN); it recognises no repeat."""

    what: ClassVar[str] = "SIN"
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.EMAIL, Channel.XML})
    must_be_asked: ClassVar[bool] = True
    only_follows: ClassVar[frozenset[Channel]] = frozenset({Channel.XML})  # SIN is at it, whether it answers us or not
    kind: Literal["saphety"] = "saphety"
    on_unknown: UnknownPolicy = Field(default=UnknownPolicy.RESOLVE, description="asked by the document's id")
    url: str = Field(pattern=r"^https?://", description="what comes before /api")
    user: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    language: Literal["pt", "en"] = Field(default="en", description="of mails whose send names neither")
    poll: bool = Field(default=True, description="ask for a mail until it has left; false: SIN's yes is final")
    repeat_unsent: bool = Field(
        default=False, description="with poll false: mail again when SIN was in doubt and has mailed nothing yet"
    )
    mail_status_url: str | None = Field(
        default=None, pattern=r"^https?://", description="SIN's notifications, before /api: why a mail failed"
    )
    ca_file: Path | None = None
    total_seconds: Seconds = Field(default=30, description="for one call")

    @property
    def can_be_asked(self) -> bool:
        """By the document's id."""
        return True

    @model_validator(mode="after")
    def _repeats_only_what_is_not_polled(self) -> Self:
        # Polled, a mail that SIN has taken and not sent yet would be mailed twice.
        if self.repeat_unsent and self.poll:
            raise ValueError("repeat_unsent needs poll=false: a mail that SIN has yet to send would leave twice")
        return self

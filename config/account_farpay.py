"""What is set for an account at FarPay?"""

from pathlib import Path
from typing import ClassVar, Literal
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, field_validator

from config.account import Account, Seconds
from duepost.ledger.unknown import UnknownPolicy


class FarPayAccount(Account):
    """FarPay's API; lanes of all four channels may share one account."""

    what: ClassVar[str] = "FarPay"
    must_be_asked: ClassVar[bool] = True
    kind: Literal["farpay"] = "farpay"
    on_unknown: UnknownPolicy = Field(default=UnknownPolicy.RESOLVE, description="asked by the invoice number")
    url: str = Field(default="https://api.farpay.io/v2", pattern=r"^https?://", description="the API, its version too")
    key: SecretStr = Field(description="X-API-KEY")
    currency: str = Field(default="DKK", pattern=r"^[A-Z]{3}$", description="where no e-invoice says it, ISO 4217")
    zone: str = Field(default="Europe/Copenhagen", description="of FarPay's times that name none, IANA")
    bare_reminders: bool = Field(default=False, description="a reminder's own document may stay behind")
    ca_file: Path | None = None
    total_seconds: Seconds = Field(default=30, description="for one call")

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, given: str) -> str:
        if given not in available_timezones():
            raise ValueError("give a name such as Europe/Copenhagen")
        return given

    @property
    def can_be_asked(self) -> bool:
        """By the invoice number."""
        return True

"""What is set for an account at an SMS gateway?"""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from config.account import Account, Seconds
from duepost.errors import InvalidSend
from duepost.sms_send import sender_id

# A report tells a telephone number; it stays on this machine or goes encrypted.
REPORT_URL = r"^(https://|http://(127\.0\.0\.1|localhost)([:/]|$))[^?#]*$"


class SmsAccount(Account):
    """What every gateway needs. None of them recognises a repeat or can be asked by our token."""

    what: ClassVar[str] = "an SMS gateway"
    kind: str
    sender: str = Field(description="From: at most 11 letters and digits, or a number of at most 15 digits")
    report_url: str | None = Field(
        default=None, pattern=REPORT_URL, description="address of ours that reports are sent to, without the account"
    )
    ca_file: Path | None = None
    total_seconds: Seconds = Field(default=30, description="for the whole call")

    @field_validator("sender")
    @classmethod
    def _is_a_sender_id(cls, given: str) -> str:
        try:
            return sender_id(given)
        except InvalidSend as wrong:
            raise ValueError(f"{wrong.problem}: {wrong.hint}") from None


class KannelAccount(SmsAccount):
    """A Kannel of the operator's own."""

    kind: Literal["kannel"] = "kannel"
    url: str = Field(pattern=r"^https?://", description="its sendsms, http://host:13013/cgi-bin/sendsms")
    user: str = Field(min_length=1, description="username of a sendsms-user")
    password: SecretStr = Field(min_length=1)


class GatewayApiAccount(SmsAccount):
    """An account at GatewayAPI."""

    kind: Literal["gatewayapi"] = "gatewayapi"
    url: str = Field(
        default="https://gatewayapi.com/rest/mtsms", pattern=r"^https?://", description="where to POST an SMS"
    )
    token: SecretStr = Field(min_length=1)


class TwilioAccount(SmsAccount):
    """An account at Twilio."""

    kind: Literal["twilio"] = "twilio"
    url: str = Field(default="https://api.twilio.com", pattern=r"^https?://", description="the API's host")
    sid: str = Field(pattern=r"^[A-Za-z0-9]{1,64}$", description="AccountSid, AC…")
    token: SecretStr = Field(min_length=1)

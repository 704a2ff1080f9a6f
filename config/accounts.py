"""Which kinds of provider account are there, and what is set for each?"""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr

from config.account import Account, Seconds
from config.account_print import IppAccount
from config.account_print_run import PrintRunAccount
from config.account_sms import GatewayApiAccount, KannelAccount, TwilioAccount


class SmtpAccount(Account):
    """A mail server to submit to."""

    what: ClassVar[str] = "a mail server"
    kind: Literal["smtp"] = "smtp"
    host: str = Field(min_length=1, description="name of the mail server")
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    sender: str = Field(min_length=3, description="address in From and in the envelope")
    sender_name: str | None = None
    ca_file: Path | None = Field(default=None, description="certificates to trust beside the system's")
    command_seconds: Seconds = Field(default=30, description="for connecting and for everything before the final dot")
    final_dot_seconds: Seconds = Field(default=600, description="for the answer to the final dot (RFC 5321 4.5.3.2.6)")
    messages_per_connection: int = Field(default=100, ge=1)


class HttpAccount(Account):
    """An HTTP endpoint that takes a send as one JSON POST."""

    knows_repeats: ClassVar[bool] = True
    kind: Literal["http"] = "http"
    url: str = Field(pattern=r"^https?://", description="where to POST")
    status_url: str | None = Field(
        default=None, pattern=r"^https?://", description="where to ask by token, /TOKEN at the end, for policy resolve"
    )
    bearer: SecretStr | None = None
    ca_file: Path | None = None
    total_seconds: Seconds = Field(default=30, description="for the whole call")

    @property
    def can_be_asked(self) -> bool:
        """Where a status_url is set."""
        return self.status_url is not None


ProviderAccount = Annotated[
    SmtpAccount | HttpAccount | KannelAccount | GatewayApiAccount | TwilioAccount | IppAccount | PrintRunAccount,
    Field(discriminator="kind"),
]

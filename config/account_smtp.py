"""What is set for a mail server?"""

from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, SecretStr, model_validator

from config.account import Account, Seconds


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
    connection_seconds: Seconds = Field(default=300, description="longest life of a connection")
    dkim_domain: str | None = Field(default=None, description="domain to sign for")
    dkim_selector: str | None = Field(default=None, description="name of the key under _domainkey")
    dkim_key_file: Path | None = Field(default=None, description="private key: RSA in PEM or an Ed25519 seed")

    @model_validator(mode="after")
    def _signs_or_not(self) -> Self:
        given = [one is not None for one in (self.dkim_domain, self.dkim_selector, self.dkim_key_file)]
        if any(given) and not all(given):
            raise ValueError("dkim_domain, dkim_selector and dkim_key_file go together: give all three or none")
        return self

"""Which kinds of provider account are there, and what is set for each?"""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr

from config.account import Account, Seconds
from config.account_abillify import AbillifyAccount
from config.account_acumulus import AcumulusAccount
from config.account_farpay import FarPayAccount
from config.account_print import IppAccount
from config.account_print_run import PrintRunAccount
from config.account_saphety import SaphetyAccount
from config.account_sms import GatewayApiAccount, KannelAccount, TwilioAccount
from config.account_smtp import SmtpAccount
from config.account_xml import As4Account, EinvoiceRulesAccount, FolderAccount, SftpAccount


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
    SmtpAccount
    | HttpAccount
    | KannelAccount
    | GatewayApiAccount
    | TwilioAccount
    | IppAccount
    | PrintRunAccount
    | As4Account
    | FolderAccount
    | SftpAccount
    | EinvoiceRulesAccount
    | AbillifyAccount
    | AcumulusAccount
    | FarPayAccount
    | SaphetyAccount,
    Field(discriminator="kind"),
]

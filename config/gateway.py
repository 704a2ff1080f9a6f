"""Where does duepost listen for billing apps, and for what SMS gateways and access points report?"""

from pydantic import Field, SecretStr

from config.account import Part


class Seller(Part):
    """Who an account's invoices are from, where a PDF is made of them. language: of an invoice that names none."""

    name: str = Field(min_length=1, max_length=120)
    address: tuple[str, ...] = Field(default=(), max_length=8, description="its lines")
    vat_number: str | None = None
    iban: str | None = None
    language: str = Field(default="en", pattern="^[a-z]{2}$")


class Gateway(Part):
    """`python -m gateway`; a proxy with TLS stands before it where callers come from outside."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8087, ge=1, le=65535)
    processes: int = Field(default=1, ge=1, le=64, description="that share the port")
    connections: int = Field(default=8, ge=2, le=100, description="to the ledger, per process")
    batch_processes: int = Field(
        default=2, ge=0, le=64, description="that check the rows of large batches, per process; 0: a thread does"
    )
    requests_per_second: float = Field(default=500, gt=0, description="of one key, per process; beyond: 429")
    burst_requests: int = Field(default=1000, ge=1, description="of one key at once, per process")
    batch_limit_bytes: int = Field(default=1_000_000_000, gt=0, description="largest body of a batch")
    token_key: SecretStr | None = Field(
        default=None, min_length=32, description="signs the tokens of Saphety's dialect; unset: made at each start"
    )
    saphety_repeat_seconds: float = Field(
        default=60,
        ge=0,
        le=86_400,
        description="so long the same call in Saphety's dialect is a repeat; 0: it never is",
    )
    sellers: dict[str, Seller] = Field(
        default_factory=dict, description="account -> who its invoices are from; FarPay's dialect makes PDFs of them"
    )
    errors_as_200: bool = Field(default=False, description="Acumulus' dialect answers its errors with HTTP 200")

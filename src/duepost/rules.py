"""Which of validation's rules may an operator choose?"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Rules:
    """The choices that differ between installations; the defaults are the strict ones.

    gln_check: `warn` accepts a GLN with a wrong check digit and says so (FarPay's own example has one).
    default_region: ISO 3166 code, such as DK, for phone numbers without a country code; None refuses those.
    test_domains: True lets e-mail go to `.test` domains, which exist nowhere but in tests.
    document_limit: bytes of the largest document taken.
    """

    gln_check: Literal["strict", "warn"] = "strict"
    default_region: str | None = None
    test_domains: bool = False
    document_limit: int = 10_000_000

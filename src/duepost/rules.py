"""Which of validation's rules may an operator choose?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from duepost.quiet import QuietHours
from duepost.sends import Channel

A_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Rules:
    """The choices that differ between installations; the defaults are the strict ones.

    gln_check: `warn` accepts a GLN with a wrong check digit and says so (FarPay's own example has one).
    default_region: ISO 3166 code, such as DK, for phone numbers without a country code; None refuses those.
    test_domains: True lets e-mail go to `.test` domains, which exist nowhere but in tests.
    document_limit: bytes of the largest document taken.
    missing_address: what becomes of a mail without an address: refused, printed instead, or kept as 400.
    routes: channel -> lanes of a send that names none: the first takes it, the others take over; the channel's own name
        where none is given.
    late_after: channel -> how long after its time a send may still leave by itself; a day where none is given.
    sms_max_segments: the most parts of an SMS. sms_too_long: what becomes of a text that takes more.
    quiet_hours: channel -> when nothing may arrive; a channel not named has none.
    """

    gln_check: Literal["strict", "warn"] = "strict"
    default_region: str | None = None
    test_domains: bool = False
    document_limit: int = 10_000_000
    missing_address: Literal["refuse", "print", "record"] = "refuse"
    routes: Mapping[Channel, tuple[str, ...]] = field(default_factory=dict)
    late_after: Mapping[Channel, timedelta] = field(default_factory=dict)
    sms_max_segments: int = 6
    sms_too_long: Literal["refuse", "truncate"] = "refuse"
    quiet_hours: Mapping[Channel, QuietHours] = field(default_factory=dict)

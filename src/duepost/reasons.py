"""Why does a send have its status?"""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """The structured cause beside a status.

    `code` is one upper-case word that a program can test (`GAVE_UP`, `OUTCOME_UNKNOWN`), `field` the send's field it is
    about, `values` small facts such as an SMTP code. None of them holds personal data.
    """

    code: str
    field: str | None = None
    values: Mapping[str, str | int] = dataclasses.field(default_factory=dict)

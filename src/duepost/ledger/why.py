"""Why does a send stand where it does, in one sentence?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection

Fact = str | int | None


@dataclass(frozen=True, slots=True)
class Why:
    """code: one word that a program can test. until: when it changes by itself (aware); None: not, or nobody knows."""

    code: str
    sentence: str
    until: datetime | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)


def why(
    connection: Connection, account_id: int, send_id: UUID, *, cutoffs: Mapping[str, time] = MappingProxyType({})
) -> Why | None:
    """The sentence; None when the account has no send of that id.

    cutoffs: lane -> when its print runs close, for accounts that have no time of their own.
    """
    raise NotImplementedError

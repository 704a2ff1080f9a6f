"""What is wrong with the way between a client and a server, until it is mended?

`behave(folder, LinkStanding.CUT)` and `behave_well(folder)` say so from any process (see `behaviour_file.py`).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any


class Direction(Enum):
    """Where bytes go."""

    TO_SERVER = "to the server"
    TO_CLIENT = "to the client"


class LinkStanding(Enum):
    """The value is what the link does; in `behaviour.json` it is called by its name in lower case.

    A stalled one keeps its connections and takes new ones; what it holds back, ends included, flows on when it is
    mended.
    """

    CUT = "closes every connection, and each new one at once"
    STALLED = "moves no byte"
    STALLED_TO_SERVER = "moves no byte to the server"
    STALLED_TO_CLIENT = "moves no byte to the client"

    @property
    def told(self) -> Mapping[str, object]:
        """As `behaviour.json` says it."""
        return {"act": self.name.lower()}


def standing_of(told: Mapping[str, Any]) -> LinkStanding:
    """The behaviour that `behaviour.json` says."""
    return LinkStanding[told["act"].upper()]


# What is wrong -> where no byte moves.
HELD: Mapping[LinkStanding | None, frozenset[Direction]] = {
    LinkStanding.STALLED: frozenset(Direction),
    LinkStanding.STALLED_TO_SERVER: frozenset({Direction.TO_SERVER}),
    LinkStanding.STALLED_TO_CLIENT: frozenset({Direction.TO_CLIENT}),
}

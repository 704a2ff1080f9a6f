"""What does the HTTP counterpart do with the request that comes next?

First what the test scripted for the next requests, then what `behaviour.json` says, else the usual.
"""

from collections import deque
from dataclasses import dataclass, field

from sandbox.behaviour_file import BehaviourFile
from sandbox.http_behaviour import Act, Answer
from sandbox.http_request import Request
from sandbox.http_standing import HttpStanding

REQUESTS_KEPT = 100


@dataclass(frozen=True)
class Script:
    """What every connection of one counterpart shares, apart from what is written down."""

    standing: BehaviourFile[HttpStanding]
    acts: deque[Act] = field(default_factory=deque)  # what the next requests meet, first come first
    answers: dict[str, Answer] = field(default_factory=dict)  # Idempotency-Key -> the scripted answer it once got
    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))

    def next_act(self) -> Act | None:
        """What was scripted for the request that begins now; it is done once."""
        return self.acts.popleft() if self.acts else None

    def standing_act(self, head: Request) -> Act | None:
        """What is done to a request for which nothing was scripted; None is the usual."""
        standing = self.standing.now()
        return standing.act if standing and standing.meets(head) else None

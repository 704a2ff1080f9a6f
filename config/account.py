"""What does every provider account have?"""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from duepost.ledger.unknown import UnknownPolicy
from duepost.sends import Channel

Seconds = Annotated[float, Field(gt=0)]


class Part(BaseModel):
    """A group of settings: frozen, and a misspelt name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Account(Part):
    """A provider account. The class says what its kind can do."""

    what: ClassVar[str] = "this provider"  # as a sentence names it
    knows_repeats: ClassVar[bool] = False  # by our token: policy resend may be chosen
    must_be_asked: ClassVar[bool] = False  # it answers "at work on it": no policy but resolve
    forgets_after_hours: ClassVar[float | None] = None  # a repeat by our token; None: it never does
    takes_over: ClassVar[bool] = True  # another lane of its channel may take over from it, and it from another
    channels: ClassVar[frozenset[Channel]] = frozenset(Channel)  # that a lane of it may have
    only_follows: ClassVar[frozenset[Channel]] = frozenset()  # channels in which the provider delivers by itself

    width: int = Field(default=8, ge=1, le=512, description="sends in this provider's hands at once, per process")
    on_unknown: UnknownPolicy = Field(
        default=UnknownPolicy.HOLD, description="when it may or may not have taken a send"
    )
    circuit_failures: int = Field(
        default=10, ge=1, description="failures of the provider itself in a row, per process, that open its circuit"
    )
    circuit_probe_seconds: Seconds = Field(
        default=15, description="until one send tries again; doubles each time, to 5 minutes"
    )
    units_per_second: float | None = Field(
        default=None, gt=0, description="recipients, parts of SMS or pages that it takes, of all processes together"
    )
    burst_units: int | None = Field(default=None, ge=1, description="of them at once; default: what a second allows")
    document_limit_bytes: int | None = Field(default=None, gt=0, description="largest documents of one send, in sum")

    @property
    def forgets_after(self) -> timedelta | None:
        """How long it knows a repeat; None for ever."""
        return None if self.forgets_after_hours is None else timedelta(hours=self.forgets_after_hours)

    def stands_apart(self, channel: Channel) -> bool:
        """True when no lane of the channel takes over from its lane, nor its lane from another."""
        return not self.takes_over or channel in self.only_follows

    @property
    def can_be_asked(self) -> bool:
        """What became of a send: policy resolve may be chosen."""
        return False

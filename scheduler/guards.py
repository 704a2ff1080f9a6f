"""What may not be released at present: pauses and open circuits, as one pass of the release sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from sqlalchemy import URL, Connection

from config.settings import Lane
from duepost.ledger.circuits import Circuit, open_circuits
from duepost.ledger.notes import latest
from duepost.ledger.pauses import Pause, Scope, bring_back, names_of, pauses
from duepost.ledger.release import seconds_to_next

# what a search for sends that no pause holds depends on
Seen = tuple[int, frozenset[tuple[Scope, str]]]

# ledger -> the newest note and the pauses when nothing was left to bring back
_searched: dict[URL, Seen] = {}


@dataclass(frozen=True)
class Guards:
    """The pauses and open circuits of one moment."""

    newest: int  # the newest note when they were read
    paused: list[Pause]
    circuits: dict[str, Circuit]

    @classmethod
    def read(cls, connection: Connection) -> Self:
        """As they stand now."""
        newest = latest(connection)  # before the pauses: a pause that ends in between is looked for again
        return cls(newest, pauses(connection), open_circuits(connection))

    @property
    def paused_accounts(self) -> list[str]:
        """Names of accounts whose sends are set aside."""
        return names_of(self.paused, Scope.ACCOUNT)

    @property
    def paused_runs(self) -> list[str]:
        """Names of runs whose sends are set aside."""
        return names_of(self.paused, Scope.RUN)

    def hold(self, lane: Lane) -> bool:
        """True when nothing of the lane may be released now."""
        scopes = {(Scope.ALL, ""), (Scope.CHANNEL, lane.channel.value), (Scope.PROVIDER, lane.provider)}
        if any((one.scope, one.name) in scopes for one in self.paused):
            return True
        circuit = self.circuits.get(lane.provider)
        return circuit is not None and not circuit.probe_due

    def provider_held(self, lane: Lane) -> bool:
        """True when nothing may be given to the lane's provider account, while its channel may go on."""
        stopped = {(Scope.ALL, ""), (Scope.CHANNEL, lane.channel.value)}
        return not any((one.scope, one.name) in stopped for one in self.paused)

    def probing(self, lane: Lane) -> bool:
        """True when one send, and no more, may be released to see whether the provider answers again."""
        circuit = self.circuits.get(lane.provider)
        return circuit is not None and circuit.probe_due

    def probed(self, lane: Lane) -> None:
        """The probe is under way: no other lane of the same provider account sends a second one."""
        self.circuits[lane.provider] = replace(self.circuits[lane.provider], probe_due=False)

    def bring_back(self, connection: Connection) -> int:
        """Give sends that no pause holds any more their due times back; returns how many.

        Looked for anew only after a pause has begun or ended somewhere: a paused million is not read in every pass.
        """
        # Both: notes may be committed in another order than they are numbered.
        seen: Seen = self.newest, frozenset((one.scope, one.name) for one in self.paused)
        if _searched.get(connection.engine.url) == seen:
            return 0
        back = bring_back(connection, self.paused_accounts, self.paused_runs)
        if not back:
            _searched[connection.engine.url] = seen
        return back

    def seconds_to_next(self, connection: Connection, lanes: Mapping[str, Lane]) -> float | None:
        """Until there may be something to release in these lanes: a send is due, or a probe; None for never."""
        soonest = [seconds_to_next(connection, [name for name, lane in lanes.items() if not self.hold(lane)])]
        soonest += [circuit.seconds_to_probe for circuit in self.circuits.values() if not circuit.probe_due]
        known = [seconds for seconds in soonest if seconds is not None]
        return min(known) if known else None

"""What can the lanes deliver? The workers tell, and the doors refuse what no lane of theirs could."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from duepost.features import EVERYTHING, Feature
from duepost.ledger.schema import lane
from duepost.sends import Channel


@dataclass(frozen=True, slots=True)
class DeclaredLane:
    """A lane as its workers describe it. largest: bytes of the documents of one send; None: no limit of its own."""

    name: str
    channel: Channel
    provider: str
    kind: str
    features: frozenset[Feature]
    largest: int | None = None

    @property
    def lacks(self) -> list[Feature]:
        """What it cannot express."""
        return sorted(EVERYTHING - self.features)


def declare(connection: Connection, lanes: Iterable[DeclaredLane]) -> None:
    """Write down what these lanes can do; the newest word of a lane stands. Served by pk_lane."""
    rows = [
        {
            "name": one.name,
            "channel": one.channel.value,
            "provider": one.provider,
            "kind": one.kind,
            "features": sorted(one.features),
            "largest": one.largest,
        }
        for one in sorted(lanes, key=lambda one: one.name)  # two workers that start at once would deadlock otherwise
    ]
    if not rows:
        return
    statement = insert(lane).values(rows)
    told = {name: statement.excluded[name] for name in rows[0] if name != "name"}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[lane.c.name], set_={**told, "declared_at": func.now()})
    )


def declared(connection: Connection) -> dict[str, DeclaredLane]:
    """Every lane that a worker has told of, by name."""
    known = set(Feature)
    rows = connection.execute(select(lane).order_by(lane.c.name))
    return {
        row.name: DeclaredLane(
            row.name,
            Channel(row.channel),
            row.provider,
            row.kind,
            frozenset(Feature(one) for one in row.features if one in known),
            row.largest,
        )
        for row in rows
    }


def forget(connection: Connection, name: str) -> bool:
    """Take a lane off the list that no worker serves any more; False when it is not on it. Served by pk_lane."""
    return bool(connection.execute(delete(lane).where(lane.c.name == name)).rowcount)

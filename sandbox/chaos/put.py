"""How is a piece of duepost replaced in this process?"""

from typing import Any


def put(place: Any, name: str, value: Any) -> None:
    """In this process, from now on, `place.name` is this."""
    assert hasattr(place, name), f"{place} has no {name}: this sabotage takes nothing away"
    setattr(place, name, value)

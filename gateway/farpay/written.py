"""How do numbers come back as they were written? An amount of 125.50 is not 125.5, and no float."""

import json
from collections.abc import Mapping
from typing import Any

from gateway.bodies import json_of


class Number(str):
    """A number with a fraction or an exponent, as JSON wrote it."""

    __slots__ = ()


def read(text: bytes | str) -> Any:
    """What the JSON text says. Raises: Problem 400, as json_of."""
    return json_of(text.encode() if isinstance(text, str) else text, Number)


def written(said: object) -> str:
    """JSON; in ASCII, so that it can be kept whatever it says."""
    if isinstance(said, Number):
        return str(said)
    if isinstance(said, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(name))}: {written(value)}" for name, value in said.items()) + "}"
    if isinstance(said, list | tuple):
        return "[" + ", ".join(written(one) for one in said) + "]"
    return json.dumps(said)

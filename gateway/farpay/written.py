"""How do numbers come back as they were written? An amount of 125.50 is not 125.5, and no float."""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any

from gateway.bodies import decoder_of, json_of


class Number(str):
    """A number with a fraction or an exponent, as JSON wrote it."""

    __slots__ = ()


DECODER = decoder_of(Number)


def read(text: bytes | str) -> Any:
    """What the JSON text says; .NET may have put a byte order mark before it. Raises: Problem 400, as json_of."""
    body = text.encode() if isinstance(text, str) else text
    return json_of(body.removeprefix(BOM_UTF8), DECODER)


def written(said: object) -> str:
    """JSON; in ASCII, so that it can be kept whatever it says."""
    if isinstance(said, Number):
        return str(said)
    if isinstance(said, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(name))}: {written(value)}" for name, value in said.items()) + "}"
    if isinstance(said, list | tuple):
        return "[" + ", ".join(written(one) for one in said) + "]"
    return json.dumps(said)

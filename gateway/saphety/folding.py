"""What does a body of SIN's say, whose keys are written in any case?"""

from typing import Any

from gateway.bodies import object_of
from gateway.problems import Problem


def folded(body: bytes) -> dict[str, Any]:
    """The JSON object, its own keys in small letters. Raises: Problem 400 for what is none."""
    return folded_object(object_of(body))


def folded_object(given: dict[str, Any]) -> dict[str, Any]:
    """The same of an object within. Raises: Problem 400 for a key that is there twice."""
    found = {name.lower(): value for name, value in given.items()}
    if len(found) < len(given):
        raise Problem(400, "the body names a field twice")
    return found

"""Which lanes does a send ask for?"""

import re

from duepost.errors import InvalidSend
from duepost.fields import string

LANE = re.compile(r"[a-z0-9][a-z0-9._-]{0,40}")


def lanes(value: object) -> tuple[str, ...]:
    """The lanes in the order to try them; none for a blank value. Raises: InvalidSend for Lane."""
    given = string("Lane", value).strip()
    names = [name.strip() for name in given.split(",")] if given else []
    for name in names:
        if not LANE.fullmatch(name):
            raise InvalidSend("Lane", "is no lane's name", "use small letters, digits, dot, hyphen; at most 41", value)
    if len(set(names)) < len(names):
        raise InvalidSend("Lane", "names a lane twice", "name each once, in the order to try them", value)
    return tuple(names)

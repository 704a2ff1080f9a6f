"""Which send does a JSON object of a caller's ask for?"""

from duepost.errors import InvalidSend
from gateway.asked import Asked, Asker, wrong_names
from gateway.bodies import object_of
from gateway.problems import problem_of


def read(content: bytes, account: str, asker: Asker | None = None) -> Asked:
    """asker: of that account. Raises: Problem that names every wrong name."""
    row = object_of(content)
    try:
        return (asker or Asker(account)).asked(row)
    except InvalidSend as first:
        raise problem_of(wrong_names(row, account) or [first]) from None

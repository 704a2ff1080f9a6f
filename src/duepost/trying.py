"""What becomes of the send of an account that only tries things out?"""

from dataclasses import replace

from duepost.sends import CheckedSend
from duepost.statuses import Status

TRIED_OUT = "This account delivers nothing: the send is kept as 1000 NA."


def undelivered(checked: CheckedSend) -> CheckedSend:
    """The same send, kept as 1000 NA; it goes nowhere."""
    return replace(checked, status=Status.NA, warnings=(*checked.warnings, TRIED_OUT))

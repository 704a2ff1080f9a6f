"""What may be done to a send where it stands, in the fake as in the ledger?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from duepost.errors import Conflict, InvalidSend
from duepost.fields import line
from duepost.ledger.doubt import FOUND, Finding
from duepost.ledger.retrying import RETRIED
from duepost.standing import Standing, Why
from duepost.statuses import HELD, WAITING, Status
from duepost.testing_sends import FakeSend

LONGEST_REASON = 500  # characters


@dataclass(frozen=True, slots=True)
class Act:
    """done: how the sentence ends that says it cannot be. code: the reason of its transition."""

    done: str
    code: str
    fits: Callable[[FakeSend], bool]
    to: Status


def _certain(one: FakeSend) -> Standing | None:
    return None if one.standing.in_doubt or one.standing.in_hand else one.standing


def _waits(one: FakeSend) -> bool:
    return _certain(one) is not None and one.status in WAITING


def _waits_or_is_held(one: FakeSend) -> bool:
    return _certain(one) is not None and one.status in WAITING | HELD


def _failed(one: FakeSend) -> bool:
    accepted_once = any(event.status_to is Status.SENT for event in one.events)
    return _certain(one) is not None and one.status in RETRIED and not accepted_once


# method of Client -> what it does
ACTS = {
    "cancel": Act("cancelled", "CANCELLED", _waits_or_is_held, Status.NOT_SENT),
    "hold": Act("held", "HELD", _waits, Status.PENDING_APPROVAL),
    "release": Act("released", "APPROVED", lambda one: one.status is Status.PENDING_APPROVAL, Status.QUEUE),
    "retry": Act("retried", "RETRIED", _failed, Status.QUEUE),
}


def act(one: FakeSend, what: str, reason: str, now: datetime) -> None:
    """Raises: InvalidSend for reason, Conflict."""
    said, does = reason_of(reason), ACTS[what]
    if not does.fits(one):
        raise Conflict(f"the send cannot be {does.done}: {why(one).sentence}")
    due_at = None
    if does.to.waiting:
        scheduled = one.standing.scheduled_at if what == "release" else None
        due_at = max(now, scheduled or now)
    one.move(does.to, does.code, now, {"why": said}, due_at=due_at)


def settle(one: FakeSend, found: str, reason: str, now: datetime) -> None:
    """Raises: InvalidSend for reason and as, Conflict."""
    said = reason_of(reason)
    try:
        finding = Finding(found)
    except ValueError:
        raise InvalidSend("as", "is not known", "use sent, not-sent or send-again", found) from None
    if not one.standing.in_doubt:
        raise Conflict(f"the send cannot be settled: {why(one).sentence}")
    to = FOUND[finding]
    due_at = now if to.waiting else None
    one.move(to, "SETTLED", now, {"as": finding.value, "why": said}, due_at=due_at, in_doubt=False)


def may_be_sent_again(one: FakeSend) -> None:
    """Raises: Conflict."""
    if one.status in WAITING | HELD:
        raise Conflict("it is not sent again: it has not ended yet: cancel it first, or let it leave")
    if one.standing.in_doubt:
        raise Conflict("it is not sent again: nobody knows yet whether it was delivered: settle it first")


def reason_of(given: str) -> str:
    """Raises: InvalidSend for reason."""
    said = line("reason", given, LONGEST_REASON)
    if said is None:
        raise InvalidSend("reason", "is missing", "say why; it is kept with who and when")
    return said


def why(one: FakeSend) -> Why:
    """A word and a sentence; fewer than the gateway has, whose lanes and providers keep sends in more ways."""
    last = one.events[-1]
    said = last.values.get("why")
    words = f"{int(one.status)} {one.status.label}, {last.reason}" + (f": {said}" if said else "")
    if one.status.waiting:
        code = "RETRY" if one.status is Status.ERROR_SENDING_EMAIL else "SCHEDULED"
        return Why(code, f"waits until {one.standing.due_at}", one.standing.due_at)
    if one.status is Status.SENT:
        return Why("SENT", words)
    if one.standing.in_doubt:
        return Why(
            last.reason or "", f"outcome unknown ({last.reason}): find out whether it was delivered, and settle it"
        )
    return Why(last.reason or "ENDED", words)

"""Why does a send stand where it does, in one sentence?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection

from duepost.ledger.cutoffs import last_cutoff, next_cutoff
from duepost.ledger.known import MOST_COUNTED, Known, before_it, known
from duepost.ledger.pauses import Pause, Scope
from duepost.statuses import Status

Fact = str | int | None
Cutoffs = Mapping[str, time]

AT_PROVIDER = frozenset({"IN_PROGRESS", "IN_PRINTER", "AWAITS_APPROVAL", "IN_PRINT_QUEUE"})  # docs/state_machine.md


@dataclass(frozen=True, slots=True)
class Why:
    """code: one word that a program can test. until: when it changes by itself (aware); None: not, or nobody knows.

    The sentence and the facts may hold what a person wrote as a reason, and no address.
    """

    code: str
    sentence: str
    until: datetime | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)


def why(
    connection: Connection, account_id: int, send_id: UUID, *, cutoffs: Cutoffs = MappingProxyType({})
) -> Why | None:
    """The sentence; None when the account has no send of that id.

    cutoffs: lane -> when its print runs close, for accounts that have no time of their own. Served as known.known and
    known.before_it say.
    """
    found = known(connection, account_id, send_id)
    if found is None:
        return None
    if found.status.waiting:
        return _waiting(connection, found)
    if found.status is Status.READY_TO_PRINT:
        return _to_print(found, cutoffs)
    return _ENDED.get(found.status, _ended)(found)


def _waiting(connection: Connection, found: Known) -> Why:
    due_at = found.due_at
    if found.begun_at is not None:
        since = found.clock(found.begun_at)
        return Why("IN_HAND", f"in the provider's hands since {since}", due_at, {"provider": found.provider})
    if due_at is not None and due_at > found.now and not found.leased:
        ahead = _ahead(found, due_at)
        also = f"; meanwhile {_paused(found.pause).sentence}" if found.pause else ""
        return replace(ahead, sentence=ahead.sentence + also)
    if found.pause:
        return _paused(found.pause)
    circuit = found.circuit
    if circuit:
        since, again = found.clock(circuit.opened_at), found.clock(circuit.probe_at)
        sentence = f"provider account {circuit.provider} does not answer since {since}; one send tries again at {again}"
        facts: dict[str, Fact] = {"provider": circuit.provider, "reason": circuit.reason}
        return Why("PROVIDER_AWAY", sentence, circuit.probe_at, facts)
    if found.leased and due_at is not None:
        again = found.clock(due_at)
        sentence = (
            f"handed to the queue of lane {found.lane}; if no worker takes it up, it is handed out anew at {again}"
        )
        return Why("QUEUED", sentence, due_at, {"lane": found.lane})
    return _next(connection, found)


def _next(connection: Connection, found: Known) -> Why:
    facts: dict[str, Fact] = {"lane": found.lane}
    if found.provider is None:
        return Why("NO_WORKER", f"due, but no worker has ever told that it serves lane {found.lane}", None, facts)
    if found.losses:
        sentence = f"due; it goes out alone, for its worker vanished {found.losses} times in a row"
        return Why("SUSPECT", sentence.replace("1 times in a row", "once"), None, facts)
    count = before_it(connection, found)
    if not count:
        return Why("NEXT", f"due; it leaves lane {found.lane} next", None, facts)
    others = f"more than {MOST_COUNTED:,} others" if count > MOST_COUNTED else f"{count:,} others"
    sentence = f"behind {'1 other' if count == 1 else others} in lane {found.lane}"
    return Why("BEHIND", sentence, None, {**facts, "before": count})


def _ahead(found: Known, due_at: datetime) -> Why:
    """Its time is still to come."""
    at = found.clock(due_at)
    account = f"provider account {found.called or found.provider or 'of lane ' + found.lane}"
    if found.code in AT_PROVIDER:
        sentence = f"{account} has it and is at work on it ({found.code}); it is asked again at {at}"
        return Why("AT_PROVIDER", sentence, due_at, {"reason": found.code})
    if found.in_doubt:
        sentence = (
            f"{account} may have taken it ({_reason(found)}); it is asked, or told again by the same token, at {at}"
        )
        return Why("IN_DOUBT", sentence, due_at, {"reason": found.code})
    if found.status is Status.ERROR_SENDING_EMAIL:
        sentence = f"retry {found.attempts} at {at}: {_reason(found)}"
        return Why("RETRY", sentence, due_at, {"retry": found.attempts, "reason": found.code})
    if found.code == "FAILED_OVER":
        return Why("FAILED_OVER", f"moved to lane {found.lane}, which it leaves at {at}", due_at, {"lane": found.lane})
    return _planned(found, due_at, account)


def _planned(found: Known, due_at: datetime, account: str) -> Why:
    """It was not tried yet."""
    at = found.clock(due_at)
    if found.scheduled_at == due_at and found.scheduled_wall:
        planned = f"{found.scheduled_wall:%Y-%m-%d %H:%M} {found.scheduled_zone}"
        return Why("SCHEDULED", f"scheduled for {planned}", due_at)
    # Quiet hours end at a full minute; what is put off for a quota is put off by a span from some microsecond on.
    if not (due_at.second or due_at.microsecond):
        return Why("QUIET_HOURS", f"the receiver has quiet hours; it leaves at {at}", due_at)
    return Why("QUOTA", f"waiting for the quota of {account} until {at}", due_at, {"provider": found.provider})


def _paused(pause: Pause) -> Why:
    what = "everything" if pause.scope is Scope.ALL else f"{pause.scope.value} {pause.name}"
    if pause.scope is Scope.PROVIDER:
        what = f"provider account {pause.name}"
    facts: dict[str, Fact] = {"scope": pause.scope.value, "name": pause.name, "actor": pause.actor}
    return Why("PAUSED", f"paused: {what}, by {pause.actor}: {pause.reason}", None, facts)


def _to_print(found: Known, cutoffs: Cutoffs) -> Why:
    if found.print_run:
        handed = f"handed over at {found.clock(found.handed_at)}" if found.handed_at else "not handed over yet"
        sentence = f"in print run {found.print_run}, {handed}; nobody has confirmed yet that it is printed"
        return Why("IN_PRINT_RUN", sentence, None, {"run": found.print_run})
    if found.pause:
        return _paused(found.pause)
    cutoff = found.cutoff or cutoffs.get(found.lane)
    whose = f"waiting for the print run of account {found.account}"
    if cutoff is None:
        return Why("GATHERED", whose)
    if found.at and found.at <= last_cutoff(found.now, cutoff, found.zone):
        return Why("GATHERED", f"{whose}, which closes within a minute", None)
    closes = next_cutoff(found.now, cutoff, found.zone)
    return Why("GATHERED", f"{whose}, which closes at {found.clock(closes)}", closes)


def _held(found: Known) -> Why:
    said = found.values.get("why")
    held = {
        "HELD": f"held by {found.actor}: {said}",
        "LATE": "held as late: its time had passed before it could leave",
        "FENCED": f"held, for {found.actor} neutralized this ledger as a copy",
    }
    code = found.code or "HELD"
    return Why(code, held.get(code, f"held for a person: {code}"), None, {"actor": found.actor})


def _sent(found: Known) -> Why:
    at = found.clock(found.at or found.accepted_at)
    facts: dict[str, Fact] = {"provider": found.called, "reference": found.reference}
    if found.code == "SETTLED":
        return Why("SENT", f"sent, as {found.actor} found out at {at}: {found.values.get('why')}", None, facts)
    if found.code == "PRETENDED":
        return Why("PRETENDED", f"pretended at {at}: this ledger is a neutralized copy, and no provider was called")
    by = f" by provider account {found.called}" if found.called else ""
    return Why("SENT", f"sent at {at}{by}" + (f" as {found.reference}" if found.reference else ""), None, facts)


def _halted(found: Known) -> Why:
    if found.in_doubt:
        sentence = f"outcome unknown ({_reason(found)}): find out whether it was delivered, and settle it"
        return Why(found.code or "OUTCOME_UNKNOWN", sentence)
    return _ended(found)


def _withdrawn(found: Known) -> Why:
    said = found.values.get("why")
    if found.code == "CANCELLED":
        return Why("CANCELLED", f"cancelled by {found.actor}: {said}", None, {"actor": found.actor})
    if found.code == "SETTLED":
        return Why("SETTLED", f"not sent, as {found.actor} found out: {said}", None, {"actor": found.actor})
    return _ended(found)


def _not_applicable(found: Known) -> Why:
    return _ended(found) if found.delivers else Why("TEST_KEY", "the account delivers nothing (test key)")


def _ended(found: Known) -> Why:
    why = _reason(found) or found.status.meaning
    return Why(found.code or "ENDED", f"ended: {int(found.status)} {found.status.label}, {why}")


# status that is neither waiting nor for print -> what is said of it; all others: how it ended
_ENDED: Mapping[Status, Callable[[Known], Why]] = {
    Status.PENDING_APPROVAL: _held,
    Status.SENT: _sent,
    Status.ERROR: _halted,
    Status.NA: _not_applicable,
    Status.NOT_SENT: _withdrawn,
}


def _reason(found: Known) -> str | None:
    """The newest reason, with what is behind it."""
    behind = found.values.get("last") or found.values.get("cause")
    return f"{found.code} ({behind})" if behind else found.code

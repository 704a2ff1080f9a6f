"""Can the lane's provider deliver what the send asks for?

As far as the lanes' workers have told: a ledger to which no worker ever came refuses nothing.
"""

from collections.abc import Iterator, Mapping, Sequence

from duepost.errors import InvalidSend
from duepost.features import FIELDS, Feature
from duepost.ledger.lanes import DeclaredLane
from duepost.rules import Rules
from duepost.sends import Channel, CheckedSend

FAILOVER = "leave it out, or name a lane whose provider can"


def asked_for(checked: CheckedSend) -> Iterator[Feature]:
    """The features that the send needs of its provider."""
    options = checked.options
    attached = options.attach != ()
    needs = {
        Feature.DOCUMENT: checked.document is not None and attached,
        Feature.ATTACHMENTS: bool(checked.attachments) and attached,
        Feature.SUBJECT: checked.subject is not None,
        Feature.NOTE: checked.note is not None,
        Feature.SENDER: options.sender is not None,
        Feature.SENDER_NAME: options.sender_name is not None,
        Feature.CONFIRM_READ: options.confirm_read,
        Feature.COPY: options.copy,
        Feature.INTERNAL_NOTE: options.internal_note is not None,
        Feature.PROVIDER_DOCUMENTS: bool(options.provider_documents),
        Feature.PARTICIPANT: checked.channel is Channel.XML and ":" in (checked.to_address or ""),
    }
    return (feature for feature, needed in needs.items() if needed)


def unfit(checked: CheckedSend, lanes: Mapping[str, DeclaredLane], rules: Rules) -> InvalidSend | None:
    """What one of the send's lanes could not do; None when it can travel in all of them."""
    if not lanes:
        return None
    for name in _route(checked, rules):
        lane = lanes.get(name)
        if lane is None and name != checked.lane and not checked.options.route:
            continue  # the settings', not the caller's; the operator may have yet to start its worker
        if lane is None or lane.channel is not checked.channel:
            return _nowhere(name, lane, checked, lanes, rules)
        for feature in asked_for(checked):
            if feature not in lane.features:
                problem = f"cannot be expressed by provider account {lane.provider} ({lane.kind}) of lane {name}"
                return InvalidSend(FIELDS[feature], problem, FAILOVER)
    return None


def _nowhere(
    name: str, lane: DeclaredLane | None, checked: CheckedSend, lanes: Mapping[str, DeclaredLane], rules: Rules
) -> InvalidSend:
    """A lane that cannot take the send: the caller's mistake where the caller named it, else the operator's."""
    of_channel = ", ".join(sorted(one.name for one in lanes.values() if one.channel is checked.channel))
    hint = f"use {of_channel}" if of_channel else f"describe one for {checked.channel} under DUEPOST_LANES"
    if checked.options.route:
        if lane is None:
            return InvalidSend("Lane", "is served by no worker", hint, name)
        return InvalidSend("Lane", f"carries {lane.channel}, not {checked.channel}", "name another lane", name)
    setting = f"DUEPOST_ROUTES__{checked.channel.upper()}"
    leads = f"{setting} leads to" if rules.routes.get(checked.channel) else f"without {setting} it is"
    which = "which no worker serves" if lane is None else f"which carries {lane.channel}"
    mend = "mend the setting, start a worker, or "
    return InvalidSend("Lane", f"is not given, and {leads} lane {name}, {which}", mend + hint, name)


def too_large(
    checked: CheckedSend, sizes: Sequence[int], lanes: Mapping[str, DeclaredLane], rules: Rules
) -> InvalidSend | None:
    """Documents of these sizes (bytes) that are more than one of the send's lanes takes."""
    size = sum(sizes)
    for name in _route(checked, rules):
        lane = lanes.get(name)
        if lane and lane.largest is not None and size > lane.largest:
            problem = f"takes {size:,} bytes, and provider account {lane.provider} takes {lane.largest:,}"
            return InvalidSend("Document", problem, "make it smaller, or name a lane whose provider takes more")
    return None


def _route(checked: CheckedSend, rules: Rules) -> Sequence[str]:
    """Every lane that the send may come to travel in: what takes over, too, has to say all of it."""
    return checked.options.route or rules.routes.get(checked.channel) or (checked.lane,)

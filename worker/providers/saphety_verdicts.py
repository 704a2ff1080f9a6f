"""What does SIN's word for an e-mail or an e-invoice mean for the send?

Source: Saphety Invoice Network, Web API: the envelope of every answer, NotificationStatus and statusTransitions.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from duepost.reasons import Reason
from duepost.statuses import Status
from worker.http_line import Answer
from worker.providers.finding import Finding, raw
from worker.providers.http_verdicts import CREDENTIALS, NOT_FOUND, PROTOCOL, REJECTED, outcome_of
from worker.providers.port import Outcome, Verdict
from worker.providers.saphety_envelope import NOT_LOGGED_IN, Envelope, codes_of, folded

Transition = Mapping[str, Any]  # its keys in small letters

ACCEPTED = Finding(Verdict.ACCEPTED, Status.SENT, "ACCEPTED")
AT_WORK = Finding(Verdict.PENDING, Status.QUEUE, "IN_PROGRESS")
DECLINED = Finding(Verdict.REFUSED, Status.ERROR, "REFUSED_BY_PROVIDER")
BAD_ADDRESS = Finding(Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS, "ADDRESS_INVALID")
NOT_DELIVERED = Finding(Verdict.REFUSED, Status.EMAIL_BOUNCED, "NOT_DELIVERED")
NOT_CONNECTED = Finding(Verdict.PENDING, Status.ERROR_SENDING_EMAIL, "TEMPORARY")
NOT_INTEGRATED = Finding(Verdict.REFUSED, Status.NOT_SENT, "NOT_INTEGRATED")
# Without a yes of SIN's, a document's status may be that of an earlier mail: the core leaves it to a person.
NOT_TOLD_APART = Finding(Verdict.REFUSED, Status.ERROR, "NOT_TOLD_APART")
# A server that fails in the midst of its work may have mailed by then, and SIN knows no repeat.
BROKE_DOWN = Finding(Verdict.UNKNOWN, Status.ERROR, "TEMPORARY")

# code of an error, in small letters -> what it means; the first that is among an answer's; any other is DECLINED
ERRORS: Mapping[str, Finding] = {
    NOT_LOGGED_IN: CREDENTIALS,
    "invalid_email": BAD_ADDRESS,
    "document_not_found": NOT_FOUND,
    "required_filed_is_empty": PROTOCOL,  # their spelling
    "invalid_enum": PROTOCOL,
    "datetime_format_expected": PROTOCOL,
}
# NotificationStatus, in small letters -> what it means
NOTIFIED: Mapping[str, Finding] = {
    "noemails": AT_WORK,
    "sent": ACCEPTED,
    "delivered": ACCEPTED,
    "read": ACCEPTED,
    "error": NOT_DELIVERED,
}
# IntegrationStatus, in small letters without underscores -> what it means, from the first state to the last
INTEGRATED: Mapping[str, Finding] = {
    "notsent": AT_WORK,
    "sending": AT_WORK,
    "notintegrated": NOT_INTEGRATED,
    "sent": ACCEPTED,
    "received": ACCEPTED,
    "error": DECLINED,
    "returned": DECLINED,
    "rejected": REJECTED,
    "paid": ACCEPTED,
}
LONGEST_CHAIN = 7  # transitions of one second that are put in order by trying
RANK = {word: place for place, word in enumerate(INTEGRATED)}


def of_errors(said: Envelope) -> Outcome:
    """Of an answer that is not valid."""
    codes = [str(error.get("code")).lower() for error in said.errors]
    finding = next((found for code, found in ERRORS.items() if code in codes), DECLINED)
    return told(finding, said.answer, codes_of(said.errors), field="ToAddress" if finding is BAD_ADDRESS else None)


def of_document(said: object, document: str) -> Outcome | None:
    """Of the document that was asked for, the state of its mails; None when it is no word that we know."""
    if not (isinstance(said, Envelope) and said.valid):
        return None
    fields = folded(said.data)
    word = str(fields.get("notificationstatus"))
    finding = NOTIFIED.get(word.lower())
    if finding is None or str(fields.get("id", document)).lower() != document:
        return None
    return told(finding, said.answer, {"state": word})


def of_transitions(said: object, document: str) -> Outcome | None:
    """Of the document's transitions, the newest; None when they cannot be read. None of them is the draft's state."""
    if not (isinstance(said, Envelope) and said.valid and isinstance(said.data, list)):
        return None
    found = [folded(one) for one in said.data]
    if any(str(one.get("outboundfinancialdocumentid", document)).lower() != document for one in found):
        return None
    newest = _newest(found)
    if newest is None:
        return told(AT_WORK, said.answer, {}) if not said.data else None
    word = str(newest.get("integrationstatus"))
    finding = INTEGRATED.get(_word(word))
    if finding is None:
        return None
    reasons = newest.get("reason")
    about = codes_of([folded(one) for one in reasons]) if isinstance(reasons, list) else {}
    values = {"state": word, "at": str(newest["statusdate"]), **about}
    # The reason's own words may name a person: the ledger's answer takes them, and they come first in it.
    words = {"IntegrationStatus": word, "StatusDate": newest["statusdate"], "Reason": reasons}
    return replace(
        told(finding, said.answer, values), answer=raw(f"{said.answer.status} {json.dumps(words, ensure_ascii=False)}")
    )


def _newest(transitions: Sequence[Transition]) -> Transition | None:
    """The one that brought the state in which they end; None when one of them has no date.

    Their order says nothing (the vendor's samples have all three), so StatusDate does; in the same second each leaves
    the state of the one before. A state that follows on itself is no change: the first of them stands.
    """
    found = [(_date(one.get("statusdate")), one) for one in transitions]
    dated = [(date, one) for date, one in found if date is not None]
    if len(dated) < len(found):
        return None
    standing: Transition | None = None
    for _, together in groupby(sorted(dated, key=itemgetter(0)), key=itemgetter(0)):
        for one in _in_order([one for _, one in together], standing):
            if standing is None or _state(one) != _state(standing):
                standing = one
    return standing


def _in_order(together: list[Transition], standing: Transition | None) -> list[Transition]:
    """Those of one second: along their PreviousStatus where they are a chain, from the state before it where they
    leave that; else from the first state to the last.
    """
    left = sorted(together, key=lambda one: RANK.get(_state(one), len(RANK)))
    if len(left) > LONGEST_CHAIN:
        return left
    onward = None if standing is None else _chain(left, _state(standing))
    return onward or _chain(left, None) or left


def _chain(left: list[Transition], state: str | None) -> list[Transition] | None:
    """All of them, so that the first leaves this state (None: any) and each other one that of the one before."""
    if not left:
        return []
    for place, one in enumerate(left):
        if state is None or state == _word(str(one.get("previousstatus"))):
            rest = _chain(left[:place] + left[place + 1 :], _state(one))
            if rest is not None:
                return [one, *rest]
    return None


def _state(transition: Transition) -> str:
    return _word(str(transition.get("integrationstatus")))


def _word(status: str) -> str:
    return status.lower().replace("_", "")


def _date(text: object) -> datetime | None:
    """Without a zone, as they are told; one that has a zone after all is taken for UTC's."""
    try:
        date = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return date if date.tzinfo is None else date.astimezone(UTC).replace(tzinfo=None)


def told(finding: Finding, answer: Answer, values: Mapping[str, str | int], field: str | None = None) -> Outcome:
    """The outcome, with these among the reason's values."""
    outcome = outcome_of(finding, answer)
    return replace(outcome, reason=Reason(finding.code, field, {**outcome.reason.values, **values}))

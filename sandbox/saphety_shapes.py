"""What does a request to SIN ask for, and what do its answers look like, to the byte?

ASP.NET: paths and keys in any case; JSON without blanks, and letters beyond ASCII as they are.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from sandbox.http_behaviour import Answer
from sandbox.http_request import Request
from sandbox.saphety_fates import Step

NOTIFY = "notify"
# the last parts of a path, in small letters -> the call; the misspelt ones are names that it has had
NOTIFICATIONS = re.compile(
    r"/api/outboundfinancialdocumentmaint(enance|nance)/(sendnotifications|sendadd?itionalnotifications)$"
)
CALLS = re.compile(
    r"/api/(?:account/(?P<login>gettoken)|outboundfinancialdocument/(?P<call>statustransitions/|emailtrackingids/)?"
    r"(?P<document>[^/]+)|(?P<mail>emailstatus)/(?P<tracking>[^/]+))$"
)
LANGUAGES = {"pt", "en"}
BALANCER = Answer(
    429, b"<html><body><h1>429 Too Many Requests</h1></body></html>", {"content-type": "text/html", "retry-after": "1"}
)

BROKEN = Answer(500, b"<html><body>Server Error in '/' Application.</body></html>", {"content-type": "text/html"})


@dataclass(frozen=True)
class Asked:
    """A request as SIN understands it; keys of `fields` and of the mails in small letters."""

    call: str
    document: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    mails: tuple[Mapping[str, Any], ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(str(one["email"]) for one in self.mails if one.get("email"))


def keyed(request: Request, key: str) -> Request:
    """With what it is about where the ledger looks for a key."""
    return replace(request, headers={**request.headers, "idempotency-key": key})


def understood(request: Request) -> Asked:
    """What the request asks for; call is empty for what SIN does not know."""
    path = request.path.partition("?")[0].lower()
    try:
        fields = _folded(json.loads(request.body or b"{}"))
    except ValueError:
        fields = {}
    if request.method == "POST" and NOTIFICATIONS.search(path):
        mails = fields.get("destinationemails")
        found = tuple(_folded(one) for one in mails) if isinstance(mails, list) else ()
        return Asked(NOTIFY, _guid(fields.get("outboundfinancialdocumentid")), fields, found)
    match = CALLS.search(path)
    if match is None or (request.method == "POST") != bool(match["login"]):
        return Asked("")
    call = match["login"] or match["mail"] or (match["call"] or "document").rstrip("/")
    return Asked(call, _guid(match["document"] or match["tracking"]), fields)


def said(data: object) -> Answer:
    """A yes."""
    return _envelope(data, ())


def refused(code: str, about: str | None, value: str | None) -> Answer:
    """A no, with 200 as every answer that SIN itself gives."""
    return _envelope(None, ({"Code": code, "Field": about, "Values": [] if value is None else [value]},))


def invalid(asked: Asked) -> Answer | None:
    """The refusal of a notification that lacks something."""
    if asked.document is None:
        return refused("REQUIRED_FILED_IS_EMPTY", "OutboundFinancialDocumentId", None)
    if not asked.mails or len(asked.addresses) < len(asked.mails):
        return refused("REQUIRED_FILED_IS_EMPTY", "DestinationEmails" if not asked.mails else "Email", None)
    for one in asked.mails:
        language = str(one.get("languagecode") or "en")
        if language.lower() not in LANGUAGES:
            return refused("INVALID_ENUM", "LanguageCode", language)
        if "@" not in str(one["email"]):
            return refused("INVALID_EMAIL", "Email", str(one["email"]))
    if asked.document[-3:] == "904":
        return refused("DOCUMENT_NOT_FOUND", "OutboundFinancialDocumentId", asked.document)
    return None


def document(identifier: str, notification: str, at: datetime) -> Answer:
    """The document's own state."""
    date = f"{at:%Y-%m-%d %H:%M:%S}"
    return said(
        {
            "Id": identifier,
            "DocumentType": "INVOICE",
            "DocumentStatus": "Final",
            "NotificationStatus": notification,
            "IntegrationStatus": "NotIntegrated",
            "LastUpdateDate": date,
            "Errors": None,
            "CreationDate": date,
        }
    )


def transitions(identifier: str, steps: Sequence[Step], at: datetime) -> Answer:
    """In an order that says nothing: as in the vendor's samples, newest first or mixed."""
    found = []
    before = "Not_Sent"
    start = at.replace(microsecond=0) - timedelta(days=1)
    for place, step in enumerate(steps):
        found.append(
            {
                "Id": str(uuid5(UUID(identifier), str(place))),
                "OutboundFinancialDocumentId": identifier,
                "IntegrationStatus": step.state,
                "PreviousStatus": before,
                "StatusDate": f"{start + timedelta(minutes=place):%Y-%m-%d %H:%M:%S}",
                "Reason": list(step.reason) if step.reason is not None else None,
            }
        )
        before = step.state
    return said(found[1:][::-1] + found[:1])


def tracking(identifier: str, numbers: Sequence[int]) -> Answer:
    """The ids of the document's mails: here, each one's number in the ledger, from 0."""
    ids = [str(UUID(int=number + 1)) for number in numbers]
    return said([{"EmailTrackingId": one, "OutboundFinancialDocumentId": identifier} for one in ids])


def mail(identifier: str, address: str | None, reason: str | None) -> Answer:
    """What became of one mail."""
    return said({"Id": identifier, "Destination": address, "Sent": None, "LastStateReason": reason})


def _envelope(data: object, errors: Sequence[Mapping[str, object]]) -> Answer:
    told = {"CorrelationId": str(uuid4()), "IsValid": not errors, "Errors": list(errors), "Data": data}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(200, body, {"content-type": "application/json; charset=utf-8"})


def _guid(text: object) -> str | None:
    try:
        return str(UUID(str(text)))
    except ValueError:
        return None


def _folded(told: object) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in told.items()} if isinstance(told, dict) else {}

"""What does a gateway's delivery report say of an SMS?

Each gateway has its words; a table turns them into one state. A report tells no order: `accepted` may come after
`delivered` (seen with Kannel), so an earlier state never takes a later one's place.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from duepost.statuses import Status

CODE_LIMIT = 100  # characters


@dataclass(frozen=True, slots=True)
class SmsReport:
    """state: a key of STATES. code: the gateway's own word or number, None when it gave none."""

    state: str
    code: str | None = None


# state -> the send's status by it; None changes nothing
STATES: Mapping[str, Status | None] = {
    "accepted": None,  # on its way
    "unknown": None,  # nobody knows: 200 says that the gateway took it, and it did
    "delivered": Status.SENT,
    "read": Status.SENT,
    "expired": Status.EMAIL_BOUNCED,
    "failed": Status.EMAIL_BOUNCED,
    "number_unknown": Status.WRONG_EMAIL_ADDRESS,
    "spam": Status.EMAIL_MARKED_AS_SPAM,
    "rejected": Status.EMAIL_REJECTED,
    "opted_out": Status.EMAIL_REJECTED,  # and nothing more is wanted at this number
    "cancelled": Status.NOT_SENT,
}

# SMPP 3.4 appendix B (message states as words in a receipt), SMPP 5.0 (SKIPPED) and what gateways add -> state
SMPP: Mapping[str, str] = {
    "ENROUTE": "accepted",
    "ACCEPTD": "accepted",  # SMPP: read by an operator for the subscriber; no telephone has confirmed it
    "DELIVRD": "delivered",
    "EXPIRED": "expired",
    "DELETED": "cancelled",
    "UNDELIV": "failed",
    "UNKNOWN": "unknown",
    "REJECTD": "rejected",
    "SKIPPED": "rejected",
    "BARRED": "opted_out",
    "BLIST": "opted_out",
    "NOROUTE": "number_unknown",
}
# `err:` of a receipt that says the number belongs to nobody: MAP's unknownSubscriber (3GPP TS 29.002)
UNKNOWN_SUBSCRIBER = frozenset({"1", "01", "001"})

# Kannel's dlr-mask (user guide, "Delivery reports") -> state
KANNEL: Mapping[str, str] = {
    "1": "delivered",
    "2": "failed",
    "4": "accepted",  # the operator keeps it
    "8": "accepted",  # the operator took it
    "16": "rejected",
}

# GatewayAPI, REST, "States and status codes" -> state
GATEWAYAPI: Mapping[str, str] = {
    "UNKNOWN": "accepted",
    "SCHEDULED": "accepted",
    "BUFFERED": "accepted",
    "ENROUTE": "accepted",
    "DELIVERED": "delivered",
    "ACCEPTED": "accepted",  # the network took it for the user; final there, and no telephone has confirmed it
    "EXPIRED": "expired",
    "DELETED": "cancelled",
    "UNDELIVERABLE": "failed",
    "REJECTED": "rejected",
    "SKIPPED": "rejected",
}
# GatewayAPI, "SMS Errors": unknown subscriber, invalid destination or subscriber -> the number is wrong
GATEWAYAPI_UNKNOWN = frozenset({"0x1010", "0x1020", "0x1040", "0x1060", "0x1084"})

# Twilio's MessageStatus -> state
TWILIO: Mapping[str, str] = {
    "accepted": "accepted",
    "queued": "accepted",
    "scheduled": "accepted",
    "sending": "accepted",
    "sent": "accepted",  # the carrier took it
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "cancelled",
}
# Twilio's ErrorCode beside `undelivered` and `failed` -> state. What a later attempt might mend (30001, 30002, 30010)
# is a failure here: a report comes when Twilio has given the message up, and what it has charged is not sent again.
TWILIO_ERRORS: Mapping[str, str] = {
    "21211": "number_unknown",
    "21610": "opted_out",
    "21614": "number_unknown",
    "30004": "rejected",
    "30005": "number_unknown",
    "30006": "number_unknown",
    "30007": "spam",
}

RECEIPT_STATE = re.compile(r"\bstat:([A-Z]+)", re.IGNORECASE)
RECEIPT_ERROR = re.compile(r"\berr:([0-9A-Za-z]+)", re.IGNORECASE)


def kannel(form: Mapping[str, str]) -> SmsReport | None:
    """`type` is Kannel's %d, `answer` its %A: where an SMPP operator stands behind it, the receipt's own words."""
    state = KANNEL.get(form.get("type", "").strip())
    if state is None:
        return None
    answer = form.get("answer", "")
    word, error = RECEIPT_STATE.search(answer), RECEIPT_ERROR.search(answer)
    if word is None:
        return SmsReport(state, _code(form["type"]))
    said = word[1].upper()
    state = SMPP.get(said, state)
    if state == "failed" and error and error[1] in UNKNOWN_SUBSCRIBER:
        state = "number_unknown"
    return SmsReport(state, _code(f"{said} {error[1]}" if error else said))


def gatewayapi(form: Mapping[str, str]) -> SmsReport | None:
    """The fields of GatewayAPI's JSON: `status`, and `code` in hexadecimal where there is one."""
    word = form.get("status", "").strip().upper()
    state = GATEWAYAPI.get(word)
    if state is None:
        return None
    code = form.get("code", "").strip()
    if state == "failed" and code.lower().replace("0x", "").zfill(4) in {one[2:] for one in GATEWAYAPI_UNKNOWN}:
        state = "number_unknown"
    return SmsReport(state, _code(f"{word} {code}" if code else word))


def twilio(form: Mapping[str, str]) -> SmsReport | None:
    """`MessageStatus` and `ErrorCode` of Twilio's form."""
    word = form.get("MessageStatus", form.get("SmsStatus", "")).strip().lower()
    state = TWILIO.get(word)
    if state is None:
        return None
    error = form.get("ErrorCode", "").strip()
    if state == "failed":
        state = TWILIO_ERRORS.get(error, state)
    return SmsReport(state, _code(f"{word} {error}" if error else word))


# kind of provider account -> what reads its reports
PARSERS: Mapping[str, Callable[[Mapping[str, str]], SmsReport | None]] = {
    "kannel": kannel,
    "gatewayapi": gatewayapi,
    "twilio": twilio,
}


def parse_report(kind: str, form: Mapping[str, str]) -> SmsReport | None:
    """What a report to an account of this kind says; None when it is no report, or in words that nobody knows.

    form: query, form or JSON fields as text, a JSON null left out.
    """
    parser = PARSERS.get(kind)
    return parser(form) if parser else None


def _code(words: str) -> str | None:
    kept = "".join(one for one in words if one.isprintable()).strip()[:CODE_LIMIT]
    return kept or None
